import { utf8 } from "./box.ts";
import { authenticationOf, type Authentication } from "../core/own-fields.ts";
import { SojournError } from "../core/errors.ts";
import type { SessionId } from "../core/seam.ts";
import { createdIn, idBytes, idText } from "./id-bytes.ts";
import { putVarint, readVarint, varintLength, type Reader } from "./varint.ts";

/**
 * A session as it travels, before it is sealed.
 *
 * Head: flags (1 byte), id (16 bytes), generation, version, last activity, idle time, lifetime and, with a subject, the moment of the authentication (varints, ms;
 * moments count from the creation, which the id tells); the absolute deadline, if it is not the lifetime after the authentication or the creation; with a packed
 * segment its length and bytes. Body: UTF-8 lines. With a subject its name, its methods
 * and its levels come first; then the name and the text of each field in turn.
 */
export interface Carried {
  readonly id: SessionId;
  /** Epoch ms; the id begins with it. */
  readonly created: number;
  /** Grows whenever the secret would be replaced: tokens of an earlier one are over where revocations are kept. */
  readonly generation: number;
  readonly version: number;
  /** Epoch ms. */
  readonly seen: number;
  /** ms. */
  readonly idle: number;
  /** ms. */
  readonly lifetime: number;
  /** Epoch ms; `undefined`: the lifetime after the authentication, or after the creation. */
  readonly absolute: number | undefined;
  readonly subject: string | undefined;
  readonly auth: Authentication | undefined;
  /** Which fields rest in a store instead: none, the shared ones, or all. */
  readonly aside: Aside;
  /** Texts, by name. */
  readonly fields: Readonly<Record<string, string>>;
}

/** Where the fields of a session are. */
export type Aside = "none" | "shared" | "all";

const flag = { subject: 1, shared: 2, all: 4, packed: 8, levels: 16, absolute: 32 } as const;
const separator = "\n";

/** @param packed the segment of public fields, compressed. @throws {SojournError} `invalid_field` for a name with a line break */
export function writeSession(carried: Carried, packed: Uint8Array | undefined): { readonly head: Uint8Array; readonly body: string } {
  const { auth, subject, created } = carried;
  const levels = auth !== undefined && Object.keys(auth.levels).length > 0;
  const numbers = [carried.generation, carried.version, whole(carried.seen - created), whole(carried.idle), whole(carried.lifetime)];
  if (auth !== undefined) numbers.push(zigzag(Math.floor(auth.at) - created));
  if (carried.absolute !== undefined) numbers.push(whole(carried.absolute - created));
  if (packed !== undefined) numbers.push(packed.length);
  let length = 17;
  for (const number of numbers) length += varintLength(number);
  const head = new Uint8Array(length + (packed?.length ?? 0));
  head[0] =
    (subject === undefined ? 0 : flag.subject) |
    (carried.aside === "shared" ? flag.shared : carried.aside === "all" ? flag.all : 0) |
    (packed === undefined ? 0 : flag.packed) |
    (levels ? flag.levels : 0) |
    (carried.absolute === undefined ? 0 : flag.absolute);
  idBytes(carried.id, head, 1);
  let at = 17;
  for (const number of numbers) at = putVarint(head, at, number);
  if (packed !== undefined) head.set(packed, at);

  let body = "";
  if (subject !== undefined) body = line(subject) + separator + methodsLine(auth?.methods ?? []) + (levels ? separator + JSON.stringify(auth?.levels) : "");
  const fields = fieldLines(carried.fields);
  return { head, body: fields === "" ? body : subject === undefined ? fields : body + separator + fields };
}

/** What {@link writeSession} wrote; `undefined` for anything else. */
export function readSession(bytes: Uint8Array): { readonly carried: Carried; readonly packed: Uint8Array | undefined } | undefined {
  try {
    return read(bytes);
  } catch {
    return undefined;
  }
}

