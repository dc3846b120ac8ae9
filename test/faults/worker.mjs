// One process of a round: `node worker.mjs <settings as JSON>`. Works until it is told to stop, or killed.
import { checkClock } from "./check-clock.mjs";
import { logTo } from "./log.mjs";
import { opensAs } from "./stores.mjs";
import { workload } from "./workload.mjs";

/** @type {{ store: string, folder: string, path: string, names: import("./types.ts").Names, seed: number, slot: number, incarnation: number, loops: number, hasty: boolean, clock?: import("./types.ts").ClockClaim }} */
const { store: name, folder, path, clock, ...work } = JSON.parse(process.argv[2] ?? "");
const write = logTo(path);
let ready = false;
/** Ready is who has been answered: what is done to it then, is done under load. @type {typeof write} */
function log(line) {
  write(line);
  if (ready || line.what !== "answer") return;
  ready = true;
  process.send?.("ready");
}
if (clock !== undefined) await checkClock(clock);
const { store, close } = await opensAs(name)(folder);
let working = true;
process.on("message", () => (working = false));
// A parent that died must not leave this behind.
process.on("disconnect", () => process.exit(1));
await workload({ ...work, store, log, goesOn: () => working });
await close();
if (clock !== undefined) await checkClock(clock);
log({ what: "closed" });
process.exit(0);
