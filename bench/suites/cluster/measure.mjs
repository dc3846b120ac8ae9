import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { measured } from "../../lib/children.mjs";
import { shown } from "../../lib/figures.mjs";
import { median } from "../../lib/statistics.mjs";
import { typedKeys } from "../../lib/typed-keys.mjs";
import { control } from "./rounds.mjs";

/**
 * What a part finds, each measurement in a process of its own on core 0.
 * @typedef {import("./rounds.mjs").Cells} Cells
 * @typedef {{ name: string, processes: readonly Cells[], unfit: readonly number[] }} Compared
 * @typedef {{ name: string, sessions: number, bytes: import("./bytes.mjs").Bytes }} Sizes
 * @typedef {{ name: string, asked: readonly import("./commands.mjs").Asked[] }} Commands
 * @typedef {import("./staleness.mjs").Stale & { name: string, changes: number }} Staleness
 *
 * @typedef {object} Setting
 * @property {(name: import("./engines.mjs").EngineName) => Promise<import("./engines.mjs").Engine>} engine
 * @property {string} folder
 * @property {typeof import("./plans.mjs").whole} plan
 * @property {boolean} judged
 * @property {(line: string) => void} say
 */

/** A run whose control lies outside says more about the machine than about us. */
const fit = { low: 0.9, high: 1.1 };
const tries = 3;

/** @param {Setting} setting @returns {Promise<readonly Compared[]>} */
export async function commits(setting) {
  const { engine, plan, say } = setting;
  const { processes, rounds, slot } = plan.commits;
  /** @type {Compared[]} */
  const found = [];
  for (const name of ["node-redis", "ioredis", "pg, 8 connections", "pg, 16 connections"]) {
    const { url } = await engine(name.startsWith("pg") ? "postgres" : "redis");
    const args = [name, url, String(rounds), String(slot)];
    const [compared] = await fitting([name], setting, processes, async () => ({
      [name]: /** @type {Cells} */ (await measured(program("commits.mjs"), args, { say })),
    }));
    if (compared !== undefined) found.push(compared);
  }
  return found;
}

/** @param {Setting} setting @returns {Promise<readonly Compared[]>} */
export async function replica(setting) {
  const { processes, sessions, rounds, slot } = setting.plan.replica;
  const { url } = await setting.engine("nats");
  let n = 0;
  const args = () => [url, `bench${n++}`, ...[sessions, rounds, slot].map(String)];
  return fitting(
    ["many in one turn", "each awaited"],
    setting,
    processes,
    async () => /** @type {Record<string, Cells>} */ (await measured(program("replica.mjs"), args(), setting)),
  );
}

/**
 * Measures in several processes until the controls are fit.
 * @param {readonly string[]} names of what one process measures.
 * @param {Setting} setting
 * @param {number} processes
 * @param {() => Promise<Record<string, Cells>>} measure
 */
async function fitting(names, { judged, say }, processes, measure) {
  /** @type {number[]} */
  const unfit = [];
  for (;;) {
    /** @type {Record<string, Cells>[]} */
    const found = [];
    for (let n = 1; n <= processes; n++) {
      const each = await measure();
      found.push(each);
      for (const name of names) say(`process ${n} of ${processes}  ${name}: ${soFar(each[name] ?? {})}`);
    }
    const share = median(found.flatMap((each) => names.flatMap((name) => each[name]?.[control]?.shares ?? [])));
    const all = names.map((name) => ({ name, processes: found.map((each) => each[name] ?? {}), unfit }));
    if (!judged || (share >= fit.low && share <= fit.high)) return all;
    unfit.push(share);
    const said = `${names.join(", ")}: the control measured ${share.toFixed(2)} of what it is compared with and is the same; a run is fit within ${fit.low} to ${fit.high}.`;
    if (unfit.length === tries) throw new Error(`${said} That was the last of ${tries} tries: the machine is too busy to measure on. Nothing was written.`);
    say(`${said} Once more (try ${unfit.length + 1} of ${tries}).`);
  }
}

/** Of which engine what is asked is counted. @type {Readonly<Record<import("./engines.mjs").EngineName, readonly string[]>>} */
const askedOf = {
  redis: ["Redis, node-redis", "Redis, ioredis", "Redis, near cache"],
  postgres: ["PostgreSQL", "PostgreSQL, near cache"],
  mariadb: ["MariaDB"],
  nats: ["NATS, reads fresh", "NATS, reads replica"],
};