function read(bytes: Uint8Array): { readonly carried: Carried; readonly packed: Uint8Array | undefined } | undefined {
  if (bytes.length < 22) return undefined;
  const flags = bytes[0] as number;
  if (flags > 63) return undefined;
  const id = idText(bytes, 1);
  const created = createdIn(bytes, 1);
  const reader: Reader = { bytes, at: 17 };
  const generation = readVarint(reader);
  const version = readVarint(reader);
  const seen = created + readVarint(reader);
  const idle = readVarint(reader);
  const lifetime = readVarint(reader);
  const hasSubject = (flags & flag.subject) !== 0;
  const at = hasSubject ? created + unzigzag(readVarint(reader)) : 0;
  const absolute = (flags & flag.absolute) === 0 ? undefined : created + readVarint(reader);
  let packed: Uint8Array | undefined;
  if ((flags & flag.packed) !== 0) {
    const length = readVarint(reader);
    if (reader.at + length > bytes.length) return undefined;
    packed = bytes.subarray(reader.at, reader.at + length);
    reader.at += length;
  }
  const lines = reader.at === bytes.length ? [] : utf8(bytes, reader.at).split(separator);
  let from = 0;
  let subject: string | undefined;
  let auth: Authentication | undefined;
  if (hasSubject) {
    subject = unline(lines[0] as string);
    from = (flags & flag.levels) === 0 ? 2 : 3;
    auth = { at, methods: methodsIn(lines[1] as string), levels: from === 2 ? {} : levelsIn(lines[2] as string) };
  }
  const fields = fieldsIn(lines, from);
  if (fields === undefined) return undefined;
  const aside: Aside = (flags & flag.all) !== 0 ? "all" : (flags & flag.shared) !== 0 ? "shared" : "none";
  return { carried: { id, created, generation, version, seen, idle, lifetime, absolute, subject, auth, aside, fields }, packed };
}

/** Names and texts in turn; also what a packed segment holds. @throws {SojournError} `invalid_field` */
export function fieldLines(fields: Readonly<Record<string, string>>): string {
  let lines = "";
  for (const name in fields) {
    const text = fields[name] as string;
    if (name.includes(separator) || text.includes(separator))
      throw new SojournError(
        "invalid_field",
        `The field ${JSON.stringify(name)} has a line break in its name, which a sealed session cannot keep. Name it otherwise.`,
      );
    lines += lines === "" ? name + separator + text : separator + name + separator + text;
  }
  return lines;
}

/** `undefined` unless names and texts come in turn. Without a prototype. */
export function fieldsIn(lines: readonly string[], from: number): Record<string, string> | undefined {
  if ((lines.length - from) % 2 !== 0) return undefined;
  const fields: Record<string, string> = {};
  for (let i = from; i < lines.length; i += 2) {
    const name = lines[i] as string;
    if (name === "__proto__") return undefined;
    fields[name] = lines[i + 1] as string;
  }
  return Object.setPrototypeOf(fields, null) as Record<string, string>;
}

function line(text: string): string {
  return text.includes(separator) || text.startsWith("%") ? `%${encodeURIComponent(text)}` : text;
}

function unline(text: string): string {
  return text.startsWith("%") ? decodeURIComponent(text.slice(1)) : text;
}

function methodsLine(methods: readonly string[]): string {
  return methods.every((method) => /^[\w.-]+$/.test(method)) ? methods.join(",") : JSON.stringify(methods);
}

function methodsIn(text: string): readonly string[] {
  if (text === "") return [];
  return text.startsWith("[") ? (JSON.parse(text) as string[]) : text.split(",");
}

function levelsIn(text: string): Authentication["levels"] {
  return authenticationOf(`{"at":0,"methods":[],"levels":${text}}`)?.levels ?? {};
}

/** Clocks have fractions, and one that was set back may show a moment before the creation. */
function whole(ms: number): number {
  return Math.max(0, Math.floor(ms));
}

function zigzag(number: number): number {
  return number < 0 ? -2 * number - 1 : 2 * number;
}

function unzigzag(number: number): number {
  return number % 2 === 0 ? number / 2 : -(number + 1) / 2;
}
