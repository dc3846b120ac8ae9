import express from "express";
import { createSessions } from "sojourn";
import { cookie, trustedProxies } from "sojourn/http";
import { expressSessions } from "sojourn/http/express";
import { openStore } from "./open-store.js";

// Who this process is among the nodes: the name after each token that it hands out, and the balancer's name for it.
const node = process.env.NODE ?? "n1";

/** @type {import("sojourn").Sessions<{ cart: string[] }>} */
const sessions = createSessions({ store: await openStore(process.env.SOJOURN_STORE ?? "redis://127.0.0.1:6379"), idle: "30m", absolute: "12h" });
const web = expressSessions(sessions, { carriers: [cookie()], client: trustedProxies(1), route: node });

// The health check asks no store: one that is down would take all nodes out at once, and visitors an answer that says so.
// While the node drains it is 404, which HAProxy reads as "those who are there may stay, nobody new" (http-check disable-on-404).
let draining = false;
process.on("SIGUSR2", () => {
  draining = !draining;
  console.log(draining ? `${node} takes nobody new` : `${node} takes everybody`);
});

const app = express();
app.get("/health", (_req, res) => res.status(draining ? 404 : 200).json({ node, draining }));
app.use(web.middleware);
app.use(express.urlencoded({ extended: false }));

app.get("/", async (req, res) => {
  const session = await web.session(req);
  const seen = { node, user: session.subject ?? null, cart: session.get("cart") ?? [] };
  res.format({ json: () => res.json(seen), html: () => res.send(page(seen)) });
});

// Committed before the redirect leaves, so whichever node is asked next sees it.
app.post("/cart", async (req, res) => {
  const session = await web.session(req);
  await session.update("cart", (cart = []) => [...cart, String(req.body.sku)]);
  res.redirect(303, "/");
});

// A log-in replaces the token, and so names the node that serves now.
app.post("/login", async (req, res) => {
  const session = await web.session(req);
  await session.authenticate(String(req.body.user), { methods: ["none"], keep: ["cart"] });
  res.redirect(303, "/");
});

app.post("/logout", async (req, res) => {
  await (await web.session(req)).end();
  res.redirect(303, "/");
});

/** @param {{ user: string | null, cart: readonly string[] }} seen */
function page({ user, cart }) {
  const items = cart.map((sku) => `<li>${escaped(sku)}</li>`).join("");
  return `<!doctype html><title>Shop</title><p>Served by <b id="node">${node}</b> for <b id="user">${escaped(user ?? "nobody")}</b></p><ul id="cart">${items}</ul>
<form method="post" action="/cart"><input name="sku" value="tea"><button id="add">Add</button></form>
<form method="post" action="/login"><input name="user" value="ada"><button id="login">Log in</button></form>`;
}

/** @param {string} text */
function escaped(text) {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

await sessions.run();
const server = app.listen(Number(process.env.PORT ?? 3001), "127.0.0.1", () => {
  console.log(`${node} http://127.0.0.1:${server.address()?.port} process ${process.pid}`);
});

process.once("SIGTERM", () => {
  server.close(() => void sessions.close().then(() => process.exit(0)));
});
