import { isForgotten } from "../session-document.ts";
import type { Disk } from "./disk.ts";
import type { FileDocument } from "./document-codec.ts";
import type { Documents } from "./documents.ts";
import { newMark, recordCell, stagingFolder, timeOf } from "./paths.ts";

/** What processes that died have left behind, taken away by whoever meets it. */
export interface Healing {
  /**
   * Whether an index entry with this mark, which the document does not say to be its own, is nobody's: its attempt never lands. One that is still on its way and older than the
   * grace is sent back to its start.
   */
  isDead(name: string, mark: string, isOwn: (document: FileDocument | undefined) => boolean): Promise<boolean>;
  /** Takes away what was only kept to remember forbidden nonces, when that is no longer needed. @returns whether it is gone */
  forget(name: string): Promise<boolean>;
  /** Takes away attempts to make a cell, and to read the clock, that are older than `age` (ms). @returns how many */
  clear(age: number): Promise<number>;
}

export interface HealingSettings {
  readonly disk: Disk;
  readonly documents: Documents;
  /** ms */
  readonly grace: number;
  readonly now: () => number;
}

export function healing({ disk, documents, grace, now }: HealingSettings): Healing {
  /** A folder is taken out of the way in one step before it is emptied: half empty it could still be renamed to a cell. */
  async function clearAway(folder: string): Promise<void> {
    const aside = folder.startsWith("t/x.") ? folder : `t/x.${newMark(now())}`;
    if (aside !== folder && (await disk.rename(folder, aside)) !== "done") return;
    for (const name of (await disk.list(aside)) ?? []) await disk.unlink(`${aside}/${name}`);
    await disk.rmdir(aside);
  }

  return {
    async isDead(name, mark, isOwn) {
      const announcement = `t.${mark}`;
      const staging = stagingFolder(recordCell(name), mark);
      const isAnnounced = (await disk.list(recordCell(name)))?.includes(announcement) === true;
      const isStaged = (await disk.list(staging)) !== undefined;
      if ((isAnnounced || isStaged) && now() - timeOf(mark) < grace) return false;
      if (isAnnounced) await disk.unlink(`${recordCell(name)}/${announcement}`);
      if (isStaged) await clearAway(staging);
      // In this order: who can no longer land either has landed, and the document says so, or never does.
      return !isOwn(await documents.read(name));
    },
    async forget(name) {
      const document = await documents.read(name);
      if (document === undefined) return true;
      if (!isForgotten(document, now())) return false;
      for (const attempt of (await disk.list("t")) ?? []) if (attempt.startsWith(`${name}.`)) await clearAway(`t/${attempt}`);
      return documents.change(name, {
        deadline: undefined,
        judge(found, at) {
          if (found === undefined || !isForgotten(found, at)) return { answer: found === undefined, next: undefined };
          return { answer: true, next: { record: undefined, holds: new Map(), forbidden: new Map() } };
        },
      });
    },
    async clear(age) {
      const before = now() - age;
      const old = ((await disk.list("t")) ?? []).filter((name) => /\.[0-9a-z]{20}$/.test(name) && timeOf(name.slice(-20)) < before);
      for (const attempt of old) await (attempt.startsWith("c.") ? disk.unlink(`t/${attempt}`) : clearAway(`t/${attempt}`));
      return old.length;
    },
  };
}
