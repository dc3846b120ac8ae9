// A process of its own for lmdb.test.ts. Does what it is asked; the folder is its argument.
import { writeSync } from "node:fs";
import { open } from "lmdb";
import { lmdbStore, openLmdb } from "sojourn/stores/lmdb";
import { runStoreJob } from "sojourn/testing";
import { answering } from "../answering.mjs";

const root = openLmdb(open, process.argv[2]);
const store = lmdbStore(root);

const commands = {
  job: ({ job, params }) => runStoreJob(store, job, params),
  commit: (change) => store.commit(change),
  load: (id) => store.load(id),
  /** Stops this process while it holds the write lock. The answer comes when it goes on. */
  stopInside: () => root.transactionSync(() => void process.kill(process.pid, "SIGSTOP")),
  /** Stops this process while it makes the session, inside the transaction. The answer comes when it goes on. */
  stopCommitting: (id) =>
    store.commit({
      id,
      expect: "absent",
      kind: "main/web",
      get set() {
        process.kill(process.pid, "SIGSTOP");
        return {};
      },
    }),
  /** Holds a snapshot until it is killed. */
  readForever: () => void (globalThis.held = root.useReadTransaction()),
  /** Merges numbers into the sessions, 32 at a time, until it is killed; each acknowledged one is a line of standard output. */
  writeForever: async (ids) => {
    let n = 0;
    const one = async (id) => {
      for (;;) {
        const mine = ++n;
        const outcome = await store.commit({ id, expect: "live", set: { n: String(mine) } });
        if (outcome.ok) writeSync(1, `${id} ${mine}\n`);
      }
    };
    await Promise.all(ids.map(one));
  },
};

answering(commands);
