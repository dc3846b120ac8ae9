import fc from "fast-check";
import { SojournError } from "sojourn";
import { describe, expect, test } from "vitest";
import { decodeGsm, encodeGsm, packSeptets, septetsOf, unpackSeptets } from "./gsm0338.ts";
import { type Concatenation, decodeUdh, encodeUdh, fillBitsOf, segment, type Segments } from "./segments.ts";

const anyText = fc.oneof(
  fc.string({ unit: fc.constantFrom(...Array.from("aé@€[~ \nÇ")), maxLength: 700, size: "max" }),
  fc.string({ unit: fc.constantFrom("a", "я", "😀", "👩‍👩‍👧", "e\u0301", "\uD83D", "\uDE00"), maxLength: 400, size: "max" }),
  fc.string({ unit: "binary", maxLength: 400, size: "max" }),
);
const anyReferenceBits = fc.constantFrom<8 | 16 | undefined>(8, 16, undefined);

const bytes = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex.replaceAll(" ", ""), "hex"));
const hex = (octets: Uint8Array): string => Buffer.from(octets).toString("hex").toUpperCase();

/** The user data of a part, as they go on the air. */
function userData({ encoding, parts }: Segments, index: number, header: Uint8Array): Uint8Array {
  const text = parts[index - 1] as string;
  const data = encoding === "gsm7" ? packSeptets(encodeGsm(text), fillBitsOf(header.length)) : Buffer.from(text, "utf16le").swap16();
  return Uint8Array.of(...header, ...data);
}

/** Three parts with reference 0, as published in "Combining SMS messages" (techsofar.com) and tests of several libraries. */
const lorem =
  "Lorem ipsum dolor sit amet, consectetur adipisicing elit, sed do eiusmod tempor incididunt ut labore et dolore magna aliqua.Ut enim ad minim veniam, quis nostrud exercitation ullamco laboris nisi ut aliquip ex ea commodo consequat.Duis aute irure dolor in reprehenderit in voluptate velit esse cillum dolore eu fugiat nulla pariatur.Excepteur sint occaecat cupidatat non proident, sunt in culpa qui officia deserunt mollit anim id est laborum.";
const loremParts = [
  "050003000301986F79B90D4AC3E7F53688FC66BFE5A0799A0E0AB7CB741668FC76CFCB637A995E9783C2E4343C3D4F8FD3EE33A8CC4ED359A079990C22BF41E5747DDE7E9341F4721BFE9683D2EE719A9C26D7DD74509D0E6287C56F791954A683C86FF65B5E06B5C36777181466A7E3F5B0AB4A0795DDE936284C06B5D3EE741B642FBBD3E1360B14AFA7E7",
  "05000300030240EEF79C2EAF9341657C593E4ED3C3F4F4DB0DAAB3D9E1F6F80D6287C56F797A0E72A7E769509D0E0AB3D3F17A1A0E2AE341E53068FC6EB7DFE43768FC76CFCBF17A98EE22D6D37350B84E2F83D2F2BABC0C22BFD96F3928ED06C9CB7079195D7693CBF2341D947683EC6F761D4E0FD3CB207B999DA683CAF37919344EB3D9F53688FC66BFE5",
  "050003000303CAA0721D64AE9FD3613AC85D67B3C32078589E0ED3EB7257113F2EC3E9E5BA1C344FBBE9A0F7781C2E8FC374D0B80E4F93C3F4301DE47EBB4170F93B4D2EBBE92CD0BCEEA683D26ED0B8CE868741F17A1AF4369BD3E37418442ECFCBF2BA9B0E6ABFD9EC341D1476A7DBA03419549ED341ECB0F82DAFB75D",
];

test("a published message of three parts is cut, headed and packed to the octet, and read back", () => {
  const segments = segment(lorem);
  expect(segments).toMatchObject({ encoding: "gsm7", units: 443, octets: [140, 140, 126] });
  expect(segments.parts.map((_, at) => hex(userData(segments, at + 1, encodeUdh({ reference: 0, count: 3, index: at + 1 }))))).toEqual(loremParts);
  const texts = loremParts.map((part, at) => {
    const header = decodeUdh(bytes(part));
    expect(header).toEqual({ octets: 6, concatenation: { reference: 0, count: 3, index: at + 1, referenceBits: 8 } });
    return decodeGsm(unpackSeptets(bytes(part).subarray(6), [160, 160, 144].map((length) => length - 7)[at], fillBitsOf(6)));
  });
  expect(texts.join("")).toBe(lorem);
});

