import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";

/** Genuine texts, of different data, and what opens them. */
interface Genuine {
  readonly open: (text: string) => Promise<unknown>;
  readonly texts: readonly [string, string];
  /** The text of this data, which is too much: as genuine as the others, and longer than 16,384 characters. */
  readonly large: (data: Record<string, unknown>) => Promise<string> | string;
}

/** What no format may let through, whatever it is made of. */
export function describeHostileInput(make: () => Promise<Genuine>): void {
  describe("hostile input", () => {
    let genuine: Genuine;
    beforeAll(async () => {
      genuine = await make();
      for (const text of genuine.texts) expect(await genuine.open(text)).toBeDefined();
    });

    test("every flipped bit is refused", async () => {
      const { open, texts } = genuine;
      const passed: string[] = [];
      for (let i = 0; i < texts[0].length; i++) {
        for (let bit = 0; bit < 8; bit++) {
          const changed = replaced(texts[0], i, i + 1, String.fromCharCode(texts[0].charCodeAt(i) ^ (1 << bit)));
          if ((await open(changed)) !== undefined) passed.push(changed);
        }
      }
      expect(passed).toEqual([]);
    });

    test("every beginning and every end of it is refused, and whatever has something before it or behind it", async () => {
      const { open, texts } = genuine;
      const passed: string[] = [];
      const refuse = async (text: string): Promise<void> => {
        if ((await open(text)) !== undefined) passed.push(text);
      };
      for (let i = 0; i < texts[0].length; i++) {
        await refuse(texts[0].slice(0, i));
        await refuse(texts[0].slice(i + 1));
      }
      for (const more of ["A", "=", "==", ".", "*", "~", ";", " ", "\n", "\t", "\0", "%", "%00", "\u00e9", "\ud800", texts[0], texts[1]]) {
        await refuse(texts[0] + more);
        await refuse(more + texts[0]);
      }
      expect(passed).toEqual([]);
    });

    test("rubbish, and what was cut, filled or mixed of genuine ones, is refused", async () => {
      const { open, texts } = genuine;
      const [one, other] = texts;
      const place = fc.nat(one.length);
      const filling = fc.oneof(fc.string({ maxLength: 8 }), fc.stringMatching(/^[A-Za-z0-9_.*~=;%+/-]{0,40}$/), fc.constant(other));
      const text = fc.oneof(
        fc.string({ unit: "binary", maxLength: 600 }),
        fc.stringMatching(/^[A-Za-z0-9_-]{0,40}(\.[A-Za-z0-9_-]{0,40}){0,6}$/),
        fc.tuple(place, place, filling).map(([from, to, middle]) => replaced(one, from, to, middle)),
        fc.tuple(place, fc.nat(other.length)).map(([from, to]) => one.slice(0, from) + other.slice(to)),
        mixed(one, other),
      );
      await fc.assert(
        fc.asyncProperty(text, async (given) => {
          fc.pre(!texts.includes(given));
          expect(await open(given)).toBeUndefined();
        }),
        { numRuns: 600 },
      );
    });

    test("a genuine one of more than 16,384 characters is refused, and one of a little fewer is not", async () => {
      const [fits, large] = [await genuine.large({ n: "x".repeat(11_800) }), await genuine.large({ n: "x".repeat(12_400) })];
      expect(fits.length).toBeGreaterThan(15_500);
      expect(fits.length).toBeLessThanOrEqual(16_384);
      expect(large.length).toBeGreaterThan(16_384);
      expect(await genuine.open(fits)).toBeDefined();
      expect(await genuine.open(large)).toBeUndefined();
    });

    test("a megabyte is refused without being looked at, and the longest text that is looked at in one pass", async () => {
      const { open, texts } = genuine;
      const begun = performance.now();
      for (const part of ["A", ".", "*", "=", ";", "%", "%41", "e30.", "\u00e9", texts[0]]) {
        for (const length of [16_384, 16_385, 1_000_000]) {
          const long = part.repeat(Math.ceil(length / part.length)).slice(0, length);
          expect(await open(long)).toBeUndefined();
          expect(await open((texts[0] + long).slice(0, length))).toBeUndefined();
          expect(await open((long + texts[0]).slice(-length))).toBeUndefined();
        }
      }
      // Going back over what was read would take minutes.
      expect(performance.now() - begun).toBeLessThan(10_000);
    });
  });
}

/** The parts of both, exchanged at the separators of any format. */
function mixed(one: string, other: string): fc.Arbitrary<string> {
  const [parts, others] = [one, other].map((text) => text.split(/(%3B|[.*;~])/)) as [string[], string[]];
  const choice = fc.array(fc.boolean(), { minLength: parts.length, maxLength: parts.length });
  return choice.map((own) => parts.map((part, i) => (own[i] === true ? part : (others[i] ?? ""))).join(""));
}

function replaced(text: string, from: number, to: number, by: string): string {
  return text.slice(0, Math.min(from, to)) + by + text.slice(Math.max(from, to));
}

/** Objects that every format gives back as they are: JSON, and none of the names that are dropped. */
export const anyData: fc.Arbitrary<Record<string, unknown>> = fc
  .dictionary(fc.string({ minLength: 1, maxLength: 20 }), fc.jsonValue({ maxDepth: 4 }), { maxKeys: 6, noNullPrototype: true })
  .map((data) => JSON.parse(JSON.stringify(data)) as Record<string, unknown>)
  .filter((data) => !/"(__proto__|constructor|prototype|__ts|sub|iat|exp|nbf|jti)":/.test(JSON.stringify(data)));

/** Data that would give the objects they are merged into other members than they had. */
export const poisoned = (): Record<string, unknown> =>
  JSON.parse('{"user":"ada","__proto__":{"admin":true},"constructor":{"prototype":{"admin":true}},"list":[{"__proto__":{"admin":true},"n":1}]}') as Record<
    string,
    unknown
  >;
/** And what is left of them. */
export const cleaned: Record<string, unknown> = { user: "ada", list: [{ n: 1 }] };

/** An object whose values are nested so deep; 64 is as deep as a session's may be. */
export function nested(depth: number): Record<string, unknown> {
  let value: unknown = 1;
  for (let i = 1; i < depth; i++) value = [value];
  return { deep: value };
}
