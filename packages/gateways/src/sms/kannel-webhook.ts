import { SojournError } from "sojourn";
import { septetsOf } from "./gsm0338.ts";
import { decodeUdh } from "./segments.ts";
import type { Inbound, Receipt } from "./transport.ts";

const names = ["secret", "id", "from", "to", "text", "coding", "charset", "udh", "time", "reference", "state"] as const;
type Name = (typeof names)[number];

/** Parameters of a webhook as octets: Kannel escapes what the network gave, in whatever encoding that is. */
export type KannelParameters = ReadonlyMap<string, Uint8Array>;

/** What `%d` of a delivery report means: Kannel's user guide, "Delivery reports". 16 is the SMSC's refusal, 32 a notification on the way. */
const states: ReadonlyMap<string, Receipt["state"]> = new Map([
  ["1", "delivered"],
  ["2", "failed"],
  ["4", "buffered"],
  ["8", "accepted"],
  ["16", "failed"],
  ["32", "buffered"],
]);

/** Of a short message's user data (3GPP TS 23.040 9.2.3.16). */
const room = 140;
const latestSecond = 8.64e12;

/**
 * The parameters of a query, or of a form, in which each character stands for an octet (application/x-www-form-urlencoded). Unknown names are passed over.
 * @throws {SojournError} `invalid_field` for what is not escaped well, or given twice.
 */
export function parametersOf(encoded: string, before: KannelParameters = new Map()): KannelParameters {
  const parameters = new Map(before);
  for (const pair of encoded.split("&")) {
    const end = pair.includes("=") ? pair.indexOf("=") : pair.length;
    const name = names.find((known) => known === pair.slice(0, end));
    if (name === undefined) continue;
    if (parameters.has(name)) throw invalid(name, "is given twice. Give it once");
    parameters.set(name, octetsOf(pair.slice(end + 1), name));
  }
  return parameters;
}

function octetsOf(encoded: string, name: Name): Uint8Array {
  const octets = new Uint8Array(encoded.length);
  let length = 0;
  for (let at = 0; at < encoded.length; at++) {
    let code = encoded.charCodeAt(at);
    if (code === 0x2b) code = 0x20;
    else if (code === 0x25) {
      const digits = encoded.slice(at + 1, at + 3);
      if (!/^[\da-f]{2}$/i.test(digits)) throw invalid(name, "has a per cent sign that no two hexadecimal digits follow. Escape it as %25");
      code = Number.parseInt(digits, 16);
      at += 2;
    }
    if (code > 0xff) throw invalid(name, "has a character that is no octet. Escape it");
    octets[length++] = code;
  }
  return octets.subarray(0, length);
}

/**
 * The message that Kannel hands over: `from`, `to` and `text` must be there, the others may be empty or absent. Octets that do not fit the encoding that Kannel
 * names become U+FFFD: a message is not lost for being ill-made.
 * @throws {SojournError} `invalid_field`
 */
export function messageOf(parameters: KannelParameters): Inbound {
  const octets = parameters.get("text");
  if (octets === undefined) throw invalid("text", "is missing. Give it as text=%b");
  const from = addressOf(parameters, "from", "%p");
  const to = addressOf(parameters, "to", "%P");
  const id = optional(parameters, "id", /^[\x21-\x7e]{1,64}$/, "is not 1 to 64 ASCII characters. Give it as id=%I");
  const time = optional(parameters, "time", /^\d{1,13}$/, "is not a number of seconds since 1970. Give it as time=%T");
  if (Number(time) > latestSecond) throw invalid("time", "is not a number of seconds since 1970. Give it as time=%T");
  const text = textOf(octets, parameters);
  const part = partOf(parameters.get("udh"), text, octets.length, codingOf(parameters));
  return { id, from, to, text: part === undefined ? wellFormed(text) : text, part, at: time === undefined ? undefined : Number(time) * 1000 };
}

/** What the webhook tells of a message that was sent. @throws {SojournError} `invalid_field` */
export function receiptOf(parameters: KannelParameters): Receipt {
  const reference = optional(parameters, "reference", /^[\w-]{1,32}$/, "is not 1 to 32 characters of [A-Za-z0-9_-]");
  if (reference === undefined) throw invalid("reference", "is missing. Leave the dlr-url as it was sent");
  const state = states.get(latin1(parameters.get("state")));
  if (state === undefined) throw invalid("state", "is none of Kannel's: 1, 2, 4, 8, 16, 32. Give it as state=%d");
  return { reference, state };
}

