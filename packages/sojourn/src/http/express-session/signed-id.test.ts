import { createSecretKey } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import original from "express-session";
import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import type { SessionRequest } from "./request.ts";
import { idOf, signed, verified } from "./signed-id.ts";

const request = (cookie: string | undefined, more: object = {}): SessionRequest =>
  ({ headers: cookie === undefined ? {} : { cookie }, ...more }) as SessionRequest;

/** What express-session takes for the id of a request; `"none"` when it makes one. */
function theirs(cookie: string, secret: string[]): unknown {
  const store = new original.MemoryStore();
  // It asks the store for what it found, and generates at once what it did not find.
  store.get = () => undefined;
  const given = { ...request(cookie), url: "/" } as unknown as IncomingMessage & { sessionID?: string };
  const middleware = original({ secret, store, resave: false, saveUninitialized: false, genid: () => "none" });
  middleware(given as never, {} as ServerResponse as never, () => undefined);
  return given.sessionID;
}

describe("a signed id", () => {
  it("is verified by the secret that signed it, and by no other", () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), fc.string({ minLength: 1 }), fc.string({ minLength: 1 }), (id, secret, other) => {
        const value = signed(id, secret);
        expect(verified(value, [secret])).toBe(id);
        expect(verified(value, [other, secret])).toBe(id);
        if (other !== secret) expect(verified(value, [other])).toBeUndefined();
      }),
    );
    expect(verified(signed("a", createSecretKey(Buffer.from("k"))), [Buffer.from("k")])).toBe("a");
  });

  it("is not once a character is changed, added or taken away", () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), fc.nat(), fc.string({ maxLength: 2 }), (id, at, put) => {
        const value = signed(id, "secret");
        const n = at % value.length;
        const changed = value.slice(0, n) + put + value.slice(n + 1);
        if (changed !== value) expect(verified(changed, ["secret"])).not.toBe(id);
      }),
      { numRuns: 500 },
    );
  });

  it("is found in a Cookie header where express-session finds it, however hostile", () => {
    vi.spyOn(process.stderr, "write").mockReturnValue(true);
    const good = encodeURIComponent(signed("good.id", "new"));
    const old = encodeURIComponent(signed("old", "old"));
    const piece = fc.oneof(
      fc.constantFrom(
        "connect.sid",
        "connect.sid=",
        `connect.sid=${good}`,
        ` connect.sid = ${old} `,
        `connect.sid="${good}"`,
        `"connect.sid"=${good}`,
        `connect.sid=${good}x`,
      ),
      fc.constantFrom(";", "; ", ",", "=", "%", "%zz", '"', "\t", "other=1", "__proto__=1", "connect.sid=s:", "connect.sid=s%3A.", `CONNECT.SID=${good}`, good),
      fc.string(),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 8 }), fc.constantFrom("", ";", "; "), (pieces, separator) => {
        const cookie = pieces.join(separator);
        expect(idOf(request(cookie), "connect.sid", ["new", "old"]) ?? "none").toBe(theirs(cookie, ["new", "old"]));
      }),
      { numRuns: 2000 },
    );
    vi.restoreAllMocks();
  });

  it("takes time in proportion to the header", () => {
    for (const hostile of ["connect.sid=;", "=", ";", " ", '"', "connect.sid=s:a.b;"]) {
      const began = performance.now();
      idOf(request(hostile.repeat(16_000)), "connect.sid", ["secret"]);
      expect(performance.now() - began).toBeLessThan(500);
    }
  });
});
