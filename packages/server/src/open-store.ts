import { open, type RootDatabase } from "lmdb";
import { join } from "node:path";
import { SojournError } from "sojourn";
import { lmdbStore, openLmdb, type LmdbStore } from "sojourn/stores/lmdb";
import { makeDataFolder } from "./data-folder.ts";
import { gateOf } from "./gate.ts";
import { StartFailure } from "./start-failure.ts";

/** The folder of the database in a data folder. */
export function sessionsFolder(data: string): string {
  return join(data, "sessions");
}

/** A store in the data folder, and the database under it. `close` closes the database too. */
export interface OpenStore extends LmdbStore {
  readonly root: RootDatabase;
}

/** Opens the store, or makes it. From then on until `close` nobody puts another in its place. @throws {StartFailure} naming the folder or the file, and the fix */
export function openStore(data: string, setting?: string): OpenStore {
  const folder = sessionsFolder(data);
  makeDataFolder(data, setting);
  makeDataFolder(folder, setting);
  return failingInOneLine(() => {
    const gate = gateOf(data);
    return gate.pass(() => {
      const root = openLmdb(open, folder);
      const store = lmdbStore(root);
      gate.enter();
      return {
        ...store,
        root,
        async close() {
          await store.close();
          await root.close();
          await gate.close();
        },
      };
    });
  });
}

/** @throws {StartFailure} in the place of what the store or LMDB throws. */
export function failingInOneLine<T>(act: () => T): T {
  try {
    return act();
  } catch (error) {
    throw inOneLine(error);
  }
}

/** What stops a command, as a line for whoever started it. Only faults of ours stay what they are. */
export function inOneLine(error: unknown): unknown {
  if (error instanceof SojournError) return new StartFailure(error.message, { cause: error });
  const text = error instanceof Error ? error.message : "";
  if (text.includes("MDB_READERS_FULL"))
    return new StartFailure("As many processes as can be are in the data folder (126). Stop one of them.", { cause: error });
  if (/no space left/i.test(text)) return new StartFailure("The disk of the data folder is full. Free some space.", { cause: error });
  return error;
}
