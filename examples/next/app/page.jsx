import { web } from "../sessions.js";
import { add, logIn, logOut } from "./actions.js";

// A server component looks, and cannot write: `read()` gives a session without the verbs that do.
export default async function Page() {
  const session = await web.read();
  const cart = session.get("cart") ?? [];
  return (
    <main>
      <h1>{session.subject === undefined ? "Hello, visitor" : `Hello, ${session.subject}`}</h1>
      <ul aria-label="Cart">
        {cart.map((thing, index) => (
          <li key={index}>{thing}</li>
        ))}
      </ul>
      <form action={add}>
        <label>
          Thing <input name="thing" required />
        </label>{" "}
        <button>Add to the cart</button>
      </form>
      {session.subject === undefined ? (
        <form action={logIn}>
          <label>
            Name <input name="user" required />
          </label>{" "}
          <button>Log in</button>
        </form>
      ) : (
        <form action={logOut}>
          <button>Log out</button>
        </form>
      )}
    </main>
  );
}
