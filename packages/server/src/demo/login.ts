import { html } from "./html.ts";
import { page } from "./page.ts";
import { mayEnter, password, people } from "./people.ts";
import { formOf, seeOther, type ShopHandler, type ShopVisit } from "./visit.ts";

/** Asks who it is. */
export const loginPage: ShopHandler = (visit) => Promise.resolve(form(visit));

function form(visit: ShopVisit, wrong = false): Response {
  const content = html`${wrong ? html`<p class="flash wrong" role="alert" id="wrong">Name and password do not go together. They stand below.</p>` : undefined}
<form class="card" method="post" action="/demo/login">
<p><label for="name">Name</label><select id="name" name="name" autocomplete="username">${people.map((name) => html`<option>${name}</option>`)}</select></p>
<p><label for="password">Password</label><input id="password" name="password" type="password" autocomplete="current-password" required${wrong ? html` aria-describedby="wrong" aria-invalid="true"` : undefined}></p>
<p><button>Log in</button></p>
<p class="note">This is a demonstration: the password of both is <code>${password}</code>.</p>
</form>`;
  return page(visit, "Log in", content, wrong ? 403 : 200);
}

/** Logs in. The session gets a new secret at once, so that whoever knew the old one gains nothing; the cart stays. */
export const login: ShopHandler = async (visit) => {
  const fields = await formOf(visit.request);
  const name = fields.get("name");
  if (!mayEnter(name, fields.get("password"))) return form(visit, true);
  await visit.session.authenticate(name, { methods: ["pwd"], keep: ["cart"] });
  visit.session.flash("message", `Welcome, ${name}.`);
  return seeOther("/demo");
};

/** Logs out: the session is over, for every copy of its token. */
export const logout: ShopHandler = async ({ session }) => {
  await session.end();
  return seeOther("/demo/goodbye");
};

/** Says that it is done. */
export const goodbye: ShopHandler = (visit) =>
  Promise.resolve(
    page(visit, "You are logged out", html`<p>The session has ended, and no request that comes late can bring it back. <a href="/demo">To the shop</a></p>`),
  );
