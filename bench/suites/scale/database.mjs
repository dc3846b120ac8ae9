import { mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { open } from "lmdb";
import { createSessions } from "sojourn";
import { lmdbStore, openLmdb } from "sojourn/stores/lmdb";
import { tokenShelf } from "../../lib/token-shelf.mjs";

/**
 * What stands beside a filled database: how many sessions it has, and between which two moments (epoch ms) they were made.
 * @typedef {{ count: number, from: number, to: number, seconds: number, bytes: number }} Facts
 */

/** Sessions are made as if in six hours, and live for a week without a visit. So many of them, evenly among all, are remembered, to be resumed. */
export const span = 21_600_000;
const idle = "7d";
export const remembered = 20_000;

/**
 * The store and a manager as shipped, by a clock that the bench sets. A call may take a minute: what is asked for here at once would come over many seconds.
 * @param {string} folder
 * @param {number} now epoch ms.
 * @param {{ lmdb?: { noSync?: boolean }, store?: import("sojourn/stores/lmdb").LmdbStoreOptions }} [options]
 */
export function openDatabase(folder, now, options = {}) {
  mkdirSync(folder, { recursive: true });
  const began = performance.now();
  const root = openLmdb(open, folder, options.lmdb);
  const store = lmdbStore(root, options.store);
  let base = now - Date.now();
  const sessions = createSessions({ store, clock: { now: () => Date.now() + base }, idle, absolute: "30d", deadline: "1m" });
  return {
    root,
    store,
    sessions,
    /** ms that opening took. */
    opening: performance.now() - began,
    /** @param {number} time epoch ms. */
    setClock(time) {
      base = time - Date.now();
    },
    now: () => Date.now() + base,
    async close() {
      await sessions.close();
      await store.close();
      await root.close();
    },
  };
}

/** @param {string} folder */
export const bytesOf = (folder) => statSync(join(folder, "data.mdb")).size;

/**
 * @param {string} folder
 * @returns {Facts | undefined} when the folder was not filled to the end.
 */
export function factsOf(folder) {
  try {
    return JSON.parse(readFileSync(join(folder, "facts.json"), "utf8"));
  } catch {
    return undefined;
  }
}

/**
 * The last act of filling.
 * @param {string} folder
 * @param {Facts} facts
 * @param {readonly string[]} tokens
 */
export function writeFacts(folder, facts, tokens) {
  writeFileSync(join(folder, "tokens"), tokens.join("\n"));
  writeFileSync(join(folder, "facts.json"), JSON.stringify(facts));
}

/** @param {string} folder */
export function readTokens(folder) {
  const tokens = readFileSync(join(folder, "tokens"), "utf8").split("\n");
  const shelf = tokenShelf(tokens.length);
  for (const token of tokens) shelf.add(token);
  return shelf;
}
