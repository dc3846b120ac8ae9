// The four verbs over a Map, with nothing but "sojourn": for runtimes that have no module of Node's.
import { apply, satisfies } from "sojourn";

/** @returns {import("sojourn").Store} */
export function plainStore() {
  /** @type {Map<string, import("sojourn").SessionRecord>} */
  const records = new Map();
  return {
    load: (id) => records.get(id),
    commit(change) {
      const applied = apply(records.get(change.id), change);
      if (!applied.ok) return applied;
      for (const alias of applied.next?.aliases ?? [])
        for (const other of records.values()) if (other.id !== change.id && other.aliases.includes(alias)) return { ok: false, why: "taken", alias };
      if (applied.next === undefined) records.delete(change.id);
      else records.set(change.id, applied.next);
      return { ok: true, version: applied.version, ...(applied.next && { record: applied.next }) };
    },
    find: (query) => ({ records: [...records.values()].filter((record) => satisfies(record, query)) }),
    close: () => undefined,
  };
}

/**
 * The same store as it is at the other end of a wire: a millisecond to it and one back.
 * @param {import("sojourn").Store} store
 * @returns {import("sojourn").Store}
 */
export function distant(store) {
  const pause = () => new Promise((resolve) => setTimeout(resolve, 1));
  /** @template T @param {() => T} answer */
  const late = async (answer) => {
    await pause();
    const value = await answer();
    await pause();
    return value;
  };
  return {
    load: (id) => late(() => store.load(id)),
    commit: (change) => late(() => store.commit(change)),
    find: (query, page) => late(() => store.find(query, page)),
    close: () => late(() => store.close()),
  };
}
