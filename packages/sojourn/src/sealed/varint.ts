/** Where a reading of bytes has got to. */
export interface Reader {
  readonly bytes: Uint8Array;
  at: number;
}

/** Bytes of the number as a varint (LEB128): seven bits a byte, the lowest first. @param number whole, 0 to 2^53 - 1. */
export function varintLength(number: number): number {
  let length = 1;
  for (let rest = number; rest >= 128; rest = Math.floor(rest / 128)) length++;
  return length;
}

/** Writes it, and gives the place after it. @throws RangeError for what is no such number */
export function putVarint(bytes: Uint8Array, at: number, number: number): number {
  if (!Number.isSafeInteger(number) || number < 0) throw new RangeError(`${number} is not a whole number from 0 to 2^53 - 1`);
  let next = at;
  let rest = number;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes[next++] = (rest % 128) | 128;
  bytes[next++] = rest;
  return next;
}

/** @throws RangeError when the bytes end too early, or hold more than 2^53 - 1 */
export function readVarint(reader: Reader): number {
  let number = 0;
  for (let scale = 1; ; scale *= 128) {
    const byte = reader.bytes[reader.at++];
    if (byte === undefined) throw new RangeError("the bytes end within a number");
    number += (byte & 127) * scale;
    if (number > Number.MAX_SAFE_INTEGER) throw new RangeError("the number is too large");
    if (byte < 128) return number;
  }
}
