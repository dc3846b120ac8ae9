import express from "express";
import { cookie } from "sojourn/http";
import { expressSessions } from "sojourn/http/express";
import { sessions } from "./sessions.js";

const web = expressSessions(sessions, { carriers: [cookie()] });
const app = express();
app.use(web.middleware);
app.use(express.json());

// Asking never creates: a visitor who only looks has no session and gets no cookie.
app.get("/", async (req, res) => {
  const session = await web.session(req);
  res.json({ user: session.subject ?? null, cart: session.get("cart") ?? [], theme: session.get("theme") ?? "light" });
});

// The first write creates the session. It is committed before the first byte of the answer leaves.
app.post("/cart", async (req, res) => {
  const session = await web.session(req);
  await session.update("cart", (cart = []) => [...cart, String(req.body.sku)]);
  res.json({ cart: session.get("cart") });
});

app.put("/theme", async (req, res) => {
  const session = await web.session(req);
  session.set("theme", req.body.theme === "dark" ? "dark" : "light");
  res.json({ theme: session.get("theme") });
});

// Check the password with whatever you trust for that; Sojourn records the result. The secret is replaced, the cart kept.
app.post("/login", async (req, res) => {
  if (req.body.password !== "correct horse battery staple") return res.status(403).json({ error: "wrong password" });
  const session = await web.session(req);
  await session.authenticate(String(req.body.user), { methods: ["pwd"], keep: ["cart"] });
  res.json({ user: session.subject });
});

app.post("/logout", async (req, res) => {
  await (await web.session(req)).end();
  res.json({ user: null });
});

// The devices page: where else is this user logged in, and a way to end each of these.
app.get("/devices", async (req, res) => {
  const session = await web.session(req);
  if (session.subject === undefined) return res.status(401).json({ error: "log in first" });
  const devices = [];
  for await (const { id, agent, address, seen } of sessions.list({ subject: session.subject }))
    devices.push({ id, agent, address, seen, this: id === session.id });
  res.json({ devices });
});

app.delete("/devices/:id", async (req, res) => {
  const session = await web.session(req);
  if (session.subject === undefined) return res.status(401).json({ error: "log in first" });
  // With the subject given, somebody else's id is as good as missing.
  const ended = await sessions.end({ id: req.params.id, subject: session.subject });
  res.status(ended ? 200 : 404).json({ ended });
});

await sessions.run();
const server = app.listen(Number(process.env.PORT ?? 3000), "127.0.0.1", () => {
  const address = server.address();
  console.log(`http://127.0.0.1:${typeof address === "object" ? address?.port : ""}`);
});

process.once("SIGTERM", () => {
  server.close(() => void sessions.close().then(() => process.exit(0)));
});
