import type { Place } from "../places.ts";
import type { Reservations } from "../reservations.ts";
import type { Cells } from "./cells.ts";
import { decodeEntries } from "./entries-codec.ts";
import type { FilePlaces } from "./file-places.ts";
import { UnreadableFile } from "./frame.ts";
import { newestIn, tidy } from "./generations.ts";
import { isLive } from "./indexes.ts";
import { readable } from "./documents.ts";
import type { FindingSettings } from "./kinds.ts";
import { entryOf, nameOf, parentOf, timeOf } from "./paths.ts";
import { walk } from "./walk.ts";

/** All that a scrub works with. */
export interface Scrubbing extends Omit<FindingSettings, "later"> {
  readonly cells: Cells;
  readonly places: FilePlaces;
  readonly reservations: Reservations;
  readonly now: () => number;
  /** ms for which an entry is left alone that no record has. */
  readonly grace: number;
}

interface Counts {
  dead: number;
  miscounted: number;
  repaired: number;
}

/** The other direction: entries that lead to no record that has them. Those on their way are left alone, and those of a record that cannot be read. */
export async function scrubEntries(with_: Scrubbing, counts: Counts, repair: boolean, tell: () => void): Promise<void> {
  const { disk, documents, healing, now, grace } = with_;
  const wrong = new Set<string>();

  /** An entry by mark, among kinds or wakes. */
  async function lookAt(path: string): Promise<void> {
    const entry = entryOf(path.slice(path.lastIndexOf("/") + 1));
    if (entry === undefined) return;
    const { name, mark, wake, flag } = entry;
    const document = await readable(documents, name);
    if (document === "unreadable") return;
    const isOwn = (found: typeof document): boolean => (wake === "" ? found?.mark === mark : found?.alarm?.mark === mark);
    if (isOwn(document)) {
      if (flag === "a" && document?.record !== undefined && (await isMiscounted(path, isLive(document)))) wrong.add(parentOf(parentOf(path)));
      return;
    }
    // It may have gone with the change that took it from the record.
    if (now() - timeOf(mark) < grace || (await disk.read(path)) === undefined) return;
    counts.dead++;
    if (repair && (await healing.isDead(name, mark, isOwn)) && (await disk.unlink(path))) counts.repaired++;
  }

  async function isMiscounted(path: string, live: boolean): Promise<boolean> {
    const [l, d] = [`${path.slice(0, -1)}l`, `${path.slice(0, -1)}d`];
    const [hasL, hasD] = [(await disk.read(l)) !== undefined, (await disk.read(d)) !== undefined];
    if (live ? hasL || !hasD : hasD || !hasL) return false;
    if (repair && live) await with_.index.put(l);
    if (repair && !live) {
      await with_.index.put(d);
      await disk.unlink(l);
    }
    if (repair) counts.repaired++;
    return true;
  }

  async function lookAtPlace(cell: string): Promise<void> {
    if (repair) await finish(with_, cell);
    const content = await with_.cells.read(cell);
    if (content === undefined) return;
    const { place, entries } = decodeEntries(content.payload);
    for (const { id, nonce, at } of entries) {
      const document = await readable(documents, nameOf(id));
      if (document === "unreadable" || document?.holds.get(place as Place) === nonce || now() - at < grace) continue;
      counts.dead++;
      if (repair) counts.repaired += await with_.reservations.evict(place as Place, [{ id, nonce, age: now() - at }]);
    }
  }

  for (const folder of ["k", "w"]) {
    for await (const path of walk(disk, folder, 3)) {
      tell();
      await lookAt(path);
    }
  }
  for await (const cell of walk(disk, "p", 3)) {
    tell();
    await lookAtPlace(cell).catch((error: unknown) => {
      // Whoever needs the place is told; its sessions are well.
      if (!(error instanceof UnreadableFile)) throw error;
    });
  }
  counts.miscounted = wrong.size;
}

/** Takes away what a process that died in the middle of a change has left in a cell: generations below the newest, announcements, all of a cell with nothing in it. */
export async function finish({ disk, cells }: Pick<Scrubbing, "disk" | "cells">, cell: string): Promise<void> {
  const newest = newestIn((await disk.list(cell)) ?? []);
  const nothingLeft = (await cells.read(cell)) === undefined;
  const names = (await disk.list(cell)) ?? [];
  if (newest === undefined || newest !== newestIn(names) || (names.length === 1 && !nothingLeft)) return;
  // Nothing is done but for a cell that has not changed in between.
  await tidy(disk, cell, newest, nothingLeft);
}
