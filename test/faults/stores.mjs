// The stores that the rig can be let loose on: one entry per engine and setting. `open` is called once in each process, and more than once in the parent;
// an engine that is a server is named, and started by whoever runs the rig.
import { join } from "node:path";
import { open } from "lmdb";
import { lmdbStore, openLmdb } from "sojourn/stores/lmdb";
import { memoryStore } from "sojourn/stores/memory";
import { delayed } from "sojourn/testing";
import { plantedStores } from "./planted-stores.mjs";
import { grace, openFile, openMariadb, openNats, openPostgres, openRedis, openRedisCluster } from "./engine-stores.mjs";

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

/** @type {readonly import("./types.ts").Fault[]} */
const ofProcesses = ["races", "kill", "stop", "blackout", "clocks"];
/** Of an engine that keeps what it acknowledged when it is killed; what others lose is counted by losses.mjs. @type {typeof ofProcesses} */
const ofEngine = [...ofProcesses, "engine killed", "engine stopped", "cut"];

/** @type {readonly RigStore[]} */
export const stores = [
  {
    name: "memory",
    processes: 1,
    faults: ["races"],
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
    faults: ofProcesses,
    lag: lmdbLag,
    note: "some of them with 4 records in memory and a log of 64; a read may miss what another process had acknowledged less than 1 ms before it began",
    open: lmdb("committed"),
  },
  { name: "lmdb flushed", processes: 4, faults: ofProcesses, lag: lmdbLag, note: "as committed", open: lmdb("flushed") },
  {
    name: "lmdb relaxed",
    processes: 4,
    faults: ofProcesses,
    lag: lmdbLag,
    weak: isEarly,
    note: "a merge of fields may be dropped when its process is killed, and is when another process ends the session or takes its lease over; all else as committed",
    open: lmdb("relaxed"),
  },
  {
    name: "file",
    grace,
    processes: 4,
    faults: ofProcesses,
    lag: 0,
    note: "on a local disk",
    open: openFile,
  },
  {
    name: "redis",
    grace,
    engine: "redis",
    processes: 4,
    faults: ofEngine,
    lag: 0,
    note: "one server that writes each change to its disk (appendfsync always)",
    open: openRedis({ feed: true }),
  },
  {
    name: "redis cluster",
    grace,
    engine: "redis cluster",
    processes: 4,
    faults: ofProcesses,
    lag: 0,
    note: "3 primaries with a replica each; no node is lost",
    open: openRedisCluster,
  },
  { name: "postgres", engine: "postgres", processes: 4, faults: ofEngine, lag: 0, open: openPostgres },
  { name: "mariadb", engine: "mariadb", processes: 4, faults: ofEngine, lag: 0, open: openMariadb },
  {
    name: "nats",
    grace,
    engine: "nats",
    processes: 4,
    faults: ofEngine,
    lag: 0,
    note: "reads are fresh",
    open: openNats("nats", 1),
  },
];

/** Those of which only the losses are counted. @type {readonly Pick<RigStore, "name" | "open">[]} */
const counted = [
  { name: "redis durable", open: openRedis({ durable: { replicas: 1, within: 500 } }) },
  { name: "nats cluster", open: openNats("nats cluster", 3) },
];

/** @param {string} name @returns {RigStore} */
export function storeNamed(name) {
  const store = stores.find((one) => one.name === name);
  if (store === undefined) throw new Error(`The rig knows no store "${name}". It knows ${stores.map((one) => one.name).join(", ")}.`);
  return store;
}

/** How a store is opened. @param {string} name @returns {RigStore["open"]} */
export function opensAs(name) {
  const store = [...counted, ...plantedStores].find((one) => one.name === name) ?? storeNamed(name);
  return store.open;
}
