// A payment on the web that waits for a yes from the phone: two doors, the web and text messages, to sessions in one store.
import { createServer } from "node:http";
import { dialogue } from "@sojourn/gateways/sms";
import { createSessions } from "sojourn";
import { cookie } from "sojourn/http";
import { nodeSessions } from "sojourn/http/node";

/** What the phone is asked. Without a yes within five minutes nothing is paid. */
export const approve = dialogue("approve", async (talk, { amount }) => {
  const answer = await talk.menu(`Pay ${amount} euros?`, { yes: "Yes, it is me", no: "No" }, { timeout: "5m", retries: 0, otherwise: "no" });
  await talk.say(answer === "yes" ? "Thank you." : "Nothing was paid.");
  return answer === "yes";
});

const html = (text) => `<!doctype html><meta name="viewport" content="width=device-width"><title>Payment</title>${text}`;
const waiting = `<h1>Answer the message on your phone</h1><script>
  setInterval(async () => { if ((await (await fetch("/payment")).text()) !== "asked") location = "/"; }, 500)</script>`;

/**
 * A shop's website.
 * @param ask begins the dialogue with the phone that belongs to an account.
 */
export function website(store, ask) {
  const sessions = createSessions({ store, kind: "web", idle: "30m" });
  const web = nodeSessions(sessions, { carriers: [cookie()] });

  const pages = {
    "GET /": (session) => {
      if (session.subject === undefined) return `<form method="post" action="/login"><button>Log in as Ana</button></form>`;
      const paid = session.isFresh("5m", "payment") ? `<p>Paid ${session.get("payment").amount} euros, by ${session.methods.join(" and ")}.</p>` : "";
      return `<h1>Welcome</h1>${paid}<form method="post" action="/pay"><input name="amount" value="120"> <button>Pay</button></form>`;
    },
    "POST /login": async (session) => {
      await session.authenticate("ana", { methods: ["pwd"] }); // the password was checked
      return `<a href="/">Go on</a>`;
    },
    "POST /pay": async (session, body) => {
      if (session.subject === undefined) return `<a href="/">Log in first</a>`;
      const amount = Number(new URLSearchParams(body).get("amount"));
      session.set("payment", { amount, state: "asked" });
      await session.commit(); // before the phone can answer
      await ask({ amount, session: session.id });
      return waiting;
    },
    // Only a request of the browser itself can be handed the new secret that comes with a higher level; so it is raised here, and not where the phone answers.
    "GET /payment": async (session) => {
      const payment = session.get("payment");
      if (payment?.state === "approved") {
        await session.elevate("payment", { methods: ["sms"], for: "5m" });
        session.set("payment", { ...payment, state: "paid" });
      }
      return payment?.state ?? "none";
    },
  };

  async function answer(request, response) {
    if (!web.middleware(request, response)) return; // a page of another site sent it
    const page = pages[`${request.method} ${request.url}`];
    if (page === undefined) return response.writeHead(404).end();
    try {
      let body = "";
      for await (const chunk of request) body += chunk;
      const text = await page(await web.session(request, response), body);
      response.setHeader("content-type", "text/html; charset=utf-8").end(text.startsWith("<") ? html(text) : text);
    } catch (error) {
      console.error(error.message);
      response.writeHead(error.status ?? 500).end();
    }
  }
  const server = createServer((request, response) => void answer(request, response));

  return {
    listen: (port) => new Promise((resolve) => server.listen(port, () => resolve(server.address().port))),
    /** The phone has answered: it is written into the session that asked, and no other. */
    async answered({ session: id, amount }, yes) {
      const session = await sessions.reach({ id }, { touch: false });
      session?.set("payment", { amount, state: yes === true ? "approved" : "refused" });
      await session?.commit();
    },
    close: () => (server.closeAllConnections(), server.close()),
  };
}