/** How long it takes does not matter, so all engines are asked side by side. @param {Setting} setting @returns {Promise<readonly Commands[]>} */
export async function commands({ engine, say }) {
  const found = await Promise.all(
    typedKeys(askedOf).map(async (of) => {
      const { url } = await engine(of);
      /** @type {Commands[]} */
      const each = [];
      for (const name of askedOf[of]) {
        const asked = /** @type {import("./commands.mjs").Asked[]} */ (await measured(program("commands.mjs"), [name, url], { say }));
        each.push({ name, asked });
        say(`${name}: ${asked.map(({ request, each: calls }) => `${request} ${shown(calls)}`).join(" · ")}`);
      }
      return each;
    }),
  );
  return found.flat();
}

/** Side by side too. @param {Setting} setting @returns {Promise<readonly Sizes[]>} */
export async function bytes({ engine, folder, plan, say }) {
  /** @type {readonly { names: readonly string[], place: () => Promise<string>, sessions: number }[]} */
  const engines = [
    { names: ["Redis, hash-max-listpack-value 1024", "Redis, as installed"], place: () => urlOf(engine, "redis"), sessions: plan.bytes.redis },
    { names: ["PostgreSQL"], place: () => urlOf(engine, "postgres"), sessions: plan.bytes.postgres },
    { names: ["MariaDB"], place: () => urlOf(engine, "mariadb"), sessions: plan.bytes.mariadb },
    { names: ["NATS"], place: () => urlOf(engine, "nats"), sessions: plan.bytes.nats },
    { names: ["file"], place: () => Promise.resolve(folder), sessions: plan.bytes.file },
  ];
  const found = await Promise.all(
    engines.map(async ({ names, place, sessions }) => {
      /** @type {Sizes[]} */
      const each = [];
      for (const name of names) {
        const args = [name, await place(), String(sessions)];
        const sizes = /** @type {import("./bytes.mjs").Bytes} */ (await measured(program("bytes.mjs"), args, { flags: ["--expose-gc"], say }));
        each.push({ name, sessions, bytes: sizes });
        say(
          `${name}: ${Object.entries(sizes)
            .map(([what, size]) => `${what} ${shown(size)}`)
            .join(" · ")}`,
        );
      }
      return each;
    }),
  );
  return found.flat();
}

/** @param {Setting} setting @returns {Promise<readonly Staleness[]>} */
export async function staleness({ engine, folder, plan, say }) {
  const { changes } = plan.staleness;
  /** @type {Staleness[]} */
  const found = [];
  for (const [name, place] of /** @type {[string, () => Promise<string>][]} */ ([
    ["Redis, feed", () => urlOf(engine, "redis")],
    ["Redis, client tracking", () => urlOf(engine, "redis")],
    ["PostgreSQL, feed", () => urlOf(engine, "postgres")],
    ["LMDB, feed", async () => newFolder(join(folder, "lmdb"))],
    ["NATS, replica", () => urlOf(engine, "nats")],
  ])) {
    const each = /** @type {import("./staleness.mjs").Stale} */ (await measured(program("staleness.mjs"), [name, await place(), String(changes)], { say }));
    found.push({ name, changes, ...each });
    say(`${name}: the old is given for ${shown(each.p50)} ms (p50), ${shown(each.p99)} ms (p99) after the acknowledgement`);
  }
  return found;
}

/** @param {Setting["engine"]} engine @param {import("./engines.mjs").EngineName} name */
async function urlOf(engine, name) {
  const { url, rootUrl } = await engine(name);
  return rootUrl === undefined ? url : `${url} ${rootUrl}`;
}

/** @param {string} path */
function newFolder(path) {
  mkdirSync(path, { recursive: true });
  return path;
}

/** @param {string} name */
function program(name) {
  return new URL(name, import.meta.url);
}

/** @param {Cells} cells */
function soFar(cells) {
  return Object.entries(cells)
    .map(([name, { shares, times }]) => `${name} ${median(shares).toFixed(2)} (${shown(median(times))} µs)`)
    .join(" · ");
}
