import { SojournError } from "sojourn";

/** 3GPP TS 23.038 6.2.1: the character of each code. At 0x1B stands the escape, which is no character. */
const basic = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\u001BÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";
/** 6.2.1.1: what a code means after the escape. */
const extension: ReadonlyMap<number, string> = new Map([
  [0x0a, "\f"],
  [0x14, "^"],
  [0x28, "{"],
  [0x29, "}"],
  [0x2f, "\\"],
  [0x3c, "["],
  [0x3d, "~"],
  [0x3e, "]"],
  [0x40, "|"],
  [0x65, "€"],
]);
const escape = 0x1b;
const carriageReturn = 0x0d;
/** Marks the codes that come after an escape. */
const extended = 0x80;
/** Of each UTF-16 unit in the alphabet. */
const codes: ReadonlyMap<number, number> = codesOf();

function codesOf(): Map<number, number> {
  const all = new Map<number, number>();
  for (let code = 0; code < basic.length; code++) if (code !== escape) all.set(basic.charCodeAt(code), code);
  for (const [code, character] of extension) all.set(character.charCodeAt(0), code | extended);
  return all;
}

/**
 * How many septets a text takes in the GSM 7 bit default alphabet (3GPP TS 23.038 6.2.1). A character of the extension table (6.2.1.1: `^{}\[~]|€` and form
 * feed) takes two. `undefined` when a character is in neither table: the text needs UCS-2. National language tables are not used.
 */
export function septetsOf(text: string): number | undefined {
  let septets = 0;
  for (let at = 0; at < text.length; at++) {
    const code = codes.get(text.charCodeAt(at));
    if (code === undefined) return undefined;
    septets += code < extended ? 1 : 2;
  }
  return septets;
}

/** The text as septets, one to an octet. @throws {SojournError} `invalid_field` when {@link septetsOf} is `undefined`. It tells the place, not the character. */
export function encodeGsm(text: string): Uint8Array {
  const septets: number[] = [];
  for (let at = 0; at < text.length; at++) {
    const code = codes.get(text.charCodeAt(at));
    if (code === undefined) {
      throw new SojournError(
        "invalid_field",
        `The character at ${at} of the text is not in the GSM 7 bit default alphabet. Ask septetsOf first, and send such a text as UCS-2.`,
      );
    }
    if (code < extended) septets.push(code);
    else septets.push(escape, code & 0x7f);
  }
  return Uint8Array.from(septets);
}

/**
 * The text of septets, one to an octet. Any octets give a text, of at most as many characters:
 *
 * - an escape before a code that the extension table does not have is passed over: the character is that of the default table (6.2.1.1)
 * - two escapes, which are kept for a further table, and an escape with nothing after it, are a space (6.2.1.1 note 1, 6.2.1 note 1)
 * - an octet above 0x7F is no septet, and becomes U+FFFD
 */
export function decodeGsm(septets: Uint8Array): string {
  let text = "";
  for (let at = 0; at < septets.length; at++) {
    const code = septets[at] as number;
    text += code === escape ? afterEscape(septets[++at]) : characterOf(code);
  }
  return text;
}

function afterEscape(code: number | undefined): string {
  if (code === undefined || code === escape) return " ";
  return extension.get(code) ?? characterOf(code);
}

function characterOf(code: number): string {
  return basic[code] ?? "\uFFFD";
}

/**
 * Septets packed into octets, the first in the lowest bits (3GPP TS 23.038 6.1.2.1.1). `fillBits` zero bits, 0 to 6, go before them: what brings them to a septet
 * boundary after a user data header (3GPP TS 23.040 9.2.3.24, `fillBitsOf`).
 *
 * What is left of the last octet is zero, as for short messages, whose length counts septets. Where only octets are counted (USSD, packed SMPP), seven zero bits
 * at the end read as one more `@`: with `spare` `"cr"` a carriage return fills them, and one more follows a text that ends with one on an octet boundary (6.1.2.3.1).
 *
 * @throws {SojournError} `invalid_option` for `fillBits`, `invalid_field` for an octet above 0x7F.
 */
