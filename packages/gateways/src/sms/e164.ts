import { SojournError } from "sojourn";

/** Who is at one end of a text message. */
export type Address =
  /** A handset, or one of our own long numbers: "+", the calling code and the national number, 7 to 15 digits in all. */
  | { readonly kind: "number"; readonly number: string }
  /** A short code of one country's networks. Without meaning in another country. */
  | { readonly kind: "short"; readonly number: string }
  /** An alphanumeric sender (3GPP TS 23.040 9.1.2.5). Nobody can answer it. */
  | { readonly kind: "name"; readonly name: string };

/** How numbers are written where the messages come from. */
export interface AddressOptions {
  /** The own calling code, digits only: "358", "1". Without it only "+…" and "00…" are numbers. */
  readonly country?: string | undefined;
  /** The national (trunk) prefix, digits only: "0", in Hungary "06". Leave it out where there is none, as in Denmark, or where the zero is part of the number, as in Italy. */
  readonly trunk?: string | undefined;
  /**
   * Fewest and most digits of a national number, without calling code and trunk prefix: `[10, 10]` for North America, `[8, 8]` for Denmark. With it,
   * digits of that length which are written without any prefix are national; without it they are refused, as nothing tells them from a foreign number.
   */
  readonly national?: readonly [fewest: number, most: number] | undefined;
  /** `"international"`: this network writes every number with its calling code but without "+" or "00". Digits that begin with 0 are still national. */
  readonly bare?: "international" | undefined;
  /** Fewest and most digits of a short code. Default `[3, 6]`. Digits of such a length, without a "+", are always a short code. */
  readonly short?: readonly [fewest: number, most: number] | undefined;
}

/** Longer than any spelling of 15 digits with its spaces and marks. */
const longest = 64;

/**
 * The one spelling of an address: whichever way a network or a person writes a handset ("+358…", "00358…", "358…", "040…", with spaces, dots, dashes,
 * parentheses, "+358 (0)40…"), the same string comes back, so that it can be a key. `undefined` for what is no address. Never throws because of the address.
 *
 * - International numbers: at most 15 digits (ITU-T E.164 6.2). At least 7, the fewest in use: a short code with a "+" before it is refused.
 * - A trunk prefix that was left in behind the own calling code, or "(0)" behind any, is dropped: ITU-T E.123 has it left out there. Without parentheses only a
 *   prefix that begins with 0 is: a national number can begin with 8 where the prefix is 8, but not with 0 where "0" and "00" are prefixes.
 * - Decimal digits of every script are taken for what they are worth: people type their number with the digits of their keyboard, and it is the same handset.
 *   So are the marks that contact lists put around numbers to keep their direction. Superscripts and circled digits are no decimal digits, and are refused.
 * - A stroke is refused: it separates alternative numbers (E.123). So are control characters, a "+" anywhere but in front, and letters behind a "+".
 * - A name is what has a letter and at most 11 characters without controls and invisible ones. It is given as written (Unicode NFC, spaces at the ends dropped).
 * - "00" is the only international prefix that is known: networks write no other. "011…" and the like are refused, or national where `national` allows them.
 *
 * @throws {SojournError} `invalid_option` when an option is wrong
 */
export function normalise(address: string, options: AddressOptions = {}): Address | undefined {
  check(options);
  if (address.length > longest || /\p{Cc}/u.test(address)) return undefined;
  const marks = dialled(address);
  if (marks === undefined) return nameOf(address);
  const digits = withoutOptional(marks, options).replaceAll(/[()]/g, "");
  if (digits.startsWith("+")) return international(digits.slice(1), options);
  if (!/^\d+$/.test(digits)) return undefined;
  const [fewest, most] = options.short ?? [3, 6];
  if (digits.length >= fewest && digits.length <= most) return { kind: "short", number: digits };
  return digits.startsWith("00") ? international(digits.slice(2), options) : national(digits, options);
}

/** "+", digits (ASCII) and parentheses, and of all else only what may be dropped; else `undefined`. */
function dialled(address: string): string | undefined {
  let marks = "";
  for (const character of address) {
    if (/\p{Nd}/u.test(character)) marks += digitOf(character);
    else if ("+＋".includes(character)) marks += "+";
    else if ("(（".includes(character)) marks += "(";
    else if (")）".includes(character)) marks += ")";
    else if (!/[\p{Zs}\p{Cf}\p{Pd}.．·\u2212]/u.test(character)) return undefined;
  }
  return marks;
}

/** Without a trunk prefix that stands in parentheses right behind a calling code. In front of a number it is part of the national spelling, further back it is a digit. */
function withoutOptional(marks: string, { country, trunk = "0", bare }: AddressOptions): string {
  for (const optional of ["(0)", `(${trunk})`]) {
    const at = marks.indexOf(optional);
    const code = marks.slice(0, Math.max(0, at)).replaceAll(/[()]/g, "");
    const isCode = /^(?:\+|00)[1-9]\d{0,2}$/.test(code) || (code !== "" && code === country) || (bare === "international" && /^[1-9]\d{0,2}$/.test(code));
    if (isCode) return marks.slice(0, at) + marks.slice(at + optional.length);
  }
  return marks;
}