describe("user data that networks delivered, from tests of Gammu and SMSLib", () => {
  test.each<[string, string, Concatenation, number, string | undefined]>([
    [
      "8-bit reference",
      "050003630801 40CCB7BCDC06A5E1F37A1B447EB3DF72D03C4D0785DB653A0B347EBBE7E531BD4CAFCB4161721A9E9E8FD3EE33A8CC4ED35D206899CD2EBBE9E579BC5E06D9D3F47019E42EC7EB6550F95C9ED3C37316C81CAE8FD3E2FA1C5496BFE7A0B49B054A87C775767A0E4AC3E7F5B60B34ADCFE16537393D9F9741E4F4D99D9ECFD36D10FC2DA7D3D3",
      { reference: 0x63, count: 8, index: 1, referenceBits: 8 },
      153,
      " Lorem ipsum dolor sit amet, consectetur adipiscing elit. Pellentesque vitae neque egestas, faucibus eros in, iaculis ipsum. Suspendisse dignissim portti",
    ],
    ["16-bit reference", `060804B0930301 ${"B1582C168BC562".repeat(18)}`, { reference: 0xb093, count: 3, index: 1, referenceBits: 16 }, 144, "1".repeat(144)],
    ["ports, then an 8-bit reference", "0B05040000000000 03B90302 808182", { reference: 0xb9, count: 3, index: 2, referenceBits: 8 }, 0, undefined],
    ["ports, then a 16-bit reference", "0C0504000000000804222A0301 150001", { reference: 0x222a, count: 3, index: 1, referenceBits: 16 }, 0, undefined],
  ])("%s", (_, data, concatenation, septets, text) => {
    const header = decodeUdh(bytes(data));
    expect(header?.concatenation).toEqual(concatenation);
    if (header === undefined || text === undefined) return;
    expect(decodeGsm(unpackSeptets(bytes(data).subarray(header.octets), septets, fillBitsOf(header.octets)))).toBe(text);
  });
});

describe("where a text is cut", () => {
  test.each<[string, string, 8 | 16, readonly number[]]>([
    ["nothing", "", 8, [0]],
    ["160 septets", "a".repeat(160), 8, [160]],
    ["161 septets", "a".repeat(161), 8, [153, 8]],
    ["161 septets, 16-bit reference", "a".repeat(161), 16, [152, 9]],
    ["80 of the extension table", "€".repeat(80), 8, [80]],
    ["81 of the extension table: 76 to a part, not 76 and a half", "€".repeat(81), 8, [76, 5]],
    ["with 16 bits 76 fill it", "€".repeat(153), 16, [76, 76, 1]],
    ["an extension pair over the edge", `${"a".repeat(152)}€${"a".repeat(10)}`, 8, [152, 11]],
    ["an extension pair at the edge", `${"a".repeat(151)}€${"a".repeat(10)}`, 8, [152, 10]],
    ["70 units", "я".repeat(70), 8, [70]],
    ["71 units", "я".repeat(71), 8, [67, 4]],
    ["71 units, 16-bit reference", "я".repeat(71), 16, [66, 5]],
    ["35 surrogate pairs", "😀".repeat(35), 8, [70]],
    ["36 surrogate pairs: 33 to a part", "😀".repeat(36), 8, [66, 6]],
    ["lone halves are units like others", "\uDE00".repeat(71), 8, [67, 4]],
  ])("%s", (_, text, referenceBits, lengths) => expect(segment(text, { referenceBits }).parts.map((part) => part.length)).toEqual(lengths));

  test("one character outside the alphabet makes it UCS-2", () => expect(segment("it’s").encoding).toBe("ucs2"));

  test("255 parts are the most", () => {
    for (const [unit, bits, most] of [
      ["a", 8, 255 * 153],
      ["a", 16, 255 * 152],
      ["€", 8, 255 * 76],
      ["я", 8, 255 * 67],
      ["я", 16, 255 * 66],
      ["😀", 8, 255 * 33],
    ] as const) {
      expect(segment(unit.repeat(most), { referenceBits: bits }).parts).toHaveLength(255);
      expect(code(() => segment(unit.repeat(most + 1), { referenceBits: bits }))).toBe("too_large");
    }
    // So much is not read through to find that out.
    const begin = performance.now();
    expect(code(() => segment("a".repeat(500_000_000)))).toBe("too_large");
    expect(performance.now() - begin).toBeLessThan(500);
  });
});

