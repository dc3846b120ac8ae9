import type { SessionId } from "../../core/seam.ts";
import { frameNumber, frameText, fromBytes, readNumber, readText, toBytes, type Frames } from "./text-frames.ts";

/** What one transaction says in the log: every process learns from it what changed, and reads the fields of a delta nowhere else until it is folded. */
export type LogEntry =
  /** Only these fields changed. The record in its place is older. */
  | {
      readonly was: "delta";
      readonly id: SessionId;
      readonly version: number;
      readonly set: Readonly<Record<string, string>>;
      readonly unset: readonly string[];
    }
  /** The whole record was written to its place. */
  | { readonly was: "written"; readonly id: SessionId; readonly version: number; readonly ended: boolean }
  | { readonly was: "erased"; readonly id: SessionId; readonly version: number }
  /** Earlier deltas were merged into the record in its place. Nothing changed; it has no number. */
  | { readonly was: "folded"; readonly id: SessionId };

const codes = { delta: 0, written: 1, ended: 2, erased: 3, folded: 4 } as const;

export function encodeEntries(entries: readonly LogEntry[]): Uint8Array {
  let text = "";
  for (const entry of entries) {
    const code = entry.was === "written" && entry.ended ? codes.ended : codes[entry.was];
    text += frameNumber(code) + frameText(entry.id);
    if (entry.was === "folded") continue;
    text += frameNumber(entry.version);
    if (entry.was !== "delta") continue;
    const names = Object.keys(entry.set);
    text += frameNumber(names.length);
    for (const name of names) text += frameText(name) + frameText(entry.set[name] as string);
    text += frameNumber(entry.unset.length);
    for (const name of entry.unset) text += frameText(name);
  }
  return toBytes(text);
}

/** @throws {Error} when the bytes are not a batch of entries. */
export function decodeEntries(bytes: Uint8Array): LogEntry[] {
  const frames: Frames = { text: fromBytes(bytes), at: 0 };
  const entries: LogEntry[] = [];
  while (frames.at < frames.text.length) entries.push(readEntry(frames));
  return entries;
}

function readEntry(frames: Frames): LogEntry {
  const code = readNumber(frames);
  const id = readText(frames) as SessionId;
  if (code === codes.folded) return { was: "folded", id };
  const version = readNumber(frames);
  if (code === codes.erased) return { was: "erased", id, version };
  if (code !== codes.delta) return { was: "written", id, version, ended: code === codes.ended };
  const set: Record<string, string> = Object.create(null) as Record<string, string>;
  for (let n = readNumber(frames); n > 0; n--) {
    const name = readText(frames);
    set[name] = readText(frames);
  }
  const unset = Array.from({ length: readNumber(frames) }, () => readText(frames));
  return { was: "delta", id, version, set, unset };
}
