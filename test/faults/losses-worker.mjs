// One writer of losses.mjs: `node losses-worker.mjs <settings as JSON>`. Counts up in its own sessions, and ends some, until its standard input ends.
import { writeSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { newId } from "./chance.mjs";
import { opensAs } from "./stores.mjs";

/** @type {{ store: string, folder: string, writer: number }} */
const { store: name, folder, writer } = JSON.parse(process.argv[2] ?? "");
const sessions = 64;
/** ms after which the manager, too, gives an answer up. */
const patience = 1_000;
/** @param {object} line */
const tell = (line) => void writeSync(1, `${JSON.stringify(line)}\n`);

let working = true;
process.stdin.on("end", () => (working = false)).resume();
const { store, close } = await opensAs(name)(folder);

/** @param {import("sojourn").Change} change @returns {Promise<boolean>} */
async function commit(change) {
  try {
    const answer = Promise.resolve(store.commit(change, { deadline: Date.now() + patience }));
    answer.catch(() => undefined);
    const outcome = await Promise.race([answer, sleep(patience)]);
    if (outcome === undefined) throw Object.assign(new Error("late"), { code: "outcome_unknown" });
    if (!outcome.ok) throw Object.assign(new Error(outcome.why), { code: outcome.why });
    return true;
  } catch (error) {
    tell({ error: /** @type {{ code?: string }} */ (error).code ?? String(error) });
    // A writer that is refused does not try a thousand times a second.
    await sleep(20);
    return false;
  }
}

async function run() {
  let id = newId();
  let n = -1;
  for (let step = 0; working; step++) {
    if (n < 0) {
      tell({ id, sent: 0 });
      if (await commit({ id, expect: "absent", kind: "losses", set: { n: "0" } })) {
        n = 0;
        tell({ id, n, at: Date.now() });
      } else id = newId();
    } else if (step % 12 === 11) {
      tell({ id, ending: true });
      if (await commit({ id, expect: "live", ended: JSON.stringify({ at: Date.now(), reason: "closed", by: String(writer) }) }))
        tell({ id, n, ended: true, at: Date.now() });
      id = newId();
      n = -1;
    } else {
      tell({ id, sent: n + 1 });
      if (await commit({ id, expect: "live", set: { n: String(n + 1) } })) tell({ id, n: (n += 1), at: Date.now() });
      else {
        // It may have landed, or land later: another session goes on.
        id = newId();
        n = -1;
      }
    }
  }
}

await Promise.all(Array.from({ length: sessions }, run));
await Promise.race([close(), sleep(2_000)]);
process.exit(0);
