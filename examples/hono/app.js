// An API for programs: bearer tokens, as a mobile application or another service presents them. The same handlers would do with cookie().
import { serve } from "@hono/node-server";
import { Hono } from "hono";
import { open } from "lmdb";
import { createSessions } from "sojourn";
import { bearer } from "sojourn/http";
import { honoSessions } from "sojourn/http/hono";
import { lmdbStore, openLmdb } from "sojourn/stores/lmdb";

/** @type {import("sojourn").Sessions<{ notes: string[] }>} */
const sessions = createSessions({ store: lmdbStore(openLmdb(open, process.env.DATA ?? "data/sessions")), kind: "api", idle: "14d", absolute: "90d" });
const web = honoSessions(sessions, { carriers: [bearer({ realm: "notes" })] });

const app = new Hono();
app.use(web.middleware);

// Check the password with whatever you trust for that. The token is in this answer and nowhere else: the store keeps the hash of its secret.
app.post("/login", async (context) => {
  const { user, password } = await context.req.json();
  if (password !== "correct horse battery staple") return context.json({ error: "wrong password" }, 403);
  const session = await web.session(context);
  await session.authenticate(String(user), { methods: ["pwd"] });
  return context.json({ token: session.token, expiresAt: session.expiresAt });
});

/** Everything below is for who is logged in. */
const api = new Hono();
api.use(async (context, next) => {
  if ((await web.session(context)).subject !== undefined) return next();
  return context.json({ error: "log in first" }, 401, { "WWW-Authenticate": 'Bearer realm="notes"' });
});
api.get("/notes", async (context) => context.json({ notes: (await web.session(context)).get("notes") ?? [] }));
api.post("/notes", async (context) => {
  const { note } = await context.req.json();
  const session = await web.session(context);
  // Of many at once none is lost.
  return context.json({ notes: await session.update("notes", (notes = []) => [...notes, String(note)]) });
});
// A new token, for a client that thinks its own was seen; the old one is good until the new one has been used.
api.post("/rotate", async (context) => {
  const session = await web.session(context);
  await session.rotate();
  return context.json({ token: session.token });
});
api.post("/logout", async (context) => {
  await (await web.session(context)).end();
  return context.json({ ended: true });
});
app.route("/", api);

await sessions.run();
const server = serve({ fetch: app.fetch, hostname: "127.0.0.1", port: Number(process.env.PORT ?? 3000) }, ({ port }) =>
  console.log(`http://127.0.0.1:${port}`),
);
process.once("SIGTERM", () => {
  server.close(() => void sessions.close().then(() => process.exit(0)));
});
