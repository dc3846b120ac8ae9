import { SojournError } from "sojourn";
import { septetsOf } from "./gsm0338.ts";

/** What a text becomes on the air. */
export interface Segments {
  /** `ucs2` when a character is in neither GSM table. Characters beyond the BMP are two units of it, as everybody sends them: UTF-16. */
  readonly encoding: "gsm7" | "ucs2";
  /** The text of each part, at least one. Joined they are the text. */
  readonly parts: readonly string[];
  /** Of the whole text: septets, or 16-bit units. */
  readonly units: number;
  /** Of each part: the octets of its user data, with the header that {@link encodeUdh} makes if there is more than one. At most 140. */
  readonly octets: readonly number[];
}

/** What a part says of the message it belongs to: 3GPP TS 23.040 9.2.3.24.1 (element 0x00) and 9.2.3.24.8 (0x08). */
export interface Concatenation {
  /** The same for all parts of a message: 0 to 255, or 65,535 with 16 bits. */
  readonly reference: number;
  /** How many parts there are: 1 to 255. */
  readonly count: number;
  /** Which this is: 1 to `count`. */
  readonly index: number;
  /** 8 unless said. */
  readonly referenceBits?: 8 | 16 | undefined;
}

/** What a user data header tells. */
export interface UserDataHeader {
  /** The header's length with its length octet: where the user data begin (octets), in GSM 7 bit after {@link fillBitsOf} it. */
  readonly octets: number;
  readonly concatenation?: Concatenation | undefined;
}

/** Of a short message's user data (3GPP TS 23.040 9.2.3.16, 9.2.3.24). */
const room = 140;
const mostParts = 255;
const bitsOf = { gsm7: 7, ucs2: 16 } as const;
/** The most characters that can be cut into 255 parts: all of one septet. */
const mostCharacters = 39_015;

/**
 * Cuts a text into short messages, as few as can be (3GPP TS 23.040 9.2.3.24.1): 160 septets or 70 units alone; in parts 153 or 67, and with 16 bits of reference
 * 152 or 66. A character of the extension table is never cut from its escape, nor one half of a surrogate pair from the other. Graphemes of several characters
 * (an accent that combines, a family of emoji) may be cut: the parts are joined before anybody sees them.
 *
 * @throws {SojournError} `too_large` beyond 255 parts, `invalid_option` for `referenceBits`.
 */
export function segment(text: string, options: { readonly referenceBits?: 8 | 16 | undefined } = {}): Segments {
  const headerOctets = headerOctetsOf(options.referenceBits);
  if (text.length > mostCharacters) throw tooLarge();
  const septets = septetsOf(text);
  const encoding = septets === undefined ? "ucs2" : "gsm7";
  const units = septets ?? text.length;
  const bits = bitsOf[encoding];
  if (units * bits <= room * 8) return { encoding, parts: [text], units, octets: [Math.ceil((units * bits) / 8)] };

  const parts: string[] = [];
  const octets: number[] = [];
  const most = Math.floor(((room - headerOctets) * 8) / bits);
  const start = headerOctets * 8 + (encoding === "gsm7" ? fillBitsOf(headerOctets) : 0);
  for (let from = 0, at = 0, used = 0; from < text.length;) {
    const step = encoding === "ucs2" && isPair(text, at) ? 2 : 1;
    const cost = encoding === "ucs2" ? step : (septetsOf(text.charAt(at)) ?? 0);
    if (at < text.length && used + cost <= most) {
      at += step;
      used += cost;
      continue;
    }
    parts.push(text.slice(from, at));
    octets.push(Math.ceil((start + used * bits) / 8));
    from = at;
    used = 0;
  }
  if (parts.length > mostParts) throw tooLarge();
  return { encoding, parts, units, octets };
}

function isPair(text: string, at: number): boolean {
  return (text.codePointAt(at) ?? 0) > 0xffff;
}

function tooLarge(): SojournError {
  return new SojournError(
    "too_large",
    `The text needs more than ${mostParts} short messages, which is as many as can be joined. Shorten it, or send it as several.`,
  );
}

/** How many zero bits lead from a header of so many octets (with its length octet) to the next septet boundary (3GPP TS 23.040 9.2.3.24): 0 to 6. */
export function fillBitsOf(headerOctets: number): number {
  return (7 - ((headerOctets * 8) % 7)) % 7;
}

function headerOctetsOf(referenceBits: number | undefined = 8): number {
  if (referenceBits === 8) return 6;
  if (referenceBits === 16) return 7;
  throw new SojournError("invalid_option", `referenceBits is ${JSON.stringify(referenceBits)}. Give 8 or 16.`);
}

/** The user data header of one part, with its length octet: six octets, or seven. @throws {SojournError} `invalid_option` for `referenceBits`, else `invalid_field`. */
export function encodeUdh(concatenation: Concatenation): Uint8Array {
  const { reference, count, index, referenceBits } = concatenation;
  const octets = headerOctetsOf(referenceBits);
  const most = octets === 6 ? 0xff : 0xffff;
  if (!isWithin(reference, 0, most)) throw new SojournError("invalid_field", `reference is ${reference}. Give a whole number from 0 to ${most}.`);
  if (!isWithin(count, 1, mostParts)) throw new SojournError("invalid_field", `count is ${count}. Give a whole number from 1 to ${mostParts}.`);
  if (!isWithin(index, 1, count)) throw new SojournError("invalid_field", `index is ${index}. Parts are counted from 1 to ${count}.`);
  if (octets === 6) return Uint8Array.of(5, 0x00, 3, reference, count, index);
  return Uint8Array.of(6, 0x08, 4, reference >> 8, reference & 0xff, count, index);
}

function isWithin(value: number, least: number, most: number): boolean {
  return Number.isInteger(value) && value >= least && value <= most;
}

/**
 * Reads the user data header that user data begin with (3GPP TS 23.040 9.2.3.24); what follows it is not looked at. Never throws.
 *
 * Elements other than the two of concatenation are passed over by their length. An element of concatenation is ignored when its length is not the standard's, or
 * it says no parts, or an index of 0 or beyond the count; of several the last counts. `undefined` when the header is longer than the octets are, or its elements
 * do not fill it exactly: then all of it is to be ignored, and the text begins after the length that its first octet tells.
 */
export function decodeUdh(octets: Uint8Array): UserDataHeader | undefined {
  const [length] = octets;
  if (length === undefined || octets.length <= length) return undefined;
  let concatenation: Concatenation | undefined;
  let at = 1;
  while (at < length) {
    const next = at + 2 + (octets[at + 1] as number);
    concatenation = elementOf(octets[at] as number, octets.subarray(at + 2, next)) ?? concatenation;
    at = next;
  }
  if (at !== length + 1) return undefined;
  return { octets: at, ...(concatenation && { concatenation }) };
}

function elementOf(identifier: number, data: Uint8Array): Concatenation | undefined {
  if (identifier === 0x00 && data.length === 3) return concatenationOf(8, 0, data);
  if (identifier === 0x08 && data.length === 4) return concatenationOf(16, data[0] as number, data.subarray(1));
  return undefined;
}

function concatenationOf(referenceBits: 8 | 16, high: number, data: Uint8Array): Concatenation | undefined {
  const [low, count, index] = data as unknown as [number, number, number];
  if (count === 0 || index === 0 || index > count) return undefined;
  return { reference: (high << 8) | low, count, index, referenceBits };
}
