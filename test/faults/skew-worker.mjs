// A process with a session manager and a clock of its own: `node skew-worker.mjs <settings as JSON>`. Does what it is asked.
import { createSessions } from "sojourn";
import { open } from "lmdb";
import { lmdbStore, openLmdb } from "sojourn/stores/lmdb";
import { checkClock } from "./check-clock.mjs";

/** @type {{ path: string, idle: import("sojourn").Duration, clock?: import("./types.ts").ClockClaim }} */
const { path, idle, clock } = JSON.parse(process.argv[2] ?? "");
if (clock !== undefined) await checkClock(clock);
const sessions = createSessions({ store: lmdbStore(openLmdb(open, path)), idle, sweep: 20 });
await sessions.run();

/** @type {Record<string, (token: string) => Promise<unknown>>} */
const commands = {
  create: async (subject) => (await sessions.create({ subject })).token,
  visit: async (token) => (await sessions.resume(token))?.subject,
  end: async (token) => (await sessions.resume(token))?.end(),
  now: async () => Date.now(),
};
process.on("message", (/** @type {{ n: number, run: string, what: string }} */ { n, run, what }) => {
  void commands[run]?.(what).then((result) => process.send?.({ n, result }));
});
process.on("disconnect", () => process.exit());
process.send?.({ n: 0 });
