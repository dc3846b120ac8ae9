import fc from "fast-check";
import { expect, it } from "vitest";
import { createSessions } from "../core/sessions.ts";
import { memoryStore } from "../stores/memory/memory.ts";
import { fakeClock } from "../testing/fake-clock.ts";
import { signedIn } from "../testing/signed-in.ts";
import { isTargeted, privately, varying } from "./caching.ts";
import { cookie } from "./carriers.ts";
import { fetchSessions } from "./fetch/fetch.ts";

it.each([
  [undefined, "private, no-cache"],
  ["", "private, no-cache"],
  ["public, max-age=600", "private, max-age=600"],
  ["Public , S-MaxAge=600,max-age=60", "private, max-age=60"],
  ["max-age=60", "private, max-age=60"],
  ["private, max-age=60", "private, max-age=60"],
  ['private="set-cookie, x", max-age=60', "private, max-age=60"],
  ['no-cache="a, public", max-age=1', 'private, no-cache="a, public", max-age=1'],
  ["no-store", "no-store"],
  ["no-store, public", "no-store"],
  ["immutable, s-maxage = 9, max-age=9", "private, immutable, max-age=9"],
  ["publicity=1", "private, publicity=1"],
])("Cache-Control %s becomes %s", (own, expected) => expect(privately(own)).toBe(expected));

it("never lets a shared cache keep it, whatever the application says", () => {
  const directive = fc.oneof(
    fc.constantFrom("public", "s-maxage=5", "PUBLIC", "max-age=1", "no-store", "private", 'private="x"', 'x="a', "must-revalidate", '\\"'),
    fc.stringMatching(/^[a-z=",\\ -]{0,10}$/),
  );
  fc.assert(
    fc.property(fc.array(directive, { maxLength: 6 }), (parts) => {
      const names = privately(parts.join(","))
        .split(",")
        .map((part) => part.trim().toLowerCase());
      expect(names[0] === "private" || names.includes("no-store")).toBe(true);
      expect(privately(privately(parts.join(",")))).toBe(privately(parts.join(",")));
    }),
  );
});

it.each([
  [undefined, "Cookie, Authorization"],
  ["Accept-Encoding", "Accept-Encoding, Cookie, Authorization"],
  ["cookie , Accept", "cookie , Accept, Authorization"],
  ["AUTHORIZATION, COOKIE", "AUTHORIZATION, COOKIE"],
  ["*", "*"],
  ["Accept, *", "Accept, *"],
])("Vary %s becomes %s", (own, expected) => expect(varying(own, "Cookie, Authorization")).toBe(expected));

it("knows the fields that speak to some caches past Cache-Control (RFC 9213)", () => {
  for (const name of ["CDN-Cache-Control", "cloudflare-cdn-cache-control", "Surrogate-Control"]) expect(isTargeted(name)).toBe(true);
  for (const name of ["Cache-Control", "X-Cache", "Surrogate-Key"]) expect(isTargeted(name)).toBe(false);
});

it("a session that was only touched: no secret is shown, so the page keeps its place in the back/forward cache, and no shared cache has it (CVE-2026-35192)", async () => {
  const [store, clock] = [memoryStore(), fakeClock()];
  const web = fetchSessions(createSessions({ store, clock, idle: "10m", touch: "1m" }), { carriers: [cookie()] });
  const ada = await signedIn(web, "ada");
  const handle = web.handle(async (request) => new Response((await web.session(request)).subject));
  for (const wait of ["30s", "2m", "9m"] as const) {
    clock.advance(wait);
    const { headers } = await handle(new Request("https://shop.example/", { headers: ada.headers }));
    expect([headers.get("cache-control"), headers.get("vary"), headers.getSetCookie()]).toEqual(["private, no-cache", "Cookie", []]);
  }
  expect((await store.load(ada.id))?.version).toBeGreaterThan(1);
});
