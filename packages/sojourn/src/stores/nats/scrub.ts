import type { ScrubOptions, ScrubReport, SessionId } from "../../core/seam.ts";
import { placesHeld, type Entry, type Place, type Places } from "../places.ts";
import type { Reservations } from "../reservations.ts";
import { placeKey } from "./keys.ts";
import type { Replica } from "./replica.ts";

/** Looked at in one turn of the event loop. */
const stretch = 500;

/** {@link ScrubbableStore.scrub}: the lists of the places against the records, both as this member has them. Kinds and wakes are made from the records and cannot differ. */
export async function scrub(
  replica: Replica,
  places: Places,
  reserving: Reservations,
  grace: number,
  { repair = false, progress }: ScrubOptions = {},
): Promise<ScrubReport> {
  const sessions = [...replica.sessions()];
  const lists = [...replica.places()];
  const unreadable: { readonly id: string; readonly why: string }[] = [];
  const holders = new Map<string, SessionId[]>();
  let [records, missing, dead, repaired, done] = [0, 0, 0, 0, 0];
  async function step(): Promise<void> {
    if (++done % stretch !== 0) return;
    progress?.({ done, of: sessions.length + lists.length });
    await new Promise((resolve) => setImmediate(resolve));
  }

  for (const [id] of sessions) {
    await step();
    const copy = replica.session(id);
    if (copy?.unreadable !== undefined) unreadable.push({ id, why: copy.unreadable.message });
    const document = copy?.kept?.document;
    if (document?.record === undefined) continue;
    records++;
    for (const alias of document.record.ended === undefined ? document.record.aliases : []) holders.set(alias, [...(holders.get(alias) ?? []), id]);
    for (const place of placesHeld(document.record)) {
      const nonce = document.holds.get(place);
      if (nonce === undefined || entriesOf(place).some((entry) => entry.id === id && entry.nonce === nonce)) continue;
      missing++;
      if (!repair) continue;
      // An entry of the session by another nonce would keep this one out.
      for (const entry of entriesOf(place)) if (entry.id === id) await reserving.evict(place, [{ ...entry, age: grace }]);
      const { nonce: by } = await places.reserve(place, { id, nonce }, Infinity);
      if (by === nonce) repaired++;
      // The record may have let go of it meanwhile.
      await reserving.evict(place, [{ id, nonce, age: 0 }]);
    }
  }

  for (const { place } of lists) {
    await step();
    if (place === undefined) continue;
    const left: Entry[] = (await places.list(place)).filter(
      ({ id, nonce, age }) => age >= grace && replica.session(id)?.kept?.document.holds.get(place) !== nonce,
    );
    dead += left.length;
    if (repair && left.length > 0) repaired += await reserving.evict(place, left);
  }
  progress?.({ done, of: done });
  const conflicts = [...holders].filter(([, ids]) => ids.length > 1).map(([alias, ids]) => ({ alias, ids }));
  return { records, missing, dead, miscounted: 0, repaired, conflicts, unreadable };

  function entriesOf(place: Place): readonly { readonly id: SessionId; readonly nonce: string }[] {
    return replica.place(placeKey(place))?.entries ?? [];
  }
}
