import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { attributeText, checkCookieName, readCookie, writeCookie, type CookieAttributes } from "./cookie.ts";

const plain: CookieAttributes = { secure: true, sameSite: "Lax", path: "/", partitioned: false };
const tail = attributeText(plain);
const name = "__Host-Http-session";
const read = (header: string): string | undefined => readCookie(header, `${name}=`);
const code = (run: () => unknown): string => {
  try {
    run();
  } catch (error) {
    return (error as { code: string }).code;
  }
  return "none";
};

describe("reading", () => {
  it.each([
    [`${name}=a`, "a"],
    [`${name}=`, ""],
    [`x=1; ${name}=a; y=2`, "a"],
    [`x=1;${name}=a;y=2`, "a"],
    [` \t${name}=a`, "a"],
    [`x=1; \t ${name}= \ta\t ; y=2`, "a"],
    [`x=1;; ; ${name}=a`, "a"],
    [`${name}=a=b=`, "a=b="],
    [`${name}="a"`, '"a"'],
    [`x="; ${name}=a`, "a"],
  ])("finds it in %j", (header, value) => expect(read(header)).toBe(value));

  it.each(["", ";", name, `x${name}=a`, `=${name}=a`, `x=${name}=a`, `x=1 ${name}=a`, `${name} =a`, `${name.toLowerCase()}=a`, `${name}\u00a0=a`])(
    "does not find it in %j",
    (header) => expect(read(header)).toBeUndefined(),
  );

  it("trims nothing but space and tab before a name, so that no other cookie can pass for a __Host- one (CVE-2026-39410)", () => {
    for (const blank of ["\u00a0", "\u2003", "\ufeff", "\u3000", "\v", "\f", "\u0085", "\0", "\r", "\n", "\u2028"]) {
      expect(read(`x=1; ${blank}${name}=evil`)).toBeUndefined();
      expect(read(`${blank}${name}=evil`)).toBeUndefined();
      expect(read(`${blank}${name}=evil; ${name}=good`)).toBe("good");
    }
  });

  it("believes neither of two that differ, and both of two that do not", () => {
    expect(read(`${name}=evil; ${name}=good`)).toBeUndefined();
    expect(read(`${name}=good; ${name}=evil`)).toBeUndefined();
    expect(read(`${name}=good; x=1; ${name}=`)).toBeUndefined();
    expect(read(`${name}=good; x=1; ${name}=good`)).toBe("good");
  });

  it("agrees with the plain way: split at semicolons, trim space and tab, compare names", () => {
    const piece = fc.stringMatching(/^[ \ta=;"\u00a0s]{0,8}$/);
    const part = fc.oneof(piece, fc.constant("s=1"), fc.constant("s=2"), fc.constant(" s=1"), fc.constant("\u00a0s=3"));
    fc.assert(
      fc.property(fc.array(part, { maxLength: 8 }), (parts) => {
        const header = parts.join(";");
        const values = new Set<string>();
        for (const pair of header.split(";")) {
          const at = pair.indexOf("=");
          if (at === -1) continue;
          // A blank between name and "=" is in no header that a browser builds; we do not take it.
          if (pair.slice(0, at).replace(/^[ \t]+/, "") === "s") values.add(pair.slice(at + 1).replace(/^[ \t]+|[ \t]+$/g, ""));
        }
        expect(readCookie(header, "s=")).toBe(values.size === 1 ? [...values][0] : undefined);
      }),
      { numRuns: 500 },
    );
  });

  it("reads a header of a megabyte in one pass, however it is made", () => {
    // Going back over what was read would take minutes here.
    const megabyte = (part: string): string => part.repeat(Math.ceil(1_000_000 / part.length));
    expect(read(megabyte(`${name}=x;`))).toBe("x");
    expect(read(`${megabyte(`${name}=x;`)}${name}=y`)).toBeUndefined();
    expect(read(megabyte(`x${name}=x`))).toBeUndefined();
    for (const part of [" ", "\t", ";", " ;", "a=b; ", `${name} `, `\u00a0${name}=x;`, `x${name}=x;`, "=", '"']) {
      expect(read(`${megabyte(part)};${name}=last`) === "last").toBe(true);
    }
    expect(read(`${name}=${megabyte(`${name}=`)}`)?.length).toBeGreaterThanOrEqual(1_000_000);
  });
});

describe("writing", () => {
  it("gives name, value and attributes", () => {
    expect(writeCookie(name, "a.b", tail)).toBe(`${name}=a.b; Path=/; Secure; HttpOnly; SameSite=Lax`);
    expect(writeCookie(name, "", tail, 0)).toBe(`${name}=; Max-Age=0; Path=/; Secure; HttpOnly; SameSite=Lax`);
    const all = attributeText({ secure: true, sameSite: "None", domain: "example.com", path: "/app", partitioned: true });
    expect(writeCookie("s", "v", all, 60)).toBe("s=v; Max-Age=60; Path=/app; Domain=example.com; Secure; HttpOnly; SameSite=None; Partitioned");
  });

  it("never lets a value, a name, a path or a domain become anything else", () => {
    const text = fc.oneof(fc.string({ unit: "binary", maxLength: 20 }), fc.stringMatching(/^[a-z;=, "\\\r\n\t\0\x7f\u00a0]{0,12}$/));
    fc.assert(
      fc.property(text, text, text, text, (n, value, path, domain) => {
        let line: string;
        try {
          const attributes: CookieAttributes = { ...plain, path, domain };
          checkCookieName(n, attributes);
          line = writeCookie(n, value, attributeText(attributes));
        } catch (error) {
          expect(["invalid_option", "invalid_field"]).toContain((error as { code: string }).code);
          return;
        }
        expect(line).toMatch(/^[\x20-\x7e]*$/);
        expect(line.split("; ")).toEqual([`${n}=${value}`, `Path=${path}`, `Domain=${domain}`, "Secure", "HttpOnly", "SameSite=Lax"]);
        expect(line.split(";")).toHaveLength(6);
        expect(line.split("=")[0]).toBe(n);
      }),
      { numRuns: 200 },
    );
  });

  it("gives what it reads, for every value that it writes", () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]{0,64}$/), (value) => {
        const pair = writeCookie(name, value, tail).split(";")[0] as string;
        expect(read(`a=1; ${pair}; b=2`)).toBe(value);
      }),
    );
  });

  it("refuses what a browser would drop for its size", () => {
    expect(writeCookie("s", "v".repeat(4095), tail)).toContain("vvv");
    expect(code(() => writeCookie("s", "v".repeat(4096), tail))).toBe("too_large");
    expect(code(() => attributeText({ ...plain, path: `/${"p".repeat(1024)}` }))).toBe("invalid_option");
  });
});

