// The router of sojournd doing nothing: the same paths on the same adapter, each with an answer of the size that sojournd gives.
import { getRequestListener } from "@hono/node-server";
import { Hono } from "hono";
import { createServer } from "node:http";

const seen = {
  id: "0123456789abcdefghjkmnpqrs",
  kind: "web",
  subject: "ada",
  version: 1,
  created: 1_750_000_000_000,
  expiresAt: 1_750_001_800_000,
  authenticatedAt: 1_750_000_000_000,
  methods: [],
  levels: [],
  data: { theme: "dark", cart: ["tea"] },
};
const made = { ...seen, token: `${seen.id}.${"x".repeat(32)}` };

const app = new Hono();
app.post("/v1/sessions", async (ask) => {
  await ask.req.json();
  return ask.json(made, 201);
});
app.get("/v1/session", (ask) => ask.json(seen));
app.patch("/v1/session", async (ask) => {
  await ask.req.json();
  return ask.json(seen);
});
app.delete("/v1/session", (ask) => ask.body(null, 204));

const listener = getRequestListener((request, env) => app.fetch(request, env), { overrideGlobalObjects: false });
const server = createServer((request, response) => void listener(request, response));
server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  console.log(JSON.stringify({ address: `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}` }));
});
