// The plain store for several processes: all of it in one file, changed under a lock that ends by the clock of whoever wants it. As long as all clocks agree it
// keeps the contract; a clock that is ahead takes the lock from those who hold it.
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { newId } from "./chance.mjs";
import { plainStore } from "./plain-store.mjs";

/** ms after which whoever holds the lock is taken for dead. */
const grace = 2_000;

/** @param {string} folder @returns {import("sojourn").Store} */
export function sharedStore(folder) {
  const state = join(folder, "state");
  const lock = join(folder, "lock");

  function stored() {
    const text = textOf(state) ?? "[]";
    return plainStore({}, kept(text));
  }

  /** @template T @param {() => Promise<T>} act @returns {Promise<T>} */
  async function alone(act) {
    const mine = `${lock}-${newId()}`;
    for (;;) {
      // It is there whole or not at all, with the time since when it is held.
      writeFileSync(mine, String(Date.now()));
      try {
        linkSync(mine, lock);
        break;
      } catch {
        if (Date.now() - Number(textOf(lock) ?? Infinity) > grace) rmSync(lock, { force: true });
      }
      await sleep(2);
    }
    rmSync(mine);
    try {
      return await act();
    } finally {
      rmSync(lock, { force: true });
    }
  }

  return {
    load: (id) => stored().load(id),
    find: (query, page) => stored().find(query, page),
    commit: (change) =>
      alone(async () => {
        const records = kept(textOf(state) ?? "[]");
        const outcome = await plainStore({}, records).commit(change);
        await sleep(1);
        const next = join(folder, `state-${newId()}`);
        writeFileSync(next, JSON.stringify([...records.values()]));
        renameSync(next, state);
        return outcome;
      }),
    close() {},
  };
}

/** @param {string} text @returns {Map<import("sojourn").SessionId, import("sojourn").SessionRecord>} */
function kept(text) {
  /** @type {import("sojourn").SessionRecord[]} */
  const records = JSON.parse(text);
  return new Map(records.map((record) => [record.id, { ...record, fields: Object.setPrototypeOf(record.fields, null) }]));
}

/** @param {string} path */
function textOf(path) {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
