import { open } from "lmdb";
import { join } from "node:path";
import { SojournError, type Store } from "sojourn";
import { lmdbStore, openLmdb } from "sojourn/stores/lmdb";
import { makeDataFolder } from "./data-folder.ts";
import { StartFailure } from "./start-failure.ts";

/** A store in the data folder. `close` closes the database too. @throws {StartFailure} naming the folder or the file, and the fix */
export function openStore(data: string): Store {
  const folder = join(data, "sessions");
  makeDataFolder(data);
  makeDataFolder(folder);
  try {
    const root = openLmdb(open, folder);
    const store = lmdbStore(root);
    return {
      ...store,
      async close() {
        await store.close();
        await root.close();
      },
    };
  } catch (error) {
    if (error instanceof SojournError) throw new StartFailure(error.message, { cause: error });
    throw error;
  }
}
