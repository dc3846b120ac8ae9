import original from "express-session";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Cookie } from "./session-cookie.ts";

interface Serializing {
  serialize(name: string, value: string): string;
}
const Theirs = original.Cookie as unknown as new (options: object) => Serializing;

/** What either gives, or the message that it throws. */
function outcome(make: () => Serializing, name: string, value: string): string {
  try {
    return make().serialize(name, value);
  } catch (error) {
    return `throws ${(error as Error).message}`;
  }
}

const odd = fc.constantFrom<unknown>(
  undefined,
  null,
  "",
  0,
  false,
  true,
  "x;y",
  "a\r\nb",
  "é",
  "/",
  "EXAMPLE.com",
  ".example.com",
  "-bad.com",
  "Lax",
  "NONE",
  "High",
);
const textual = odd.filter((each) => typeof each === "string" || each === undefined || each === null);
const settings = fc.record(
  {
    domain: fc.oneof(textual, fc.domain(), fc.string()),
    path: fc.oneof(textual, fc.webPath(), fc.string()),
    httpOnly: odd,
    secure: odd,
    partitioned: odd,
    priority: fc.oneof(odd, fc.constantFrom("low", "medium", "high", "LOW")),
    sameSite: fc.oneof(odd, fc.constantFrom("lax", "strict", "none", "STRICT", "auto")),
    expires: fc.oneof(fc.date(), fc.date({ noInvalidDate: false }), fc.constantFrom<unknown>(null, false, undefined, 0, "soon")),
  },
  { requiredKeys: [] },
);

describe("a Set-Cookie value", () => {
  it("is express-session's own, and so is what is refused", () => {
    fc.assert(
      fc.property(settings, fc.oneof(fc.constant("connect.sid"), fc.string()), fc.string(), (given, name, value) => {
        expect(outcome(() => new Cookie(given), name, value)).toBe(outcome(() => new Theirs(given), name, value));
      }),
      { numRuns: 2000 },
    );
  });

  it("cannot be broken out of: one line, and what is given stays in its attribute", () => {
    fc.assert(
      fc.property(settings, fc.string({ unit: "binary" }), (given, value) => {
        const text = outcome(() => new Cookie(given), "sid", value);
        if (text.startsWith("throws")) return;
        expect(text).toMatch(/^sid=[^;\s]*(?:; (?:Domain|Path|Expires|Priority|SameSite)=[^;\r\n]*|; (?:HttpOnly|Secure|Partitioned))*$/);
      }),
    );
  });

  it("follows maxAge and expires as the other does", () => {
    const change = fc.oneof(
      fc.record({ name: fc.constant("maxAge"), value: fc.constantFrom<unknown>(0, 1000, -5, null, undefined, false) }),
      fc.record({ name: fc.constant("expires"), value: fc.constantFrom<unknown>(new Date(5), null, false) }),
    );
    fc.assert(
      fc.property(fc.array(change, { maxLength: 5 }), (changes) => {
        const [ours, theirs] = [new Cookie(), new Theirs({})] as unknown as [Record<string, unknown>, Record<string, unknown>];
        for (const { name, value } of changes) for (const cookie of [ours, theirs]) cookie[name] = value;
        // A clock that goes on between the two is no difference.
        const rounded = (cookie: object): string => JSON.stringify(cookie).replaceAll(/\d{3}Z|\d(?=[,}])/g, "");
        expect(rounded(ours)).toBe(rounded(theirs));
      }),
      { numRuns: 50 },
    );
    expect(() => (new Cookie().maxAge = "1d")).toThrow("maxAge must be a number or Date");
    expect(() => new Cookie("x" as never)).toThrow(TypeError);
  });
});
