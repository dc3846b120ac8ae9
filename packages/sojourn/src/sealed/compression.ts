import { deflate, inflate, takesDictionary } from "#sealing";
import { SojournError } from "../core/errors.ts";
import { andThen } from "../core/maybe.ts";
import type { MaybePromise } from "../core/seam.ts";
import { putVarint, readVarint, varintLength, type Reader } from "./varint.ts";

/** Which fields are compressed, and how. */
export interface CompressionOptions {
  /**
   * Names of fields without secrets. They are compressed together, apart from all others: how far two texts shrink together tells how much they have in
   * common, so what an attacker may write and what he must not learn never stand in one segment.
   */
  readonly fields: readonly string[];
  /**
   * What the fields are likely to hold: 1 to 32,768 bytes, the likeliest last. It must stay the same for as long as what was packed with it is to be read.
   * Not on Deno, nor on runtimes that have CompressionStream alone.
   */
  readonly dictionary?: Uint8Array;
  /** Bytes of whose multiples the length is one, 16 to 1,024; 64 unless told. The larger, the less the length tells. */
  readonly bucket?: number;
  /** The most bytes of a text, before packing and after unpacking, 1,024 to 16,777,216; 262,144 unless told. */
  readonly most?: number;
}

/** A segment: the length of what follows (LEB128), raw DEFLATE (RFC 1951), zeros up to a multiple of the bucket. */
export interface Compression {
  readonly fields: ReadonlySet<string>;
  /** @throws {SojournError} `too_large` for a text of more than `most` bytes */
  pack(text: string): MaybePromise<Uint8Array>;
  /** The text; `undefined` for bytes that are no segment, were packed with another dictionary, or unfold to more than `most`. The bucket may be another. */
  unpack(bytes: Uint8Array): MaybePromise<string | undefined>;
}

const buckets = { least: 16, most: 1_024 };

/** @throws {SojournError} `invalid_option`, naming the setting */
export function compression(options: CompressionOptions): Compression {
  const fields = checkedFields(options.fields);
  const bucket = checkedNumber("compression.bucket", options.bucket ?? 64, buckets.least, buckets.most);
  const most = checkedNumber("compression.most", options.most ?? 262_144, 1_024, 16_777_216);
  const dictionary = checkedDictionary(options.dictionary);
  const mark = dictionary === undefined ? new Uint8Array(0) : markOf(dictionary);

  return {
    fields,
    pack(text) {
      const plain = new TextEncoder().encode(text);
      if (plain.length > most) {
        throw new SojournError("too_large", `The compressed fields make ${plain.length} bytes; compression.most is ${most}. Keep less in them, or raise it.`);
      }
      return andThen(deflate(plain, dictionary), (deflated) => segment(mark, deflated, bucket));
    },
    unpack(bytes) {
      const held = heldIn(bytes);
      if (held === undefined || mark.some((byte, i) => held[i] !== byte)) return undefined;
      return andThen(inflate(held.subarray(mark.length), most, dictionary), (plain) => plain && textOf(plain));
    },
  };
}

function segment(mark: Uint8Array, deflated: Uint8Array, bucket: number): Uint8Array {
  const length = mark.length + deflated.length;
  const bytes = new Uint8Array(Math.ceil((varintLength(length) + length) / bucket) * bucket);
  const at = putVarint(bytes, 0, length);
  bytes.set(mark, at);
  bytes.set(deflated, at + mark.length);
  return bytes;
}

/** What stands between the length and the zeros. */
function heldIn(bytes: Uint8Array): Uint8Array | undefined {
  const reader: Reader = { bytes, at: 0 };
  try {
    const end = readVarint(reader) + reader.at;
    const zeros = bytes.subarray(end);
    return end > bytes.length || zeros.length >= buckets.most || zeros.some((byte) => byte !== 0) ? undefined : bytes.subarray(reader.at, end);
  } catch {
    return undefined;
  }
}

/**
 * Raw DEFLATE does not notice a wrong dictionary and gives a wrong text. So a digest of it (FNV-1a, 32 bits) stands before the data. Two of its bits are set:
 * they say "reserved block" to who has no dictionary, so that he never takes it for data.
 */
function markOf(dictionary: Uint8Array): Uint8Array {
  let digest = 0x811c9dc5;
  for (const byte of dictionary) digest = Math.imul(digest ^ byte, 0x01000193) >>> 0;
  return new Uint8Array([(digest & 255) | 6, (digest >>> 8) & 255, (digest >>> 16) & 255, digest >>> 24]);
}

function textOf(plain: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(plain);
  } catch {
    return undefined;
  }
}

function checkedFields(fields: readonly string[]): ReadonlySet<string> {
  if (!Array.isArray(fields) || fields.length === 0) throw refused("compression.fields", "names no field. Name those that hold no secret");
  fields.forEach((field: unknown, i) => {
    if (typeof field !== "string" || field === "" || field.startsWith("$")) throw refused(`compression.fields[${i}]`, "is not the name of a field");
  });
  return new Set(fields);
}

function checkedNumber(setting: string, value: number, least: number, most: number): number {
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw refused(setting, `is ${JSON.stringify(value)}. Give whole bytes from ${least} to ${most}`);
}

function checkedDictionary(dictionary: Uint8Array | undefined): Uint8Array | undefined {
  if (dictionary === undefined) return undefined;
  if (!takesDictionary()) throw refused("compression.dictionary", "cannot be used on this runtime, whose DEFLATE takes none. Leave it out");
  if (!(dictionary instanceof Uint8Array) || dictionary.length === 0 || dictionary.length > 32_768) {
    throw refused("compression.dictionary", "is not 1 to 32,768 bytes. Give a Uint8Array");
  }
  // Not slice(): that of a Buffer copies nothing.
  return new Uint8Array(dictionary);
}

function refused(setting: string, why: string): SojournError {
  return new SojournError("invalid_option", `${setting} ${why}.`);
}
