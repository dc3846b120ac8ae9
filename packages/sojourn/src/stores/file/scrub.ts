import type { ScrubOptions, ScrubReport, SessionId } from "../../core/seam.ts";
import { placesHeld, type Place } from "../places.ts";
import type { FileDocument } from "./document-codec.ts";
import { UnreadableFile } from "./frame.ts";
import { isName, kindPath, nameOf, recordCell, wakePath } from "./paths.ts";
import { finish, scrubEntries, type Scrubbing } from "./scrub-entries.ts";
import { countBelow, walk } from "./walk.ts";

/** Attempts older than this (ms) are taken for those of dead processes. One that sleeps for longer begins again. */
const deadAfter = 600_000;

/**
 * Compares the records with the entries that lead to them, one at a time and in both directions, while others read and write. What looks wrong is looked at again, since
 * an entry may have gone with the change that no longer needs it. A repair also takes away what dead processes have left.
 */
export async function scrub(with_: Scrubbing, { repair = false, progress }: ScrubOptions = {}): Promise<ScrubReport> {
  const { disk, documents, places, index, healing, reservations } = with_;
  const report = { records: 0, missing: 0, dead: 0, miscounted: 0, repaired: 0 };
  const unreadable: { id: string; why: string }[] = [];
  const holders = new Map<string, Set<SessionId>>();
  const depths = { r: 3, k: 3, w: 3, p: 3 };
  let of = 0;
  for (const [folder, depth] of Object.entries(depths)) of += await countBelow(disk, folder, depth);
  let done = 0;
  const tell = (): void => progress?.({ done: ++done, of: Math.max(of, done) });

  async function holdsPlace(id: SessionId, place: Place, nonce: string): Promise<boolean> {
    return (await places.list(place)).some((entry) => entry.id === id && entry.nonce === nonce);
  }

  /** What a record should be found by and is not. Each with its repair. */
  async function lacking(name: string, { record, holds, mark, alarm }: FileDocument): Promise<(() => Promise<boolean>)[]> {
    const found: (() => Promise<boolean>)[] = [];
    const paths = [
      ...(record === undefined || mark === undefined ? [] : [kindPath(record.kind, name, mark, "a")]),
      ...(alarm === undefined ? [] : [wakePath(alarm.at, name, alarm.mark)]),
    ];
    for (const path of paths) {
      if ((await disk.read(path)) === undefined) found.push(() => index.put(path).then(() => true));
    }
    const id = record?.id as SessionId;
    for (const place of placesHeld(record)) {
      const nonce = holds.get(place);
      if (nonce === undefined || (await holdsPlace(id, place, nonce))) continue;
      found.push(async () => {
        const inTheWay = (await places.list(place)).filter((entry) => entry.id === id || place.startsWith("a"));
        await reservations.evict(place, inTheWay);
        if (place.startsWith("a") && (await places.list(place)).some((entry) => entry.id !== id)) return false;
        return (await places.reserve(place, { id, nonce }, Infinity)).nonce === nonce;
      });
    }
    return found;
  }

  async function lookAt(name: string): Promise<void> {
    const document = await documents.read(name);
    if (document === undefined) return;
    if (document.record !== undefined) report.records++;
    for (const alias of document.record?.aliases ?? []) holders.set(alias, (holders.get(alias) ?? new Set()).add(document.record?.id as SessionId));
    if ((await lacking(name, document)).length > 0) {
      // A change since then may have taken them along.
      const again = await documents.read(name);
      const still = again === undefined ? [] : await lacking(name, again);
      report.missing += again === (await documents.read(name)) ? still.length : 0;
      if (repair) for (const put of still) if (await put()) report.repaired++;
    }
    if (repair && document.record === undefined) await healing.forget(name);
  }

  if (repair) await healing.clear(deadAfter);
  for await (const cell of walk(disk, "r", 3)) {
    tell();
    const name = cell.slice(cell.lastIndexOf("/") + 1);
    if (!isName(name) || recordCell(name) !== cell) continue;
    try {
      await lookAt(name);
      if (repair) await finish(with_, cell);
    } catch (error) {
      if (!(error instanceof UnreadableFile)) throw error;
      unreadable.push({ id: name, why: error.message });
    }
  }
  await scrubEntries(with_, report, repair, tell);

  const conflicts: { alias: string; ids: SessionId[] }[] = [];
  for (const [alias, ids] of holders) {
    if (ids.size < 2) continue;
    const now = await Promise.all([...ids].map(async (id) => ({ id, document: await documents.read(nameOf(id)) })));
    const still = now.filter(({ document }) => document?.record?.aliases.includes(alias) === true).map(({ id }) => id);
    if (still.length > 1) conflicts.push({ alias, ids: still });
  }
  return { ...report, conflicts, unreadable };
}
