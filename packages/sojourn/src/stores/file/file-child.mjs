// A process of its own for the tests of the file store. Does what it is asked; the folder and the grace are its arguments.
import { writeSync } from "node:fs";
import { fileStore } from "sojourn/stores/file";
import { runStoreJob } from "sojourn/testing";
import { answering } from "../answering.mjs";

const store = fileStore(process.argv[2], { durability: "written", grace: Number(process.argv[3]) });

const commands = {
  job: ({ job, params }) => runStoreJob(store, job, params),
  commit: (change) => store.commit(change),
  load: (id) => store.load(id),
  /** Stops this process in the middle of the change: announced, read, and not yet written. The answer comes when it goes on. */
  commitStopped: (change) => {
    let stopped = false;
    return store.commit({
      ...change,
      get set() {
        if (!stopped) process.kill(process.pid, "SIGSTOP");
        stopped = true;
        return change.set;
      },
    });
  },
  /** Merges numbers into the sessions, makes and ends others, until it is killed; each acknowledged merge is a line of standard output. */
  writeForever: async ({ ids, alias }) => {
    let n = 0;
    const one = async (id) => {
      for (;;) {
        const mine = ++n;
        const outcome = await store.commit({ id, expect: "live", set: { [`n${process.pid}`]: String(mine) }, wake: 4e12 + mine });
        if (outcome.ok) writeSync(1, `${id} ${mine}\n`);
        await store.commit({ id, expect: "live", ...(mine % 2 ? { claim: [alias], subject: "s" } : { release: [alias], subject: null }) });
      }
    };
    await Promise.all(ids.map(one));
  },
};

answering(commands);
