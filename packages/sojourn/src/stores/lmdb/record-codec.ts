import type { SessionId, SessionRecord } from "../../core/seam.ts";
import { fromSortable, sortable } from "./keys.ts";
import { frameNumber, frameText, fromBytes, readNumber, readText, toBytes, type Frames } from "./text-frames.ts";

const has = { subject: 1, wake: 2, epoch: 4, ended: 8, aliases: 16 } as const;
const none: readonly string[] = Object.freeze([]);

/** A record as bytes, valid until the next value is encoded. */
export function encodeRecord(record: SessionRecord): Uint8Array {
  const { subject, wake, epoch, ended, aliases, fields } = record;
  const flags =
    (subject === undefined ? 0 : has.subject) |
    (wake === undefined ? 0 : has.wake) |
    (epoch === 0 ? 0 : has.epoch) |
    (ended === undefined ? 0 : has.ended) |
    (aliases.length === 0 ? 0 : has.aliases);
  let text = frameNumber(flags) + frameNumber(record.version) + frameText(record.id) + frameText(record.kind);
  if (subject !== undefined) text += frameText(subject);
  if (wake !== undefined) text += sortable(wake);
  if (epoch !== 0) text += sortable(epoch);
  if (ended !== undefined) text += frameText(ended);
  if (aliases.length > 0) {
    text += frameNumber(aliases.length);
    for (const alias of aliases) text += frameText(alias);
  }
  let names = "";
  let values = "";
  for (const name in fields) {
    names += frameText(name);
    values += frameText(fields[name] as string);
  }
  return toBytes(text + frameText(names) + values);
}

/** What is kept in a record's place is none that this release can read. Other records are none the worse for it. */
export class UnreadableRecord extends Error {
  override readonly name = "UnreadableRecord";
}

/** @throws {UnreadableRecord} when the bytes are not a record. */
export function decodeRecord(bytes: Uint8Array): SessionRecord {
  try {
    return decode(bytes);
  } catch (error) {
    throw new UnreadableRecord(error instanceof Error ? error.message : String(error), { cause: error });
  }
}

/** A later release may have more to say of a record: what it says with further flags must not be taken for something else. */
const allFlags = has.subject | has.wake | has.epoch | has.ended | has.aliases;

function decode(bytes: Uint8Array): SessionRecord {
  const frames: Frames = { text: fromBytes(bytes), at: 0 };
  const flags = readNumber(frames);
  if (flags > allFlags) throw new Error("a newer release of sojourn wrote it");
  const version = readNumber(frames);
  const id = readText(frames) as SessionId;
  const kind = readText(frames);
  const subject = flags & has.subject ? { subject: readText(frames) } : undefined;
  const wake = flags & has.wake ? { wake: readSortable(frames) } : undefined;
  const epoch = flags & has.epoch ? readSortable(frames) : 0;
  const ended = flags & has.ended ? { ended: readText(frames) } : undefined;
  const aliases = flags & has.aliases ? Array.from({ length: readNumber(frames) }, () => readText(frames)) : none;
  const { names, blank } = shapeOf(readText(frames));
  // A copy of an object that has the fields already, given new values, is several times faster than one that grows.
  const fields: Record<string, string> = { ...blank };
  for (const name of names) setField(fields, name, readText(frames));
  if (frames.at !== frames.text.length) throw new Error("a record in the database is longer than its fields");
  // Taken off at the end: an object that begins without a prototype is a slow one.
  return { id, version, kind, ...subject, ...wake, epoch, ...ended, aliases, fields: Object.setPrototypeOf(fields, null) as SessionRecord["fields"] };
}

interface Shape {
  readonly names: readonly string[];
  readonly blank: Readonly<Record<string, string>>;
}

/** The sets of field names met: sessions of one kind mostly have the same. */
const shapes = new Map<string, Shape>();
const mostShapes = 256;

function shapeOf(block: string): Shape {
  const known = shapes.get(block);
  if (known !== undefined) return known;
  const frames: Frames = { text: block, at: 0 };
  const names: string[] = [];
  while (frames.at < block.length) names.push(readText(frames));
  const blank: Record<string, string> = {};
  for (const name of names) setField(blank, name, "");
  const shape = { names, blank };
  if (shapes.size === mostShapes) shapes.clear();
  shapes.set(block, shape);
  return shape;
}

/** Assignment, also for the one name to which an ordinary object answers otherwise. */
export function setField(fields: Record<string, string>, name: string, text: string): void {
  if (name === "__proto__") Object.defineProperty(fields, name, { value: text, writable: true, enumerable: true, configurable: true });
  else fields[name] = text;
}

function readSortable(frames: Frames): number {
  const number = fromSortable(frames.text, frames.at);
  frames.at += 8;
  return number;
}
