// The stores that the rig can be let loose on: one entry per engine and setting. `open` is called once in each process, and more than once in the parent;
// an engine that is a server is started by whoever runs the rig, and found through the environment.
import { join } from "node:path";
import { open } from "lmdb";
import { lmdbStore, openLmdb } from "sojourn/stores/lmdb";
import { memoryStore } from "sojourn/stores/memory";
import { delayed } from "sojourn/testing";

/** @typedef {import("./types.ts").RigStore} RigStore */

/** @param {NonNullable<import("sojourn/stores/lmdb").LmdbStoreOptions["durability"]>} durability @returns {RigStore["open"]} */
function lmdb(durability) {
  return (folder) => {
    const path = join(folder, "store");
    const root = openLmdb(open, path);
    // Processes need not agree: those with an even number keep few records in memory and little of the log, so that the others fall behind what it prunes.
    const store = lmdbStore(root, { durability, ...(process.pid % 2 === 0 && { live: 4, feed: 64 }) });
    return {
      store,
      async close() {
        await store.close();
        await root.close();
      },
    };
  };
}

/** The page of the LMDB store: another process's commits are seen within 1 ms, and at once in the first read of a turn. */
const lmdbLag = 1000;

/** What "relaxed" acknowledges before its transaction. @param {import("sojourn").Change} change */
function isEarly({ id: _, expect, fence: _fence, set: _set, unset: _unset, ...rest }) {
  return expect === "live" && Object.keys(rest).length === 0;
}

/** @type {readonly RigStore[]} */
export const stores = [
  {
    name: "memory",
    processes: 1,
    lag: 0,
    note: "one process: loops that share it, with delayed answers. What it holds dies with its process",
    open() {
      const store = memoryStore();
      return { store: delayed(store), close: async () => store.close() };
    },
  },
  {
    name: "lmdb committed",
    processes: 4,
    lag: lmdbLag,
    note: "some of them with 4 records in memory and a log of 64; a read may miss what another process had acknowledged less than 1 ms before it began",
    open: lmdb("committed"),
  },
  { name: "lmdb flushed", processes: 4, lag: lmdbLag, note: "as committed", open: lmdb("flushed") },
  {
    name: "lmdb relaxed",
    processes: 4,
    lag: lmdbLag,
    weak: isEarly,
    note: "a merge of fields may be dropped when its process is killed, and is when another process ends the session or takes its lease over; all else as committed",
    open: lmdb("relaxed"),
  },
];

/** @param {string} name @returns {RigStore} */
export function storeNamed(name) {
  const store = stores.find((one) => one.name === name);
  if (store === undefined) throw new Error(`The rig knows no store "${name}". It knows ${stores.map((one) => one.name).join(", ")}.`);
  return store;
}
