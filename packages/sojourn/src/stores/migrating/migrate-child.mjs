// A process of its own for migrate.processes.test.ts: moves all sessions from one LMDB folder to another, and writes the report as its last line.
import { writeSync } from "node:fs";
import { open } from "lmdb";
import { lmdbStore, openLmdb } from "sojourn/stores/lmdb";
import { migrate } from "sojourn/stores/migrating";

const [from, to] = process.argv.slice(2).map((folder) => lmdbStore(openLmdb(open, folder)));
const report = await migrate({
  from,
  to,
  kinds: ["main:web"],
  compare: 1,
  progress: ({ done, of }) => void writeSync(1, `${done} of ${of}\n`),
});
writeSync(1, `${JSON.stringify(report)}\n`);
process.exit(0);
