import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { normalise, redacted, type Address, type AddressOptions } from "./e164.ts";

const finland: AddressOptions = { country: "358", trunk: "0" };
const number = (value: string): Address => ({ kind: "number", number: value });
const short = (value: string): Address => ({ kind: "short", number: value });

describe("one handset, one string", () => {
  test.each([
    ...[
      "+358401234567",
      "358401234567",
      "00358401234567",
      "0401234567",
      "+358 40 123 4567",
      "+358-40-123-4567",
      "+358.40.123.4567",
      "+358 (0)40 123 4567",
      "+358 ( 0 ) 40 1234567",
    ],
    ...[
      "00358 (0) 40 1234567",
      "358(0)401234567",
      "(+358)(0)401234567",
      "+358 (040) 123 4567",
      "+3580401234567",
      "3580401234567",
      "003580401234567",
      "(040) 123 4567",
      "040 123-4567",
      "(0)40 1234567",
    ],
    ...[
      "040\u00A0123\u20114567",
      "040 – 123 − 4567",
      "\u202A+358 40 1234567\u202C",
      "＋３５８４０１２３４５６７",
      "٠٤٠١٢٣٤٥٦٧",
      "۰۴۰۱۲۳۴۵۶۷",
      "+३५८४०१२३४५६७",
      "040\u200B1234567",
      " 0401234567 ",
    ],
  ])("%j in Finland", (written) => expect(normalise(written, finland)).toEqual(number("+358401234567")));

  test.each<[string, AddressOptions, string]>([
    ["+44 (0)20 7946 0123", finland, "+442079460123"],
    ["0044 20 7946 0123", {}, "+442079460123"],
    ["12125550123", { country: "1", trunk: "1" }, "+12125550123"],
    ["1 (212) 555-0123", { country: "1", trunk: "1", national: [10, 10] }, "+12125550123"],
    ["(212) 555-0123", { country: "1", trunk: "1", national: [10, 10] }, "+12125550123"],
    ["8 (916) 123-45-67", { country: "7", trunk: "8" }, "+79161234567"],
    ["79161234567", { country: "7", trunk: "8" }, "+79161234567"],
    // Its national numbers begin with 8 too.
    ["+78005553535", { country: "7", trunk: "8" }, "+78005553535"],
    ["+7 (8) 800 555 35 35", { country: "7", trunk: "8" }, "+78005553535"],
    ["8005553535", { country: "7", trunk: "8", national: [10, 10] }, "+78005553535"],
    ["06 30 123 4567", { country: "36", trunk: "06" }, "+36301234567"],
    ["+36 (06) 30 123 4567", { country: "36", trunk: "06" }, "+36301234567"],
    ["+36 06 30 123 4567", { country: "36", trunk: "06" }, "+36301234567"],
    // Italy: the zero is part of the number.
    ["06 1234 5678", { country: "39", national: [6, 11] }, "+390612345678"],
    ["+39 06 1234 5678", { country: "39" }, "+390612345678"],
    // Denmark: no prefix, and numbers that begin like the calling code.
    ["45 12 34 56", { country: "45", national: [8, 8] }, "+4545123456"],
    ["45 45 12 34 56", { country: "45", national: [8, 8] }, "+4545123456"],
    ["46701234567", { ...finland, bare: "international" }, "+46701234567"],
    ["46 (0)70 1234567", { ...finland, bare: "international" }, "+46701234567"],
    ["0401234567", { ...finland, bare: "international" }, "+358401234567"],
    ["+6834000", {}, "+6834000"],
    ["+123456789012345", {}, "+123456789012345"],
    // The trunk prefix is dropped before digits are counted.
    ["+3580123456789012", finland, "+358123456789012"],
  ])("%j with %j is %s", (written, options, expected) => expect(normalise(written, options)).toEqual(number(expected)));
});

test.each<[string, AddressOptions, Address]>([
  ["12345", finland, short("12345")],
  ["16 400", finland, short("16400")],
  ["112", {}, short("112")],
  ["040123", finland, short("040123")],
  ["1234567", { short: [3, 7] }, short("1234567")],
  ["ACME", {}, { kind: "name", name: "ACME" }],
  ["  Acme Bank ", {}, { kind: "name", name: "Acme Bank" }],
  ["4ALL", finland, { kind: "name", name: "4ALL" }],
  ["Mu\u0308ller-42", finland, { kind: "name", name: "Müller-42" }],
  ["ACME LONGER", finland, { kind: "name", name: "ACME LONGER" }],
])("%j with %j is %j", (written, options, expected) => expect(normalise(written, options)).toEqual(expected));

