// A process of its own for turnstile.test.ts: opens the folder and closes it again. Arguments: the folder; "past" for LMDB's own way of opening; "stop" to stop meanwhile.
import { open } from "lmdb";
import { openLmdb } from "sojourn/stores/lmdb";

const [folder, how] = process.argv.slice(2);
/** @type {typeof open} */
const stopping = (options) => {
  if (how === "stop") process.kill(process.pid, "SIGSTOP");
  return open(options);
};
const root = how === "past" ? open({ path: folder, noSubdir: false }) : openLmdb(stopping, folder);
await root.close();
