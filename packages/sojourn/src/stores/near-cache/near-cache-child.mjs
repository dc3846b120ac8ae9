// A process of its own for near-cache.processes.test.ts: writes to sessions in an LMDB folder. Does what it is asked.
import { open } from "lmdb";
import { lmdbStore, openLmdb } from "sojourn/stores/lmdb";
import { answering } from "../answering.mjs";

const root = openLmdb(open, process.argv[2]);
const store = lmdbStore(root);
const now = () => performance.timeOrigin + performance.now();

const commands = {
  /** Commits, and gives the outcome with the moment (epoch ms) at which it was acknowledged. */
  commit: async (change) => {
    const outcome = await store.commit(change);
    return { outcome, at: now() };
  },
  /** Ends the session after so many ms; nobody waits for it. */
  endIn: ({ id, ms }) =>
    void setTimeout(() => {
      void store.commit({ id, expect: "live", ended: '{"at":1,"reason":"revoked"}' });
    }, ms),
};

answering(commands);
