// A job beside a running server: ends all sessions of a user, for an account that was closed or a phone that was lost. It opens the server's own store,
// by default that of examples/express; every process on it hears of the end at the next request.
//
//   npm start -- ada
import { open } from "lmdb";
import { createSessions } from "sojourn";
import { lmdbStore, openLmdb } from "sojourn/stores/lmdb";

const [subject, reason = "revoked"] = process.argv.slice(2);
if (subject === undefined) {
  console.error("Whose sessions? npm start -- <subject> [reason]");
  process.exit(2);
}

const root = openLmdb(open, process.env.DATA ?? "../express/data/sessions");
const store = lmdbStore(root);
const sessions = createSessions({ store });

for await (const { id, address, agent } of sessions.list({ subject })) console.log(`${id}  ${address ?? "?"}  ${agent ?? "?"}`);
// A log-in that races with this is dead too: a floor is written before the first session is ended.
const ended = await sessions.endAll({ subject }, reason, "job");
console.log(`${ended} ended`);

await store.close();
await root.close();