/** Decimal digits stand in runs of ten, 0 first, in every script (Unicode Standard Annex 44, General_Category Nd). */
function digitOf(character: string): number {
  const code = character.codePointAt(0) as number;
  let first = code;
  while (/\p{Nd}/u.test(String.fromCodePoint(first - 1))) first--;
  return (code - first) % 10;
}

function international(digits: string, { country, trunk }: AddressOptions): Address | undefined {
  let number = digits;
  if (country !== undefined && trunk?.startsWith("0") === true && digits.startsWith(country + trunk)) {
    const rest = digits.slice(country.length + trunk.length);
    if (rest.startsWith(trunk)) return undefined;
    number = country + rest;
  }
  return /^[1-9]\d{6,14}$/.test(number) ? { kind: "number", number: `+${number}` } : undefined;
}

/** Digits without "+" and "00". */
function national(digits: string, options: AddressOptions): Address | undefined {
  const { country, trunk } = options;
  if (options.bare === "international" && !digits.startsWith("0")) return international(digits, options);
  if (country === undefined) return undefined;
  const own = (rest: string): Address | undefined => {
    const found = international(country + rest, options);
    if (found?.kind !== "number" || options.national === undefined) return found;
    const [fewest, most] = options.national;
    const length = found.number.length - 1 - country.length;
    return length >= fewest && length <= most ? found : undefined;
  };
  const trunked = trunk !== undefined && digits.startsWith(trunk);
  return (
    (trunked && !repeats(digits, trunk) ? own(digits.slice(trunk.length)) : undefined) ??
    (digits.startsWith(country) ? own(digits.slice(country.length)) : undefined) ??
    (options.national !== undefined && !(trunked && trunk.startsWith("0")) ? own(digits) : undefined)
  );
}

/** A trunk prefix of zeros is written once. */
function repeats(digits: string, trunk: string): boolean {
  return trunk.startsWith("0") && digits.startsWith(trunk + trunk);
}

function nameOf(address: string): Address | undefined {
  const name = address.replaceAll(/^ +| +$/g, "").normalize("NFC");
  if (Array.from(name).length > 11 || name.startsWith("+") || !/\p{L}/u.test(name)) return undefined;
  return /^[\p{L}\p{M}\p{N}\p{P}\p{S} ]+$/u.test(name) ? { kind: "name", name } : undefined;
}

function check({ country, trunk, national: length, bare, short }: AddressOptions): void {
  if (country !== undefined && !/^[1-9]\d{0,2}$/.test(country)) wrong("country", country, 'Give the calling code as digits without "+", such as "358".');
  if (trunk !== undefined && !/^\d{1,3}$/.test(trunk)) wrong("trunk", trunk, 'Give the national prefix as 1 to 3 digits, such as "0".');
  if (trunk !== undefined && country === undefined) wrong("trunk", trunk, "It needs country: a national number belongs to one.");
  if (length !== undefined && country === undefined) wrong("national", length, "It needs country: a national number belongs to one.");
  if (length !== undefined && !isRange(length, 1, 14)) wrong("national", length, "Give the fewest and the most digits, 1 to 14.");
  if (short !== undefined && !isRange(short, 2, 10)) wrong("short", short, "Give the fewest and the most digits, 2 to 10.");
  if (bare !== undefined && bare !== "international") wrong("bare", bare, 'Give "international", or leave it out.');
}

function isRange(range: readonly [number, number], least: number, highest: number): boolean {
  const [fewest, most] = range;
  return range.length === 2 && Number.isInteger(fewest) && Number.isInteger(most) && least <= fewest && fewest <= most && most <= highest;
}

function wrong(option: string, value: unknown, fix: string): never {
  throw new SojournError("invalid_option", `${option} is ${JSON.stringify(value)}. ${fix}`);
}

/**
 * A number as a log may show it. With its calling code and 10 digits or more: at most the first two digits of the code, and the last two ("+35…67"). With 7 to 9
 * digits only the last one behind the code ("+68…0"). Without a calling code the ends alone ("…67", "…7"); with fewer than 7 digits the last one ("…5"); with fewer than 4, and of
 * what is no number, nothing ("…"). Takes any text, normalised or not.
 */
export function redacted(number: string): string {
  const marks = number.length > longest ? undefined : dialled(number)?.replaceAll(/[()]/g, "");
  const digits = marks?.replace("+", "") ?? "";
  if (marks === undefined || !/^\d{4,}$/.test(digits)) return "…";
  const end = digits.slice(digits.length < 10 ? -1 : -2);
  if (!marks.startsWith("+") || digits.length < 7) return `…${end}`;
  // The only calling codes of one digit are 1 and 7 (ITU-T E.164, list of assigned codes): the second digit is the subscriber's.
  return `+${digits.slice(0, /^[17]/.test(digits) ? 1 : 2)}…${end}`;
}
