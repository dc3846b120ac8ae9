import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { beginsParts, joinParts, mostParts, partName, roomOf, splitToken, staleParts } from "./cookie-parts.ts";
import { maxCookieOctets, readCookie } from "./cookie.ts";

const name = "__Host-Http-session";
/** No two places of it look alike, so that parts in the wrong order show. */
const tokenOf = (length: number, seed = 0): string => {
  let token = "";
  for (let i = seed; token.length < length; i++) token += `${i.toString(36)}_`;
  return token.slice(0, length);
};
const pairsOf = (values: readonly string[], by = name): string[] => values.map((value, i) => `${partName(by, i)}=${value}`);
/** As the carrier does it. */
const read = (header: string, parts = mostParts, by = name): string | undefined => {
  const first = readCookie(header, `${by}=`);
  if (first === undefined || first === "" || first.length > maxCookieOctets) return undefined;
  return beginsParts(by, first) ? joinParts(header, by, first, parts) : first;
};
const shuffled = <T>(items: readonly T[], keys: readonly number[]): T[] =>
  items
    .map((item, i) => [keys[i % keys.length] ?? 0, item] as const)
    .sort(([a], [b]) => a - b)
    .map(([, item]) => item);
const hundred = Array.from({ length: 100 }, (_, i) => `${name}.${i}=p`).join("; ");
const code = (run: () => unknown): string => {
  try {
    run();
  } catch (error) {
    return (error as { code: string }).code;
  }
  return "none";
};

const names = fc.constantFrom("s", name, `__Http-${"n".repeat(249)}`);
const lengths = fc.oneof(
  fc.integer({ min: 1, max: 82_000 }),
  fc.tuple(fc.constantFrom(1, 2, 3, 9, 10, 20), fc.integer({ min: -2, max: 2 })).map(([parts, off]) => roomOf(name, parts) + off),
);
const foreign = fc.constantFrom(
  "a=1",
  "x=2~y",
  `x${name}=2~evil`,
  `x=${name}.1=evil`,
  `${name}.x=evil`,
  `${name}.01=evil`,
  `${name}.1x=evil`,
  `${name}.21=evil`,
  `\u00a0${name}.1=evil`,
);

describe("splitting and joining", () => {
  it("gives back every token, whatever its length, in whichever order its cookies come and among whichever others", () => {
    fc.assert(
      fc.property(names, lengths, fc.array(foreign, { maxLength: 6 }), fc.array(fc.nat(), { minLength: 1, maxLength: 30 }), (by, length, others, keys) => {
        fc.pre(length <= roomOf(by, mostParts));
        const token = tokenOf(length);
        const values = splitToken(by, token, mostParts);
        for (const [i, value] of values.entries()) expect(partName(by, i).length + value.length).toBeLessThanOrEqual(maxCookieOctets);
        // As few as will do.
        if (values.length > 1) expect(roomOf(by, values.length - 1)).toBeLessThan(length);
        expect(read(shuffled([...pairsOf(values, by), ...others], keys).join("; "), mostParts, by)).toBe(token);
        expect(read(pairsOf(values, by).join(";"), values.length, by)).toBe(token);
        if (values.length > 1) expect(read(pairsOf(values, by).join("; "), values.length - 1, by)).toBeUndefined();
      }),
      { numRuns: 200 },
    );
  });

  it("writes a token that fits into one cookie as it is", () => {
    for (const length of [0, 1, 59, roomOf(name, 1)]) expect(splitToken(name, tokenOf(length), 1)).toEqual([tokenOf(length)]);
    expect(splitToken(name, tokenOf(roomOf(name, 1) + 1), 2)).toHaveLength(2);
  });

  it("has room for exactly as much as it says, and says what does not fit, the bound and the fix", () => {
    for (let parts = 1; parts <= mostParts; parts++) {
      const room = roomOf(name, parts);
      const values = splitToken(name, tokenOf(room), parts);
      expect([values.length, values.every((value, i) => partName(name, i).length + value.length === maxCookieOctets)]).toEqual([parts, true]);
      expect(code(() => splitToken(name, tokenOf(room + 1), parts))).toBe("too_large");
    }
    expect(() => splitToken(name, tokenOf(13_000), 3)).toThrow(/13000 characters; 3 cookies take 12225\..*parts: 4.*overflow/s);
    expect(() => splitToken(name, tokenOf(13_000), 1)).toThrow(/one cookie takes 4077/);
    expect(() => splitToken(name, tokenOf(1_000_000), 20)).toThrow(/^(?!.*parts:).*Keep less/s);
    expect(() => splitToken(name, tokenOf(13_000), 3)).toThrow(/^(?![^]*0_1_2_)/);
  });

  it("refuses a token that would be taken for the first of several", () => {
    const room = roomOf(name, 1);
    for (const begin of ["2~abc", "0~", "19~x"]) expect(code(() => splitToken(name, begin.padEnd(room, "x"), 3))).toBe("invalid_field");
    for (const begin of ["~2", "a2~", "2a~", "2"]) expect(splitToken(name, begin.padEnd(room, "x"), 3)).toEqual([begin.padEnd(room, "x")]);
    expect(splitToken(name, "2~abc", 3)).toEqual(["2~abc"]);
  });
});

