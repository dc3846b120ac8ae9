import { startChild, type Child } from "../child.fixture.ts";

/** A process of its own with a store on a folder. Resolves when its store is open. */
export function childIn(folder: string): Promise<Child> {
  return startChild(new URL("lmdb-child.mjs", import.meta.url), [folder]);
}
