import type { Reservation } from "../places.ts";
import { UnreadableFile } from "./frame.ts";
import { isKeepable } from "./paths.ts";

/** A reservation as it is kept. */
export interface KeptEntry extends Reservation {
  /** When it was put, epoch ms by the file system's clock. */
  readonly at: number;
}

/** `""` when there are none. The place's name stands in the file, for `scrub` and for whoever looks. */
export function encodeEntries(place: string, entries: readonly KeptEntry[]): string {
  return entries.length === 0 ? "" : JSON.stringify({ place, entries: entries.map(({ id, nonce, at }) => [id, nonce, at]) });
}

/** @throws {UnreadableFile} */
export function decodeEntries(text: string): { readonly place: string; readonly entries: readonly KeptEntry[] } {
  try {
    const { place, entries } = JSON.parse(text) as { place: unknown; entries: unknown };
    if (typeof place !== "string" || !Array.isArray(entries)) throw new Error("not a place");
    return { place, entries: entries.map(entryIn) };
  } catch {
    throw new UnreadableFile("the file of a place is damaged");
  }
}

function entryIn(value: unknown): KeptEntry {
  const [id, nonce, at] = value as unknown[];
  if (typeof id !== "string" || !isKeepable(id) || typeof nonce !== "string" || typeof at !== "number") throw new Error("not an entry");
  return { id, nonce, at };
}