describe("what is not whole is no token", () => {
  it("a part that is missing, empty, too long, or there twice with different values", () => {
    fc.assert(
      fc.property(fc.integer({ min: roomOf(name, 1) + 1, max: 40_000 }), fc.nat(), fc.nat(), fc.boolean(), (length, which, at, before) => {
        const pairs = pairsOf(splitToken(name, tokenOf(length), mostParts));
        const i = which % pairs.length;
        const own = partName(name, i);
        const put = (extra: string): string => pairs.toSpliced(at % (pairs.length + 1), 0, extra).join("; ");
        expect(read(pairs.toSpliced(i, 1).join("; "))).toBeUndefined();
        expect(read(pairs.with(i, `${own}=`).join("; "))).toBeUndefined();
        expect(read(pairs.with(i, `${pairs[i]}${"x".repeat(maxCookieOctets)}`).join("; "))).toBeUndefined();
        expect(read(put(`${own}=planted`))).toBeUndefined();
        expect(read(before ? `${own}=; ${pairs.join("; ")}` : `${pairs.join("; ")}; ${own}=`)).toBeUndefined();
        expect(read(put(pairs[i] ?? ""))).toBe(tokenOf(length));
      }),
      { numRuns: 100 },
    );
  });

  it("parts of two sessions are joined as they come: their seal refuses them", () => {
    const [one, two] = [splitToken(name, tokenOf(9_000), 3), splitToken(name, tokenOf(9_000, 7), 3)];
    const mixed = read(pairsOf([one[0] ?? "", two[1] ?? "", one[2] ?? ""]).join("; "));
    expect([mixed?.length, mixed === tokenOf(9_000), mixed === tokenOf(9_000, 7)]).toEqual([9_000, false, false]);
  });

  /** Fills its cookie, as the first of several always does. */
  const full = (begin: string): string => begin.padEnd(roomOf(name, 1), "x");

  it.each(["0~", "1~", "02~", "999~", "4~", "21~", "00~", "9".repeat(4_000) + "~"])("a first cookie that begins with %.9s, with 100 others", (begin) => {
    expect(read(`${name}=${full(begin)}; ${hundred}`, 3)).toBeUndefined();
  });

  it("2~ without its part, 3~ with one of two, and one in the middle that is not full", () => {
    const [two, three] = [full("2~"), full("3~")];
    expect(read(`${name}=${two}`)).toBeUndefined();
    const middle = "y".repeat(maxCookieOctets - name.length - 2);
    expect(read(`${name}=${three}; ${name}.1=${middle}`)).toBeUndefined();
    expect(read(`${name}=${three}; ${name}.2=z`)).toBeUndefined();
    expect(read(`${name}=${three}; ${name}.2=z; ${name}.1=${middle.slice(1)}`)).toBeUndefined();
    expect(read(`${name}=${three}; ${name}.2=z; ${name}.1=${middle}`)).toBe(`${three.slice(2)}${middle}z`);
    // A longer one was here before: its last cookie is not of this one.
    expect(read(`${name}=${two}; ${name}.2=z; ${name}.1=y`)).toBe(`${two.slice(2)}y`);
    expect(read(`${name}=${full("2~~")}; ${name}.1=~`)).toBe(`${full("2~~").slice(2)}~`);
  });

  it("a shorter first one was never written here: it is a token that no manager knows", () => {
    for (const odd of ["2~x", "2~", "0~", "999~x", full("2~").slice(1)]) expect(read(`${name}=${odd}; ${hundred}`)).toBe(odd);
    for (const odd of ["1e0~", "~2~", "a2~"]) expect(read(`${name}=${full(odd)}; ${hundred}`)).toBe(full(odd));
  });

  it("whatever a header says: never an error, never more than fits, and never slow", () => {
    const room = roomOf("s", 1);
    const value = fc.stringMatching(/^[0-9]{0,3}~?[a-c]{0,3}$/).chain((begin) => fc.constantFrom(begin, begin.padEnd(room, "x"), begin.padEnd(room - 2, "x")));
    const piece = fc.oneof(
      fc.stringMatching(/^[ \ts=;.~0-9]{0,10}$/),
      fc.tuple(fc.constantFrom("s", "s", "s.1", "s.1", "s.2", "s.19"), value).map(([key, text]) => `${key}=${text}`),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 10 }), fc.integer({ min: 1, max: mostParts }), (pieces, parts) => {
        const header = pieces.join("; ");
        const token = read(header, parts, "s");
        expect(token === undefined || token.length <= roomOf("s", parts)).toBe(true);
        for (const stale of staleParts(header, "s", 1)) expect(stale).toMatch(/^s\.(?:[1-9]|1\d)$/);
      }),
      { numRuns: 500 },
    );
    const began = performance.now();
    const hostile = `${name}=${"20~".padEnd(roomOf(name, 1), "x")}; ${`${name}.19=x; `.repeat(40_000)}${`x${name}.1=x;`.repeat(20_000)}`;
    expect(read(hostile)).toBeUndefined();
    expect(staleParts(hostile, name, 1)).toEqual([`${name}.19`]);
    expect(performance.now() - began).toBeLessThan(5_000);
  });
});

describe("what a longer token left behind", () => {
  it("is what the request brought beyond the new count, up to the most that there can ever be", () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.integer({ min: 0, max: 25 })), fc.integer({ min: 1, max: mostParts }), fc.nat(), (brought, count, key) => {
        const cookies = brought.map((i) => `${name}.${i}=x`);
        const header = ["a=b", ...shuffled(cookies, [key, 1, 2]), `x${name}.3=y`, `${name}.x=1`].join("; ");
        const expected = brought.filter((i) => i >= count && i < mostParts).sort((a, b) => a - b);
        expect(staleParts(header, name, count)).toEqual(expected.map((i) => `${name}.${i}`));
      }),
    );
    expect(staleParts(undefined, name, 1)).toEqual([]);
    expect(staleParts(`${name}.1=a; ${name}.1=b`, name, 1)).toEqual([`${name}.1`]);
  });
});
