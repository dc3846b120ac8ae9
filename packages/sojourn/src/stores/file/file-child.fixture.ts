import { racers, startChild, type Child, type Racers } from "../child.fixture.ts";

/** A process of its own with a store on a folder. Resolves when its store is there. */
export function childIn(folder: string, grace = 2_000): Promise<Child> {
  return startChild(new URL("file-child.mjs", import.meta.url), [folder, String(grace)]);
}

/** One process after the other, each in the next of the folders. */
export function racersIn(folders: readonly string[]): Racers {
  return racers((n) => childIn(folders[n % folders.length] as string));
}
