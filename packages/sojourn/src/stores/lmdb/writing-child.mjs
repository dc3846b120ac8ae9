// A process of its own for turnstile.test.ts: changes one session again and again while another process opens the folder, whose mapping of the data is delayed.
// Argument: how that one opens. Prints what was wrong, a line each, and how many commits were acknowledged.
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { open } from "lmdb";
import { lmdbStore, openLmdb } from "sojourn/stores/lmdb";

/** @param {string} line */
const say = (line) => void writeSync(1, `${line}\n`);

const folder = mkdtempSync(join(tmpdir(), "sojourn-turnstile-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
const root = openLmdb(open, folder);
const store = lmdbStore(root);
const id = "a".repeat(32);
let { version } = await store.commit({ id, expect: "absent", kind: "main/web" });

// LMDB maps the data between reading the number of the newest transaction and putting it back.
const delay = ["-f", "-qq", "-o", "/dev/null", "-P", join(folder, "data.mdb"), "-e", "trace=mmap", "-e", "inject=mmap:delay_exit=50000"];
const opener = spawn("strace", [...delay, process.execPath, fileURLToPath(new URL("opening-child.mjs", import.meta.url)), folder, process.argv[2]], {
  stdio: "inherit",
});
let opened;
opener.on("exit", (code) => (opened = code));
let commits = 0;
for (let more = 100; more > 0; commits++) {
  const outcome = await store.commit({ id, expect: "live", set: { n: String(commits) } });
  if (outcome.version !== version + 1) say(`version ${outcome.version} came after version ${version}`);
  version = outcome.version;
  if (opened !== undefined) more--;
}
if (opened !== 0) say(`the opener ended with ${opened}`);
say(`${commits} commits`);
await store.close();
await root.close();
