import { spawnSync } from "node:child_process";
import fc from "fast-check";
import { SojournError } from "sojourn";
import { describe, expect, test } from "vitest";
import { decodeGsm, encodeGsm, packSeptets, septetsOf, transliterate, unpackSeptets } from "./gsm0338.ts";

const alphabet =
  "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà\f^{}\\[~]|€";
const gsmText = fc.string({ unit: fc.constantFrom(...Array.from(alphabet)), maxLength: 400, size: "max" });
const anyText = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.string({ unit: "grapheme" }),
  fc.string({ unit: fc.integer({ min: 0, max: 0xffff }).map((unit) => String.fromCharCode(unit)) }),
);
const anySeptets = fc.uint8Array({ max: 0x7f, maxLength: 300, size: "max" });
const anyFillBits = fc.integer({ min: 0, max: 6 });

const bytes = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex, "hex"));
const hex = (octets: Uint8Array): string => Buffer.from(octets).toString("hex").toUpperCase();

describe("published vectors", () => {
  test.each([
    ["hellohello", "E8329BFD4697D9EC37"],
    ["hello", "E8329BFD06"],
    ["hello world", "E8329BFD06DDDF723619"],
    ["How are you?", "C8F71D14969741F977FD07"],
    ["Tada :)", "D430390CD2A500"],
    ["A", "41"],
    ["1234567", "31D98C56B3DD00"],
    ["1234567@", "31D98C56B3DD00"],
    ["123456789", "31D98C56B3DD7039"],
    ["1234567890abcdefghijklm", "31D98C56B3DD703958583C2697CD67745ABD66B701"],
    ["a€Δ", "E14D1902"],
    ["café", "E3B0B900"],
    ["2 € par mois", "32D0A60C8287E5A0F63B3D07"],
    ["*100#", "AA180C3602"],
  ])("%j", (text, packed) => {
    expect(hex(packSeptets(encodeGsm(text)))).toBe(packed);
    expect(decodeGsm(unpackSeptets(bytes(packed), septetsOf(text)))).toBe(text);
  });

  test.each([
    ["hello", 1, "D06536FB0D"],
    ["hi", 5, "009D06"],
    ["abcd", 6, "40583C2603"],
    ["", 1, "00"],
  ])("%j after %i fill bits", (text, fillBits, packed) => {
    expect(hex(packSeptets(encodeGsm(text), fillBits))).toBe(packed);
    expect(decodeGsm(unpackSeptets(bytes(packed), text.length, fillBits))).toBe(text);
  });

  test("USSD: seven spare bits are a carriage return, and are not read as @", () => {
    expect(hex(packSeptets(encodeGsm("*115*5#"), 0, "cr"))).toBe("AA58ACA6AA8D1A");
    expect(decodeGsm(unpackSeptets(bytes("AA58ACA6AA8D1A"), undefined))).toBe("*115*5#");
    // With the count told, as short messages do, it does not matter what they are.
    for (const packed of ["31D98C56B3DD00", "31D98C56B3DD1A"]) expect(decodeGsm(unpackSeptets(bytes(packed), 7))).toBe("1234567");
    // A carriage return that is meant, on the boundary, is followed by another: both are read, which is the same as one.
    expect(hex(packSeptets(encodeGsm("1234567\r"), 0, "cr"))).toBe("31D98C56B3DD1A0D");
    expect(decodeGsm(unpackSeptets(bytes("31D98C56B3DD1A0D"), undefined))).toBe("1234567\r\r");
  });
});

describe("what no symbol stands for (6.2.1.1)", () => {
  test.each([
    ["the character of the default table", "61 1B61 1B00 1B0D", "aa@\r"],
    ["escape, escape: a space", "61 1B1B 62", "a b"],
    ["escape, escape, and the euro's code: a space and e", "1B1B65", " e"],
    ["an escape at the end: a space", "611B", "a "],
    ["nothing but escapes", "1B1B1B", "  "],
    ["octets that are no septets", "80 61 FF 1BFF 1B80", "\uFFFDa\uFFFD\uFFFD\uFFFD"],
  ])("%s", (_, octets, text) => expect(decodeGsm(bytes(octets.replaceAll(" ", "")))).toBe(text));
});

test("a text of the alphabet comes back, in as many septets as were told, packed after any fill bits", () => {
  fc.assert(
    fc.property(gsmText, anyFillBits, (text, fillBits) => {
      const encoded = encodeGsm(text);
      expect(encoded.length).toBe(septetsOf(text));
      expect(decodeGsm(encoded)).toBe(text);
      const packed = packSeptets(encoded, fillBits);
      expect(packed.length).toBe(Math.ceil((fillBits + 7 * encoded.length) / 8));
      expect(unpackSeptets(packed, encoded.length, fillBits)).toEqual(encoded);
    }),
  );
});

test("with carriage returns for spare bits no count is needed: only one at the very end may be doubled", () => {
  fc.assert(
    fc.property(anySeptets, anyFillBits, (septets, fillBits) => {
      const back = unpackSeptets(packSeptets(septets, fillBits, "cr"), undefined, fillBits);
      const doubled = septets.at(-1) === 0x0d && (fillBits + 7 * septets.length) % 8 === 0;
      expect(back).toEqual(doubled ? Uint8Array.of(...septets, 0x0d) : septets);
    }),
  );
});