test("any text: the parts joined are it, none is cut in a pair, each fits and is as full as it can be", () => {
  fc.assert(
    fc.property(anyText, anyReferenceBits, (text, referenceBits) => {
      const segments = segment(text, { referenceBits });
      const { encoding, parts, units, octets } = segments;
      expect(parts.join("")).toBe(text);
      expect(encoding === "gsm7").toBe(septetsOf(text) !== undefined);
      const unitsOf = (part: string): number => (encoding === "gsm7" ? (septetsOf(part) ?? Number.NaN) : part.length);
      expect(parts.reduce((sum, part) => sum + unitsOf(part), 0)).toBe(units);
      if (parts.length > 1) expect(units).toBeGreaterThan(encoding === "gsm7" ? 160 : 70);
      const most = { gsm7: referenceBits === 16 ? 152 : 153, ucs2: referenceBits === 16 ? 66 : 67 }[encoding];
      for (const [at, part] of parts.entries()) {
        const header = parts.length === 1 ? new Uint8Array() : encodeUdh({ reference: 200, count: parts.length, index: at + 1, referenceBits });
        expect(userData(segments, at + 1, header).length).toBe(octets[at]);
        expect(octets[at]).toBeLessThanOrEqual(140);
        const next = parts[at + 1];
        if (next === undefined) continue;
        expect(/[\uD800-\uDBFF]$/.test(part) && /^[\uDC00-\uDFFF]/.test(next)).toBe(false);
        expect(unitsOf(part) + unitsOf(String.fromCodePoint(next.codePointAt(0) ?? 0))).toBeGreaterThan(most);
      }
    }),
  );
});

test("fill bits lead to a septet boundary", () => {
  expect([1, 6, 7, 9, 140].map(fillBitsOf)).toEqual([6, 1, 0, 5, 0]);
  for (let octets = 0; octets <= 140; octets++) expect((octets * 8 + fillBitsOf(octets)) % 7).toBe(0);
});