function addressOf(parameters: KannelParameters, name: Name, code: string): string {
  const octets = parameters.get(name);
  if (octets === undefined || octets.length === 0) throw invalid(name, `is missing. Give it as ${name}=${code}`);
  const text = utf8(octets);
  if (text === undefined || text.length > 64 || /\p{Cc}/u.test(text)) throw invalid(name, "is not a number or a name of at most 64 characters");
  return text;
}

function optional(parameters: KannelParameters, name: Name, pattern: RegExp, fault: string): string | undefined {
  const value = latin1(parameters.get(name));
  if (value === "") return undefined;
  if (!pattern.test(value)) throw invalid(name, fault);
  return value;
}

/** `%c`: 0 text, 1 octets, 2 UCS-2; -1 where the network did not say, which Kannel takes for text. */
function codingOf(parameters: KannelParameters): 0 | 1 | 2 {
  const value = latin1(parameters.get("coding"));
  if (value === "" || value === "-1" || value === "0") return 0;
  if (value === "1" || value === "2") return value === "1" ? 1 : 2;
  throw invalid("coding", "is none of Kannel's: -1, 0, 1, 2. Give it as coding=%c");
}

function textOf(octets: Uint8Array, parameters: KannelParameters): string {
  const coding = codingOf(parameters);
  if (coding === 2) return ucs2(octets);
  // Which alphabet these octets have, only their sender knows. What is well-formed UTF-8 is nothing else in practice.
  if (coding === 1) return utf8(octets) ?? latin1(octets);
  const charset = latin1(parameters.get("charset"));
  if (/^(utf-?8)?$/i.test(charset)) return new TextDecoder().decode(octets);
  if (/^utf-?16(be)?$/i.test(charset)) return ucs2(octets);
  try {
    const decoder = new TextDecoder(charset);
    // In two steps, since in one Node 20 takes windows-1252 for ISO 8859-1.
    return decoder.decode(octets, { stream: true }) + decoder.decode();
  } catch {
    throw invalid("charset", "is not known here. Give it as charset=%C, and set no alt-charset");
  }
}

/** Big-endian (3GPP TS 23.038 4). Halves of surrogate pairs stay: the other half may be in the next part. */
function ucs2(octets: Uint8Array): string {
  const units = Buffer.from(octets.subarray(0, octets.length & ~1))
    .swap16()
    .toString("utf16le");
  return units.replace(/^\uFEFF/, "") + (octets.length % 2 === 0 ? "" : "\uFFFD");
}

function wellFormed(text: string): string {
  return text.replace(/\p{Surrogate}/gu, "\uFFFD");
}

/**
 * Which part of a long message it is, where Kannel did not join it: `sms-combine-concatenated-mo = false`, or the others did not come in time. A joined message
 * that bearerbox has read back from its store still has the header of its first part (1.4.5); by then it is longer than any part can be.
 */
function partOf(udh: Uint8Array | undefined, text: string, length: number, coding: 0 | 1 | 2): Inbound["part"] {
  const header = udh === undefined ? undefined : decodeUdh(udh);
  if (header?.concatenation === undefined) return undefined;
  const { reference, count, index } = header.concatenation;
  if (count === 1 || isJoined(room - header.octets, text, length, coding)) return undefined;
  return { reference, count, index };
}

/** Whether it is longer than what the octets left beside the header can hold. Text that is not of the GSM alphabet, and yet no UCS-2, came as ISO 8859-1. */
function isJoined(left: number, text: string, length: number, coding: 0 | 1 | 2): boolean {
  if (coding !== 0) return length > left;
  const septets = septetsOf(text);
  return septets === undefined ? text.length > left : septets > Math.floor((left * 8) / 7);
}

function utf8(octets: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(octets);
  } catch {
    return undefined;
  }
}

function latin1(octets: Uint8Array | undefined): string {
  return octets === undefined ? "" : Buffer.from(octets).toString("latin1");
}

function invalid(name: Name, fault: string): SojournError {
  return new SojournError("invalid_field", `${name} ${fault}.`);
}