test("any octets, count and fill bits give a text that is bounded by them", () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 300, size: "max" }),
      fc.oneof(fc.constant(undefined), fc.integer(), fc.double()),
      anyFillBits,
      (octets, count, fillBits) => {
        const septets = unpackSeptets(octets, count, fillBits);
        expect(septets.length).toBeLessThanOrEqual(
          Math.max(0, Math.min(Math.floor((8 * octets.length) / 7), count === undefined ? Infinity : Math.max(0, count || 0))),
        );
        expect(septets.every((septet) => septet < 0x80)).toBe(true);
        expect(decodeGsm(septets)).not.toContain("\uFFFD");
        expect(decodeGsm(octets).length).toBeLessThanOrEqual(octets.length);
      },
    ),
  );
});

test("any text is counted or refused, and one that is refused is not encoded", () => {
  fc.assert(
    fc.property(anyText, (text) => {
      const fits = Array.from(text).every((character) => alphabet.includes(character));
      expect(septetsOf(text) !== undefined).toBe(fits);
      if (!fits) expect(() => encodeGsm(text)).toThrow(SojournError);
    }),
  );
});

test("the escape itself, lone surrogates and look-alikes are not in the alphabet", () => {
  for (const text of ["\u001B", "\uD83D", "\uDE00", "😀", "ç", "\t", "`", "\0", "\u0391", "e\u0301"])
    expect(septetsOf(text), JSON.stringify(text)).toBeUndefined();
});

test("wrong arguments are told by name and place, never by what the text says", () => {
  expect(() => encodeGsm("secret \u{1F600}")).toThrow(/^The character at 7 of the text/);
  expect(() => packSeptets(Uint8Array.of(1, 0x80))).toThrow(/^The octet at 1 is no septet/);
  for (const fillBits of [-1, 7, 1.5, Number.NaN]) {
    expect(() => packSeptets(new Uint8Array(1), fillBits)).toThrow(/^fillBits is/);
    expect(() => unpackSeptets(new Uint8Array(1), 1, fillBits)).toThrow(/^fillBits is/);
  }
});

describe("transliteration", () => {
  test.each([
    ["“It’s here” – at last…", `"It's here" - at last...`],
    ["«\u00A0Ça va\u202F?\u00A0»", `" Ça va ? "`],
    ["•\tone\u2028‣\ttwo", "* one\n* two"],
    ["the of\uFB01ce: 5′ 11″, 1⁄2, co\u00ADoper\u200Bate", `the office: 5' 11", 1/2, cooperate`],
    ["in−out — `now`", "in-out - 'now'"],
  ])("%j", (text, plain) => {
    expect(septetsOf(text)).toBeUndefined();
    expect(transliterate(text)).toBe(plain);
  });

  test.each(["привет — “мир”", "naïve… façade", "col·lecció ‘dos’", "e\u0301…", "“😀”"])("%j needs UCS-2 all the same, and stays", (text) => {
    expect(transliterate(text)).toBe(text);
  });

  test("either fits the alphabet afterwards or is as it was, and what fitted is never changed", () => {
    const pasted = fc.string({ unit: fc.constantFrom(...Array.from(`${alphabet}‘’“”–—…•\u00A0\u200Bﬁ`)), maxLength: 200, size: "max" });
    fc.assert(
      fc.property(fc.oneof(pasted, anyText), (text) => {
        const plain = transliterate(text);
        expect(plain === text || (septetsOf(text) === undefined && septetsOf(plain) !== undefined)).toBe(true);
        expect(transliterate(plain)).toBe(plain);
      }),
    );
    fc.assert(fc.property(pasted, (text) => septetsOf(transliterate(text)) !== undefined));
  });
});

/** Asks Perl's own codec of this alphabet, which others made from the table that Unicode publishes, about every UTF-16 unit but the halves of pairs. */
const script = `use Encode; my $gsm = find_encoding("gsm0338");
  for my $c (0..0xD7FF, 0xE000..0xFFFF) { my $s = chr $c; my $o = $gsm->encode($s, Encode::FB_QUIET); printf "%d %s\\n", $c, unpack("H*", $o) if length $o }`;

test("every character of the BMP is encoded, or not, as by Perl's Encode", ({ skip }) => {
  const { status, stdout, stderr } = spawnSync("perl", ["-e", script], { encoding: "utf8" });
  if (status !== 0) return skip(`Perl's Encode is not here: ${stderr ?? "no perl"}`);
  const theirs = stdout.trim().split("\n");
  const ours: string[] = [];
  for (let unit = 0; unit <= 0xffff; unit++) {
    const character = String.fromCharCode(unit);
    if (septetsOf(character) !== undefined) ours.push(`${unit} ${hex(encodeGsm(character)).toLowerCase()}`);
  }
  expect(ours).toEqual(theirs);
  expect(ours).toHaveLength(137);
});
