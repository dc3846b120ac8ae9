import { hash } from "node:crypto";
import type { KeyEncoder } from "./lmdb-root.ts";

/** Keys of one byte a character (codes 0 to 255), as all keys made here are. A loop beats a call into C++ at this length. */
export const byteKeys: KeyEncoder = {
  writeKey(key, target, start) {
    const text = key as string;
    let at = start;
    for (let i = 0; i < text.length; i++) target[at++] = text.charCodeAt(i);
    return at;
  },
  readKey(source, start, end) {
    let text = "";
    for (let i = start; i < end; i++) text += String.fromCharCode(source[i] as number);
    return text;
  },
};

/** Whole numbers up to 2^48 - 1, in their order. */
export const numberKeys: KeyEncoder = {
  writeKey(key, target, start) {
    let rest = key as number;
    for (let i = start + 5; i >= start; i--) {
      target[i] = rest % 256;
      rest = Math.floor(rest / 256);
    }
    return start + 6;
  },
  readKey(source, start) {
    let number = 0;
    for (let i = start; i < start + 6; i++) number = number * 256 + (source[i] as number);
    return number;
  },
};

/** The first key of the log that is not a batch. */
export const layoutKey: number = 2 ** 48 - 2;
/** Beside the newest batch, so that a commit touches one page for both. */
export const headKey: number = 2 ** 48 - 1;

/** Longer than any id or name of ours; three of these stay far below LMDB's limit of 1,978 bytes. */
const plain = /^[!-"$-~][!-~]{0,199}$/;

/** A name as part of a key: itself, or, when it is long, empty or not plain ASCII, "#" and its SHA-256. The record is the truth; a key only leads to it. */
export function short(name: string): string {
  return plain.test(name) ? name : `#${hash("sha256", Buffer.from(name, "utf16le"), "base64url")}`;
}

const view = new DataView(new ArrayBuffer(8));

/** A number as eight characters that sort as the numbers do (IEEE 754 bits; all of them turned over for negative ones). */
export function sortable(number: number): string {
  view.setFloat64(0, number);
  const high = view.getUint32(0);
  if (high >= 0x80000000) {
    view.setUint32(0, ~high >>> 0);
    view.setUint32(4, ~view.getUint32(4) >>> 0);
  } else view.setUint32(0, high | 0x80000000);
  let text = "";
  for (let i = 0; i < 8; i++) text += String.fromCharCode(view.getUint8(i));
  return text;
}

/** What {@link sortable} made, as a number again. */
export function fromSortable(text: string, at: number): number {
  for (let i = 0; i < 8; i++) view.setUint8(i, text.charCodeAt(at + i));
  const high = view.getUint32(0);
  if (high >= 0x80000000) view.setUint32(0, high & 0x7fffffff);
  else {
    view.setUint32(0, ~high >>> 0);
    view.setUint32(4, ~view.getUint32(4) >>> 0);
  }
  return view.getFloat64(0);
}

// The index, by its first character. Everything of one name lies between its key and the key with \x01 in place of \0.
export const aliasKey = (alias: string): string => `a${short(alias)}`;
export const countKey = (kind: string): string => `c${short(kind)}`;
export const kindKey = (kind: string, id: string): string => `k${short(kind)}\0${id}`;
export const subjectKey = (subject: string, id: string): string => `u${short(subject)}\0${id}`;
// Adding 0 makes one key of 0 and -0.
export const wakeKey = (wake: number, id: string): string => `w${sortable(wake + 0)}${id}`;
