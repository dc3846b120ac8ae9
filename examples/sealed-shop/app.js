import express from "express";
import { cookie } from "sojourn/http";
import { expressSessions } from "sojourn/http/express";
import { sessions } from "./sessions.js";

// Nothing here knows whether sessions rest in a store or travel with their clients.
const web = expressSessions(sessions, { carriers: [cookie({ parts: 3 })] });
const app = express();
app.use(web.middleware);
app.use(express.json());

// Asking never creates: a visitor who only looks has no session and gets no cookie.
app.get("/", async (req, res) => {
  const session = await web.session(req);
  res.json({ user: session.subject ?? null, cart: session.get("cart") ?? [], theme: session.get("theme") ?? "light" });
});

app.post("/cart", async (req, res) => {
  const session = await web.session(req);
  await session.update("cart", (cart = []) => [...cart, String(req.body.sku)]);
  res.json({ cart: session.get("cart") });
});

// A whole wish list at once.
app.put("/cart", async (req, res) => {
  const session = await web.session(req);
  session.set("cart", req.body.skus.map(String));
  res.json({ items: session.get("cart").length });
});

app.put("/theme", async (req, res) => {
  const session = await web.session(req);
  session.set("theme", req.body.theme === "dark" ? "dark" : "light");
  res.json({ theme: session.get("theme") });
});

// Check the password with whatever you trust for that; Sojourn records the result. The cart is kept.
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

await sessions.run();
const server = app.listen(Number(process.env.PORT ?? 3000), "127.0.0.1", () => {
  const address = server.address();
  console.log(`http://127.0.0.1:${typeof address === "object" ? address?.port : ""}`);
});

process.once("SIGTERM", () => {
  server.close(() => void sessions.close().then(() => process.exit(0)));
});
