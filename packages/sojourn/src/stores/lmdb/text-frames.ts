/**
 * Numbers and texts in a row, first as one string and then as bytes: one call into the engine's C++ per record instead of one per field,
 * which is what decoding costs. One byte a character as long as all are below 256, else two; either way every string comes back as it was.
 */
const latin1 = 1;
const utf16 = 2;
const wide = /[^\0-\xff]/;

let scratch = Buffer.allocUnsafeSlow(65_536);

/** The bytes of a framed text. Valid until the next call: LMDB copies them at once, and writing into one and the same buffer spares it a look-up. */
export function toBytes(frames: string): Uint8Array {
  const double = wide.test(frames);
  const size = 1 + (double ? 2 * frames.length : frames.length);
  if (size > scratch.length) scratch = Buffer.allocUnsafeSlow(2 * size);
  scratch[0] = double ? utf16 : latin1;
  scratch.write(frames, 1, double ? "utf16le" : "latin1");
  return scratch.subarray(0, size);
}

/** The framed text of bytes that {@link toBytes} gave. Copies. */
export function fromBytes(bytes: Uint8Array): string {
  const buffer = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (buffer[0] === latin1) return buffer.toString("latin1", 1, buffer.length);
  if (buffer[0] === utf16) return buffer.toString("utf16le", 1, buffer.length);
  throw new Error("a value in the database does not begin as one of ours: it is damaged, or a newer release of sojourn wrote it");
}

/** A whole number from 0 to 2^53, in as many characters as it needs. */
export function frameNumber(number: number): string {
  let text = "";
  let rest = number;
  while (rest >= 128) {
    text += String.fromCharCode(128 + (rest % 128));
    rest = Math.floor(rest / 128);
  }
  return text + String.fromCharCode(rest);
}

export function frameText(text: string): string {
  return (text.length < 128 ? String.fromCharCode(text.length) : frameNumber(text.length)) + text;
}

/** A place in a framed text. */
export interface Frames {
  readonly text: string;
  at: number;
}

export function readNumber(frames: Frames): number {
  let number = 0;
  for (let scale = 1; ; scale *= 128) {
    const code = frames.text.charCodeAt(frames.at++);
    if (!(code < 256)) throw new Error("a value in the database ends too early");
    if (code < 128) return number + code * scale;
    number += (code - 128) * scale;
  }
}

export function readText(frames: Frames): string {
  const length = readNumber(frames);
  const end = frames.at + length;
  if (end > frames.text.length) throw new Error("a value in the database ends too early");
  const text = frames.text.slice(frames.at, end);
  frames.at = end;
  return text;
}