describe("names", () => {
  it.each(["__Host-Http-session", "__Host-s", "__Http-s", "__Secure-s", "session", "__session", "sid.v2", "host-name"])("takes %s", (given) =>
    expect(code(() => checkCookieName(given, plain))).toBe("none"),
  );

  it.each(["", "a b", "a;b", "a=b", "a\r\nb", "a,b", "naïve", "Host__s", "_Host-s", "__Host_s", "secure__s", "x".repeat(257)])("refuses %j", (given) =>
    expect(code(() => checkCookieName(given, plain))).toBe("invalid_option"),
  );

  it("holds the prefixes to their conditions, in any case of letters", () => {
    for (const given of ["__Host-s", "__host-s", "__Host-Http-s", "__HOST-HTTP-s"]) {
      expect(() => checkCookieName(given, { ...plain, domain: "example.com" })).toThrow(/domain/);
      expect(() => checkCookieName(given, { ...plain, path: "/app" })).toThrow(/path/);
    }
    for (const given of ["__Host-s", "__Http-s", "__Secure-s", "__secure-s"])
      expect(() => checkCookieName(given, { ...plain, secure: false })).toThrow(/insecure/);
    expect(code(() => checkCookieName("__Http-s", { ...plain, domain: "example.com", path: "/app" }))).toBe("none");
  });
});
