import type { Disk } from "./disk.ts";

/** The paths of everything that lies exactly `depth` folders below, in the order of their names. Folders that go meanwhile are passed over. */
export async function* walk(disk: Disk, folder: string, depth: number): AsyncGenerator<string> {
  for (const name of [...((await disk.list(folder)) ?? [])].toSorted()) {
    if (depth === 1) yield `${folder}/${name}`;
    else yield* walk(disk, `${folder}/${name}`, depth - 1);
  }
}

/** How many that are. */
export async function countBelow(disk: Disk, folder: string, depth: number): Promise<number> {
  const names = (await disk.list(folder)) ?? [];
  if (depth === 1) return names.length;
  let sum = 0;
  for (const name of names) sum += await countBelow(disk, `${folder}/${name}`, depth - 1);
  return sum;
}