export function packSeptets(septets: Uint8Array, fillBits: number = 0, spare: "zeros" | "cr" = "zeros"): Uint8Array {
  checkFillBits(fillBits);
  const bits = fillBits + 7 * septets.length;
  const left = (8 - (bits % 8)) % 8;
  const again = spare === "cr" && left === 0 && septets.at(-1) === carriageReturn;
  const octets = new Uint8Array((bits + left) / 8 + (again ? 1 : 0));
  for (let at = 0; at < septets.length; at++) {
    const septet = septets[at] as number;
    if (septet > 0x7f) throw new SojournError("invalid_field", `The octet at ${at} is no septet: it is above 0x7F. Pack what encodeGsm gives.`);
    put(octets, fillBits + 7 * at, septet);
  }
  if (spare === "cr" && (left === 7 || again)) put(octets, bits, carriageReturn);
  return octets;
}

function put(octets: Uint8Array, bit: number, septet: number): void {
  const at = bit >> 3;
  const shifted = septet << (bit & 7);
  octets[at] = (octets[at] as number) | (shifted & 0xff);
  if (shifted > 0xff) octets[at + 1] = shifted >> 8;
}

/**
 * The inverse of {@link packSeptets}. `count` is that of the septets after the fill bits, as the message tells it; a count that says more than the octets hold
 * gives what they hold. Without one (`undefined`) it is as many as fit, less a carriage return that ends on the octet boundary, which is padding (6.1.2.3.1); then
 * seven zero bits of a sender that does not follow that section cannot be told from `@`.
 *
 * @throws {SojournError} `invalid_option` for `fillBits`. No octets and no count make it throw.
 */
export function unpackSeptets(octets: Uint8Array, count: number | undefined, fillBits: number = 0): Uint8Array {
  checkFillBits(fillBits);
  const bits = Math.max(0, 8 * octets.length - fillBits);
  const fit = Math.floor(bits / 7);
  const septets = new Uint8Array(count === undefined ? fit : Math.min(fit, Math.max(0, Math.trunc(count) || 0)));
  for (let at = 0; at < septets.length; at++) {
    const bit = fillBits + 7 * at;
    const pair = (octets[bit >> 3] as number) | ((octets[(bit >> 3) + 1] ?? 0) << 8);
    septets[at] = (pair >> (bit & 7)) & 0x7f;
  }
  return count === undefined && bits % 7 === 0 && septets.at(-1) === carriageReturn ? septets.subarray(0, -1) : septets;
}

function checkFillBits(fillBits: number): void {
  if (Number.isInteger(fillBits) && fillBits >= 0 && fillBits <= 6) return;
  throw new SojournError("invalid_option", `fillBits is ${fillBits}. Give 0 to 6, as fillBitsOf does for a header.`);
}

/** What word processors and telephones put in the place of plain characters. The middle dot is not here: in Catalan it is a letter's. */
const plain: ReadonlyMap<string, string> = new Map(
  Object.entries({
    "'": "‘’‚‛‹›′`´",
    '"': "“”„‟«»″",
    "-": "\u2010\u2011‒–—―−⁃",
    "*": "•‣◦∙●○▪▫■□",
    "...": "…",
    "..": "‥",
    "/": "⁄∕",
    // Tabulator and spaces of all widths, broken at or not.
    " ": "\t\u00A0\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200A\u202F\u205F",
    "\n": "\u2028\u2029",
    // Marks that are not seen: soft hyphen, zero-width space, word joiner, byte order mark.
    "": "\u00AD\u200B\u2060\uFEFF",
    ff: "ﬀ",
    fi: "ﬁ",
    fl: "ﬂ",
    ffi: "ﬃ",
    ffl: "ﬄ",
  }).flatMap(([to, all]) => Array.from(all, (from): [string, string] => [from, to])),
);

/**
 * The text with typographic quotes, dashes, ellipses, spaces, bullets and ligatures replaced by plain characters, if that makes it fit the GSM 7 bit default
 * alphabet: one pasted quote otherwise more than halves what a message holds. A text that needs UCS-2 all the same is given back as it was, and other letters,
 * accents and symbols are never changed. It alters what somebody wrote, so it is for callers who chose it; nothing else here calls it.
 */
export function transliterate(text: string): string {
  let replaced = "";
  for (const character of text) replaced += plain.get(character) ?? character;
  return septetsOf(replaced) === undefined ? text : replaced;
}