test.each([
  ...[
    "",
    " ",
    "+",
    "00",
    "12",
    "()",
    "-",
    "++358401234567",
    "358+401234567",
    "+0401234567",
    "000401234567",
    "+(0)40 1234567",
    "+358 00 40 1234567",
    "+1234567890123456",
    "+12345",
    "+358401234567x",
  ],
  ...[
    "040 1234567 / 68",
    "0401234567,",
    "040#123456",
    "*100#",
    "tel:+358401234567",
    "+358ACME",
    "+ACME",
    "A LONGER NAME",
    "ACME LONG AB",
    "ACME\n",
    "AC\u0000ME",
    "0401234567\t",
    "AC\u200BME",
    "\u202EACME",
    "🙂",
    "²³⁴⁵",
    "①②③④",
  ],
  ...["\uD800", "A\uD800", "4".repeat(16), " ".repeat(65), `+358401234567${" ".repeat(60)}`, "401234567", "46701234567", "...---..."],
])("%j is no address in Finland", (written) => expect(normalise(written, { ...finland, short: [3, 5] })).toBeUndefined());

test.each<[AddressOptions, RegExp]>([
  [{ country: "+358" }, /^country is "\+358"\./],
  [{ country: "" }, /^country/],
  [{ country: "0" }, /^country/],
  [{ country: "3580" }, /^country/],
  [{ country: "358", trunk: "" }, /^trunk/],
  [{ country: "358", trunk: "x" }, /^trunk/],
  [{ trunk: "0" }, /^trunk is "0"\. It needs country/],
  [{ national: [8, 8] }, /^national .* needs country/],
  [{ country: "45", national: [9, 8] }, /^national/],
  [{ country: "45", national: [0, 8] }, /^national/],
  [{ country: "45", national: [8] as unknown as [number, number] }, /^national/],
  [{ short: [1, 6] }, /^short/],
  [{ short: [3, 11] }, /^short/],
  [{ short: [3, Number.NaN] }, /^short/],
  [{ bare: "national" as "international" }, /^bare/],
])("%j is refused by the setting's name", (options, message) => {
  expect(() => normalise("+358401234567", options)).toThrow(
    expect.objectContaining({ code: "invalid_option", message: expect.stringMatching(message) as string }),
  );
});

test("a trunk prefix of zeros is written once", () => {
  for (const written of ["0606301234567", "+36 06 06 30 123 4567", "360606301234567"])
    expect(normalise(written, { country: "36", trunk: "06" })).toBeUndefined();
});

interface Plan {
  readonly options: AddressOptions & { readonly country: string };
  readonly digits: readonly [number, number];
  /** What a national number cannot begin with. */
  readonly never: string;
}
const plans: readonly Plan[] = [
  { options: { country: "358", trunk: "0" }, digits: [6, 11], never: "0" },
  { options: { country: "44", trunk: "0" }, digits: [9, 10], never: "0" },
  { options: { country: "49", trunk: "0" }, digits: [6, 11], never: "0" },
  { options: { country: "1", trunk: "1", national: [10, 10] }, digits: [10, 10], never: "01" },
  { options: { country: "7", trunk: "8", national: [10, 10] }, digits: [10, 10], never: "0" },
  { options: { country: "36", trunk: "06", national: [8, 9] }, digits: [8, 9], never: "0" },
  { options: { country: "45", national: [8, 8] }, digits: [8, 8], never: "0" },
  { options: { country: "39", national: [9, 10] }, digits: [9, 10], never: "12456789" },
];
const handsets = fc.constantFrom(...plans).chain((plan) =>
  fc
    .tuple(
      fc.integer({ min: plan.digits[0], max: plan.digits[1] }),
      fc.string({ unit: fc.constantFrom(..."0123456789".split("")), minLength: 14, maxLength: 14 }),
    )
    .map(([length, digits]) => ({ plan, rest: digits.slice(0, length) }))
    .filter(({ rest }) => !plan.never.includes(rest.charAt(0))),
);
const zeros = [0x30, 0x660, 0x6f0, 0x966, 0xff10, 0x1d7ce, 0x1d7f6];

