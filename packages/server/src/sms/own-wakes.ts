import type { Found, SessionRecord, Store } from "sojourn";

/**
 * A store as a manager sees it that goes by a time of its own: of all that is due it is shown its own kinds (as stored). A clock that is moved
 * ahead would else end everybody's sessions. Closing it closes nothing.
 */
export function ownWakes(store: Store, kinds: readonly string[]): Store {
  async function due(until: number, limit: number): Promise<Found> {
    const found: (SessionRecord & { readonly wake: number })[] = [];
    for (const kind of kinds) {
      let page: Found | undefined;
      do {
        page = await store.find({ kind }, page?.next === undefined ? {} : { after: page.next });
        for (const record of page.records) if (record.wake !== undefined && record.wake <= until) found.push({ ...record, wake: record.wake });
      } while (page.next !== undefined);
    }
    return { records: found.sort((a, b) => a.wake - b.wake).slice(0, limit) };
  }

  return {
    load: (id, options) => store.load(id, options),
    commit: (change, options) => store.commit(change, options),
    find: (query, page) => ("wakeBefore" in query ? due(query.wakeBefore, page?.limit ?? 100) : store.find(query, page)),
    close: () => undefined,
  };
}
