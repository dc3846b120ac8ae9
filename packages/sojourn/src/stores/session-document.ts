import { apply } from "../core/apply.ts";
import type { Change, SessionRecord } from "../core/seam.ts";
import { placesHeld, type Freed, type Held, type Landing, type Place, type Reservation } from "./places.ts";

/**
 * All that is kept of one session, for engines that replace one document by compare-and-set: the record, by which nonces it holds its places, and which
 * nonces were forbidden. One without a record is what an erased session leaves behind until its nonces are forgotten.
 */
export interface SessionDocument {
  readonly record: SessionRecord | undefined;
  /** Nonces by place. */
  readonly holds: ReadonlyMap<Place, string>;
  /** When each was forbidden, epoch ms. */
  readonly forbidden: ReadonlyMap<string, number>;
}

/** ms for which a forbidden nonce is remembered, where one clock tells: longer than any commit is on its way. */
export const rememberedFor = 300_000;

/** ms for which a document remembers one. Its moments are by the clocks of all who write it, and these may be an hour apart. */
export const writtenFor: number = rememberedFor + 3_600_000;

const nothing: SessionDocument = { record: undefined, holds: new Map(), forbidden: new Map() };

/** {@link Owners.commit} on a document. `next`: what to write in its place if it is still the same; `undefined`: nothing. `now`: epoch ms. */
export function commitDocument(
  document: SessionDocument = nothing,
  change: Change,
  held: readonly Held[],
  now: number,
): { readonly landing: Landing; readonly next: SessionDocument | undefined } {
  const { record, holds, forbidden } = document;
  const applied = apply(record, change);
  if (!applied.ok) {
    const freed = held.filter(({ place, nonce }) => holds.get(place) !== nonce).map(({ place, nonce }) => ({ place, nonce }));
    const next = freed.length === 0 ? undefined : { record, holds, forbidden: remember(forbidden, freed, now) };
    return { landing: { ...applied, freed }, next };
  }
  const nonces = held.map(({ nonce }) => nonce).filter((nonce) => forbidden.has(nonce));
  if (nonces.length > 0) return { landing: { ok: false, why: "lost", nonces }, next: undefined };
  const unjudged = held.find(({ place, judged }) => !judged && !holds.has(place));
  if (unjudged !== undefined) return { landing: { ok: false, why: "unjudged", place: unjudged.place }, next: undefined };
  const taken = new Map(held.map(({ place, nonce }) => [place, nonce]));
  const after = new Map<Place, string>();
  for (const place of placesHeld(applied.next)) {
    const nonce = taken.get(place) ?? holds.get(place);
    if (nonce === undefined) throw new Error("a place was taken without a reservation");
    after.set(place, nonce);
  }
  const freed: Freed[] = [...holds].filter(([place, nonce]) => after.get(place) !== nonce).map(([place, nonce]) => ({ place, nonce }));
  const { next, version } = applied;
  return {
    landing: { ok: true, version, ...(next && { record: next }), freed },
    next: { record: next, holds: after, forbidden: remember(forbidden, freed, now) },
  };
}

/** {@link Owners.resolve} on a document. `next` as of {@link commitDocument}. */
export function resolveDocument(
  document: SessionDocument = nothing,
  { nonce }: Reservation,
  place: Place,
  forbid: boolean,
  now: number,
): { readonly answer: "holds" | "open" | "never"; readonly next: SessionDocument | undefined } {
  const { record, holds, forbidden } = document;
  if (holds.get(place) === nonce) return { answer: "holds", next: undefined };
  if (forbidden.has(nonce) || record?.ended !== undefined || (place.startsWith("k") && record !== undefined)) return { answer: "never", next: undefined };
  if (!forbid) return { answer: "open", next: undefined };
  return { answer: "never", next: { record, holds, forbidden: remember(forbidden, [{ place, nonce }], now) } };
}

/** Whether nothing is left to be kept of the session. */
export function isForgotten({ record, forbidden }: SessionDocument, now: number): boolean {
  return record === undefined && [...forbidden.values()].every((at) => now - at > writtenFor);
}

function remember(forbidden: SessionDocument["forbidden"], freed: readonly Freed[], now: number): SessionDocument["forbidden"] {
  const all = new Map([...forbidden].filter(([, at]) => now - at <= writtenFor));
  for (const { nonce } of freed) all.set(nonce, now);
  return all;
}