describe("user data header", () => {
  const concatenation = fc
    .record({
      referenceBits: fc.constantFrom<8 | 16>(8, 16),
      reference: fc.nat(0xffff),
      count: fc.integer({ min: 1, max: 255 }),
      index: fc.integer({ min: 1, max: 255 }),
    })
    .map((all) => ({ ...all, reference: all.reference % 2 ** all.referenceBits, index: ((all.index - 1) % all.count) + 1 }));
  const element = fc.tuple(
    fc.integer({ min: 1, max: 255 }).filter((identifier) => identifier !== 8),
    fc.uint8Array({ maxLength: 12 }),
  );

  test("comes back, whatever other elements are around it and whatever text follows", () => {
    fc.assert(
      fc.property(
        concatenation,
        fc.array(element, { maxLength: 6 }),
        fc.array(element, { maxLength: 6 }),
        fc.uint8Array({ maxLength: 20 }),
        (own, before, after, text) => {
          expect(decodeUdh(Uint8Array.of(...encodeUdh(own), ...text))).toEqual({ octets: own.referenceBits === 8 ? 6 : 7, concatenation: own });
          const elements = [before, after].map((all) => all.flatMap(([identifier, data]) => [identifier, data.length, ...data]));
          const header = [...(elements[0] ?? []), ...encodeUdh(own).subarray(1), ...(elements[1] ?? [])];
          expect(decodeUdh(Uint8Array.of(header.length, ...header, ...text))).toEqual({ octets: header.length + 1, concatenation: own });
        },
      ),
    );
  });

  test("any octets give a header within them, or nothing", () => {
    // Headers that are nearly right: elements of the identifiers that matter, of any length, with the header's length told right or one off.
    const octet = fc.constantFrom(0, 1, 2, 3, 255);
    const near = fc
      .tuple(fc.array(fc.tuple(fc.constantFrom(0, 8, 5), fc.array(octet, { minLength: 2, maxLength: 5 })), { maxLength: 3 }), fc.constantFrom(0, 0, 0, 1, -1))
      .map(([elements, off]) => ({ off, header: elements.flatMap(([identifier, data]) => [identifier, data.length, ...data]) }))
      .map(({ off, header }) => Uint8Array.of(header.length + off, ...header));
    let read = 0;
    fc.assert(
      fc.property(fc.oneof(near, fc.uint8Array({ maxLength: 300, size: "max" })), (octets) => {
        const header = decodeUdh(octets);
        if (header === undefined) return;
        expect(header.octets).toBe((octets[0] ?? 0) + 1);
        expect(header.octets).toBeLessThanOrEqual(octets.length);
        if (header.concatenation === undefined) return;
        read++;
        expect(decodeUdh(encodeUdh(header.concatenation))?.concatenation).toEqual(header.concatenation);
      }),
      { numRuns: 5_000 },
    );
    expect(read).toBeGreaterThan(10);
  });

  test.each([
    ["no octet", ""],
    ["a length beyond the octets", "05 0003 2A0201".slice(0, -2)],
    ["a length of 255", "FF 0003 2A0201"],
    ["an element that goes beyond the header", "05 0004 2A020101"],
    ["a last element of one octet", "06 0003 2A0201 00"],
    ["a length too small for its element", "04 0003 2A0201"],
    ["one octet of header", "01 00"],
  ])("malformed, to be ignored: %s", (_, octets) => expect(decodeUdh(bytes(octets))).toBeUndefined());

  test.each([
    ["no elements", "00", undefined],
    ["no parts", "05 0003 2A0000", undefined],
    ["index 0", "05 0003 2A0200", undefined],
    ["an index beyond the count", "05 0003 2A0203", undefined],
    ["8-bit reference of wrong length", "06 0004 2A020100", undefined],
    ["16-bit reference of wrong length", "05 0803 2A0201", undefined],
    ["of two the last", "0B 0003 010201 0804 02010302", { reference: 0x201, count: 3, index: 2, referenceBits: 16 }],
    ["of two the last that makes sense", "0A 0003 010201 0003 090000", { reference: 1, count: 2, index: 1, referenceBits: 8 }],
    ["reference 0", "05 0003 00FFFF", { reference: 0, count: 255, index: 255, referenceBits: 8 }],
  ])("well formed: %s", (_, octets, expected) => {
    const header = decodeUdh(bytes(octets));
    expect(header?.octets).toBe(bytes(octets).length);
    expect(header?.concatenation).toEqual(expected);
  });

  test.each<[string, Concatenation]>([
    ["reference", { reference: 256, count: 2, index: 1 }],
    ["reference", { reference: 65_536, count: 2, index: 1, referenceBits: 16 }],
    ["reference", { reference: -1, count: 2, index: 1 }],
    ["reference", { reference: 1.5, count: 2, index: 1 }],
    ["count", { reference: 1, count: 0, index: 1 }],
    ["count", { reference: 1, count: 256, index: 1 }],
    ["index", { reference: 1, count: 2, index: 0 }],
    ["index", { reference: 1, count: 2, index: 3 }],
  ])("refuses to write a wrong %s", (name, wrong) => {
    expect(code(() => encodeUdh(wrong))).toBe("invalid_field");
    expect(() => encodeUdh(wrong)).toThrow(new RegExp(`^${name} is`));
  });

  test("refuses other sizes of reference", () => {
    const wrong = 12 as 8;
    expect(code(() => encodeUdh({ reference: 1, count: 1, index: 1, referenceBits: wrong }))).toBe("invalid_option");
    expect(code(() => segment("a", { referenceBits: wrong }))).toBe("invalid_option");
  });
});

function code(action: () => unknown): string | undefined {
  try {
    action();
  } catch (error) {
    if (error instanceof SojournError) return error.code;
    throw error;
  }
  return undefined;
}
