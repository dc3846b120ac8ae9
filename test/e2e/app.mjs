// A small application on node:http, one process of several: `node app.mjs memory|lmdb|sealed <folder> <settings as JSON>`. Prints its port, then jumps of its
// clock. The setting `run` makes it sweep. Sealed sessions have their revocations in the folder, and, with `overflow`, what is too large for `parts` cookies.
import { createServer } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { open } from "lmdb";
import { createSessions, SojournError } from "sojourn";
import { cookie } from "sojourn/http";
import { nodeSessions } from "sojourn/http/node";
import { sealedSessions } from "sojourn/sealed";
import { lmdbStore, openLmdb } from "sojourn/stores/lmdb";
import { memoryStore } from "sojourn/stores/memory";

const [, , kind, folder, settings] = process.argv;
const store = kind === "memory" ? memoryStore() : lmdbStore(openLmdb(open, folder));
const { run, parts = 3, overflow, ...options } = JSON.parse(settings ?? "{}");
const sessions =
  kind === "sealed"
    ? sealedSessions({ revocations: store, ...(overflow === true ? { overflow: store } : {}), ...options })
    : createSessions({ store, ...options });
sessions.on("clock", (jump) => console.log(`clock ${JSON.stringify(jump)}`));
if (run) await sessions.run();
const web = nodeSessions(sessions, { carriers: [cookie({ parts })] });

const routes = {
  "/read": (session) => ({ id: session.id, subject: session.subject, data: session.data }),
  "/set": async (session, query) => {
    await sleep(Number(query.get("wait") ?? 0));
    session.set(query.get("name"), query.get("value"));
    return { id: session.id };
  },
  "/fill": (session, query) => {
    session.set("cart", cartOf(Number(query.get("bytes"))));
    return { id: session.id };
  },
  "/add": async (session, query) => ({ value: await session.update(query.get("name"), (value = 0) => value + 1) }),
  "/login": async (session, query) => {
    await session.authenticate(query.get("subject"), { keep: ["kept"] });
    return { id: session.id };
  },
  "/logout": async (session) => {
    await session.end();
    return {};
  },
  "/live": async (_session, query) => {
    const ids = [];
    for await (const { id } of sessions.list({ subject: query.get("subject") })) ids.push(id);
    return ids;
  },
};

/** Articles that take so many bytes as JSON, and of which no two are alike. */
function cartOf(bytes) {
  const cart = [];
  for (let i = 0; JSON.stringify(cart).length < bytes; i++)
    cart.push({
      sku: `A-${(i * 7919) % 10_007}`,
      n: i % 9,
      note: Math.sqrt(i + 2)
        .toString(36)
        .slice(2, 12),
    });
  return cart;
}

// Cookies of more than 12 kB are over Node's own bound on a request's head.
const server = createServer({ maxHeaderSize: 65_536 }, (request, response) => {
  if (!web.middleware(request, response)) return;
  const url = new URL(String(request.url), "http://localhost");
  web
    .session(request, response)
    .then((session) => routes[url.pathname](session, url.searchParams))
    .then(
      (body) => response.setHeader("content-type", "application/json").end(JSON.stringify(body)),
      (/** @type {unknown} */ error) => response.writeHead(error instanceof SojournError ? error.status : 500).end(String(error)),
    );
});
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
