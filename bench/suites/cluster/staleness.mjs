// How long a process serves what another has changed: `node staleness.mjs <news> <place> <changes>`, started by measure.mjs; it starts the other process itself,
// which is told so by an environment variable. Sends what it found.
import { fork } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { nearCache } from "sojourn/stores/near-cache";
import { median, quantile } from "../../lib/statistics.mjs";
import { natsMember, nodeRedisStore, pgStore } from "./clients.mjs";
import { copyOf, fill, modelIn } from "./model.mjs";
import { otherCore, ownCore, pin } from "./pin.mjs";
import { trackingOf } from "./tracking.mjs";

/**
 * @typedef {{ p50: number, p99: number, most: number, before: number }} Stale ms from the acknowledgement to the last answer of before; how many were not given any
 *   after the acknowledgement.
 * @typedef {import("sojourn").SessionId} SessionId
 */

/** The same for both processes, for each is both. @type {Record<string, (place: string) => Promise<{ reads: import("sojourn").Store, store: import("sojourn").Store, close: () => Promise<unknown> }>>} */
const sources = {
  async "Redis, feed"(url) {
    const { store, close } = await nodeRedisStore(url, { prefix: "sjf", feed: true });
    return { store, reads: nearCache(store), close };
  },
  async "Redis, client tracking"(url) {
    const { store, close } = await nodeRedisStore(url, { prefix: "sjt" });
    return { store, reads: nearCache(store, { invalidations: trackingOf(url, "sjt") }), close };
  },
  async "PostgreSQL, feed"(url) {
    const { store, close } = await pgStore(url, { schema: "stale", feed: true });
    return { store, reads: nearCache(store), close };
  },
  async "LMDB, feed"(folder) {
    const { open } = await import("lmdb");
    const { lmdbStore, openLmdb } = await import("sojourn/stores/lmdb");
    const root = openLmdb(open, folder);
    const store = lmdbStore(root, { durability: "committed" });
    return { store, reads: nearCache(store), close: () => root.close() };
  },
  async "NATS, replica"(url) {
    const { store, close } = await natsMember(url, { bucket: "stale", reads: "replica", storage: "memory" });
    return { store, reads: store, close };
  },
};

const [, , name = "", place = "", number = ""] = process.argv;
const role = "SOJOURN_BENCH_WRITER";
/** ms, by a clock that all processes of a machine share. */
const now = () => Number(process.hrtime.bigint()) / 1e6;
/** ms between two changes: as with visitors, the next change has not come when the news of the last does. */
const pause = 2;
const sessions = 100;

if (process.env[role] === undefined) await read();
else await write();

function opened() {
  const source = sources[name];
  if (source === undefined) throw new Error(`There is no source ${JSON.stringify(name)}.`);
  return source(place);
}

/** Begins sessions, and changes one when it is told to: says when that was acknowledged. */
async function write() {
  pin(process.pid, otherCore);
  process.once("disconnect", () => process.exit());
  const { store } = await opened();
  const model = await modelIn(store);
  const ids = await fill(store, sessions, (client) => copyOf(model, client));
  /** @param {{ id: SessionId, n: number }} asked */
  const change = async ({ id, n }) => {
    const outcome = await store.commit({ id, expect: "live", set: { views: String(n) } });
    process.send?.({ at: now(), ok: outcome.ok });
  };
  process.on("message", (asked) => void change(/** @type {Parameters<typeof change>[0]} */ (asked)));
  process.send?.({ ids });
}

async function read() {
  pin(process.pid, ownCore);
  const { reads, close } = await opened();
  const writer = fork(fileURLToPath(import.meta.url), process.argv.slice(2), { env: { ...process.env, [role]: "1" } });
  const [{ ids }] = /** @type {[{ ids: readonly SessionId[] }]} */ (await once(writer, "message"));
  /** @type {number[]} */
  const times = [];
  let before = 0;
  for (let n = 0; n < Number(number); n++) {
    const id = /** @type {SessionId} */ (ids[n % ids.length]);
    const [acknowledged, last] = await changed(reads, writer, id, n);
    const late = last - acknowledged;
    if (late <= 0) before++;
    times.push(Math.max(0, late));
    await sleep(pause);
  }
  process.send?.({ found: { p50: median(times), p99: quantile(times, 0.99), most: Math.max(...times), before } });
  writer.kill("SIGKILL");
  await reads.close();
  await close();
  process.disconnect?.();
}

/**
 * One change elsewhere, asked for here again and again until it shows.
 * @param {import("sojourn").Store} reads
 * @param {import("node:child_process").ChildProcess} writer
 * @param {SessionId} id
 * @param {number} n
 * @returns {Promise<readonly [number, number]>} when it was acknowledged there, and when the record of before was last given here.
 */
async function changed(reads, writer, id, n) {
  await reads.load(id);
  const known = await reads.load(id);
  if (known === undefined) throw new Error(`${name}: a session is missing.`);
  const answer = /** @type {Promise<[{ at: number, ok: boolean }]>} */ (once(writer, "message"));
  let answered = false;
  void answer.then(() => (answered = true));
  writer.send({ id, n: n + 1 });
  let last = 0;
  while ((await isOld()) || !answered) await new Promise((resolve) => setImmediate(resolve));
  const [{ at, ok }] = await answer;
  if (!ok) throw new Error(`${name}: a change was refused.`);
  return [at, last];

  async function isOld() {
    const record = await reads.load(id);
    if (record === undefined) throw new Error(`${name}: a session is missing.`);
    if (record.version !== known?.version) return false;
    last = now();
    return true;
  }
}
