import { open } from "lmdb";
import { lmdbStore, openLmdb } from "sojourn/stores/lmdb";
import { memoryStore } from "sojourn/stores/memory";

/**
 * A store as shipped; what LMDB acknowledges is `"committed"`.
 * @param {string} name `lmdb` or `memory`.
 * @param {string} folder for LMDB.
 */
export function openStore(name, folder) {
  if (name === "memory") {
    const store = memoryStore();
    return { store, close: async () => store.close() };
  }
  const root = openLmdb(open, folder);
  const store = lmdbStore(root);
  return {
    store,
    async close() {
      await store.close();
      await root.close();
    },
  };
}
