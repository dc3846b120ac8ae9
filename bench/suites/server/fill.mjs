// Fills a folder for sojournd: `node fill.mjs <folder> <sessions>`, started by ../server.mjs. Ten sessions a subject.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { open } from "lmdb";
import { createSessions } from "sojourn";
import { lmdbStore, openLmdb } from "sojourn/stores/lmdb";
import { payloadOf } from "../../lib/payload.mjs";
import { randomBase32 } from "../../lib/random-names.mjs";

/** Sessions on their way at a time: as many as two transactions take. */
const together = 2_048;
/** Characters of an id that tell the time. The others are random. */
const timeOfId = 10;
const ofSubject = 10;

const [folder = "", number] = process.argv.slice(2);
const count = Number(number);
// Where sojournd keeps them in its data folder.
const sessionsFolder = join(folder, "sessions");
mkdirSync(sessionsFolder, { recursive: true, mode: 0o700 });
const root = openLmdb(open, sessionsFolder, { noSync: true });
const store = lmdbStore(root, { live: 1 });
const sessions = createSessions({ store, idle: "7d", absolute: "30d", deadline: "1m" });
const first = await sessions.create({ subject: "user-0", methods: ["pwd"], data: payloadOf(0), client: { address: "192.0.2.1", agent: "Mozilla/5.0" } });
const made = await store.load(/** @type {import("sojourn").SessionId} */ (first.id));
if (made?.subject === undefined) throw new Error("The session that was begun is not in the store.");
const { id: modelId, kind, wake = 0, fields, subject } = made;
let next = 1;
let told = performance.now();
await Promise.all(Array.from({ length: together }, maker));
await root.close();
process.disconnect?.();

async function maker() {
  while (next < count) {
    const n = next++;
    const id = /** @type {import("sojourn").SessionId} */ (modelId.slice(0, timeOfId) + randomBase32(modelId.length - timeOfId));
    const whose = subject.replace("user-0", `user-${Math.floor(n / ofSubject)}`);
    const outcome = await store.commit({ id, expect: "absent", kind, wake: wake + (n % 100_000), subject: whose, set: fields });
    if (!outcome.ok) throw new Error(`Session ${n} was refused: ${outcome.why}.`);
    if (performance.now() - told < 10_000) continue;
    told = performance.now();
    process.send?.({ said: `${n.toLocaleString("en-US")} of ${count.toLocaleString("en-US")} sessions` });
  }
}