test("all spellings of a handset agree", () => {
  fc.assert(
    fc.property(
      handsets,
      fc.array(fc.constantFrom("", "", " ", "-", ".", "\u00A0", "\u200E", "‑"), { minLength: 20, maxLength: 20 }),
      fc.constantFrom(...zeros),
      ({ plan, rest }, marks, zero) => {
        const { country, trunk, national } = plan.options;
        const spellings = [`+${country}${rest}`, `00${country}${rest}`, `+${country}(${rest.slice(0, 2)})${rest.slice(2)}`, `(+${country})${rest}`];
        // In Denmark and Italy the digits alone are ambiguous where both readings fit; so is a national number in a plan of several lengths.
        const bare = `${country}${rest}`;
        if (trunk !== undefined)
          spellings.push(
            bare,
            `${trunk}${rest}`,
            `(${trunk})${rest}`,
            `(${trunk}${rest.slice(0, 2)})${rest.slice(2)}`,
            `+${country}(${trunk})${rest}`,
            `+${country}(0)${rest}`,
          );
        if (trunk?.startsWith("0") === true) spellings.push(`+${country}${trunk}${rest}`, `00${country}${trunk}${rest}`);
        if (national !== undefined && national[0] === national[1]) spellings.push(rest, bare);
        for (const spelling of spellings) {
          const dressed = Array.from(spelling)
            .map((c, at) => (/\d/.test(c) ? String.fromCodePoint(zero + Number(c)) : c) + (marks[at] ?? ""))
            .join("");
          expect([spelling, normalise(spelling, plan.options)]).toEqual([spelling, number(`+${country}${rest}`)]);
          expect([dressed, normalise(dressed, plan.options)]).toEqual([dressed, number(`+${country}${rest}`)]);
        }
      },
    ),
    { numRuns: 400 },
  );
});

const anything = fc.oneof(
  fc.string({ unit: "binary", maxLength: 80 }),
  fc
    .array(
      fc.oneof(
        fc.constantFrom("+", "00", "0", "(0)", "(", ")", "358", "45", "A", " ", "-", "\uD800", "٣", "é", "e\u0301"),
        fc.constantFrom(..."0123456789".split("")),
      ),
      { maxLength: 24 },
    )
    .map((parts) => parts.join("")),
);
const anyOptions = fc.constantFrom<AddressOptions>(
  {},
  { country: "358" },
  { bare: "international" },
  { country: "358", trunk: "0", bare: "international" },
  { country: "45", national: [8, 8], short: [2, 10] },
  ...plans.map(({ options }) => options),
);

test("no text makes it throw, what it gives is well formed, and the same again when it is given that", () => {
  fc.assert(
    fc.property(anything, anyOptions, (text, options) => {
      const found = normalise(text, options);
      if (found === undefined) return;
      const written = found.kind === "name" ? found.name : found.number;
      if (found.kind === "number") expect(written).toMatch(/^\+[1-9]\d{6,14}$/);
      else if (found.kind === "short") expect(written).toMatch(/^\d{2,10}$/);
      else expect(Array.from(written).length).toBeLessThanOrEqual(11);
      expect(normalise(written, options)).toEqual(found);
    }),
    { numRuns: 5_000 },
  );
});

test("a text of 1 MB is refused at once", () => {
  const began = performance.now();
  for (const shape of ["4", " ", "(", "A", "\u0301", "٣"]) expect(normalise(shape.repeat(1_000_000), finland)).toBeUndefined();
  expect(performance.now() - began).toBeLessThan(500);
});

describe("in a log", () => {
  test.each([
    ["+358401234567", "+35…67"],
    ["+12125550123", "+1…23"],
    ["+79161234567", "+7…67"],
    ["+442079460123", "+44…23"],
    ["+6834000", "+68…0"],
    ["+358 40 1234567", "+35…67"],
    ["0401234567", "…67"],
    ["358401234567", "…67"],
    ["12345", "…5"],
    ["1234", "…4"],
    ["112", "…"],
    ["", "…"],
    ["ACME", "…"],
    ["my secret is 1234567890", "…"],
  ])("%j is %j", (written, shown) => expect(redacted(written)).toBe(shown));

  test("whatever it is given, at most four digits and nothing else of it show, and of 7 digits or more never half", () => {
    fc.assert(
      fc.property(anything, (text) => {
        const shown = redacted(text);
        expect(shown).toMatch(/^(\+\d{1,2})?…\d{0,2}$/);
        const digits = text.replaceAll(/[^\p{Nd}]/gu, "").length;
        if (digits >= 7) expect(shown.replaceAll(/\D/g, "").length * 2).toBeLessThan(digits);
      }),
      { numRuns: 2_000 },
    );
  });
});
