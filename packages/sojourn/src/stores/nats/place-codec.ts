import type { SessionId } from "../../core/seam.ts";
import type { Place } from "../places.ts";

/** An entry of a place, as it is kept. */
export interface KeptEntry {
  readonly id: SessionId;
  readonly nonce: string;
  /** When it was put there, epoch ms of the clock of whoever put it. */
  readonly at: number;
}
export interface KeptPlace {
  /** Absent where nobody stands. */
  readonly place?: Place;
  readonly entries: readonly KeptEntry[];
}

interface Written {
  readonly p?: Place;
  readonly l: readonly (readonly [SessionId, string, number])[];
}

export function encodePlace(place: Place, entries: readonly KeptEntry[]): string {
  const written: Written = { ...(entries.length > 0 && { p: place }), l: entries.map(({ id, nonce, at }) => [id, nonce, at]) };
  return JSON.stringify(written);
}

const text = new TextDecoder();

/** What cannot be read is empty: the records are the truth, and {@link ScrubbableStore.scrub} puts the entries back. */
export function decodePlace(data: Uint8Array): KeptPlace {
  try {
    const { p, l } = JSON.parse(text.decode(data)) as Written;
    return { ...(p !== undefined && { place: p }), entries: l.map(([id, nonce, at]) => ({ id, nonce, at })) };
  } catch {
    return { entries: [] };
  }
}
