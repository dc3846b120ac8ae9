import type { Disk } from "./disk.ts";

const pattern = /^[1-9]\d{0,15}$/;
const announcement = /^t\.[0-9a-z]{20}$/;

/** The generations among the names in a cell's folder, lowest first. */
export function generationsIn(names: readonly string[]): number[] {
  return names
    .filter((name) => pattern.test(name))
    .map(Number)
    .filter(Number.isSafeInteger)
    .toSorted((x, y) => x - y);
}

export function newestIn(names: readonly string[]): number | undefined {
  return generationsIn(names).at(-1);
}

/** The number of a new cell's first generation: of 2^47, with room for as many more. */
export function newGeneration(chance: (below: number) => number): number {
  return 1 + chance(2 ** 47);
}

export function announcementsIn(names: readonly string[]): string[] {
  return names.filter((name) => announcement.test(name));
}

/** How far below the newest a generation can be that was left over: as many changes would have to be made by processes that die at once after each. */
const span = 1_024;

/**
 * Takes away what a cell needs no more, after `last` was linked: announcements, then the generations below. Where nothing is left to be kept, `last` and the folder go as well.
 * The order is what makes it safe; see {@link Cells}. So does the span: whoever slept before listing may find the generations of another life of the cell, whose numbers are far away.
 * @returns how many announcements were taken away that their owners may still have counted on
 */
export async function tidy(disk: Disk, cell: string, last: number, nothingLeft: boolean): Promise<number> {
  const names = (await disk.list(cell)) ?? [];
  const announced = announcementsIn(names);
  await Promise.all(announced.map((name) => disk.unlink(`${cell}/${name}`)));
  const below = generationsIn(names).filter((generation) => generation < last);
  for (const generation of below) if (generation >= last - span) await disk.unlink(`${cell}/${generation}`);
  // One that stayed would be the newest again.
  if (nothingLeft && below.every((generation) => generation >= last - span)) {
    if (last > 0) await disk.unlink(`${cell}/${last}`);
    await disk.rmdir(cell);
  }
  return Math.max(0, announced.length - 1);
}
