import fc from "fast-check";
import { afterAll, expect, test } from "vitest";
import { cleanUp } from "./clean-up.fixture.ts";
import { defaultPolicy } from "./config.ts";
import { newKey } from "./keys.ts";
import { Problem } from "./problem.ts";
import { attemptLimiter, networkOf, rateLimits } from "./rate-limits.ts";
import { testServer } from "./server.fixture.ts";

afterAll(cleanUp);

const key = "sjk_one";
const caller = { id: "one" };

function refusalOf(act: () => void): Problem | undefined {
  try {
    act();
  } catch (error) {
    if (error instanceof Problem) return error;
    throw error;
  }
  return undefined;
}

test("in no stretch of time does a key get more than its burst and so many a second; whoever waits as long as told gets through", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 50 }),
      fc.integer({ min: 1, max: 20 }),
      fc.array(fc.integer({ min: 0, max: 1_500 }), { minLength: 1, maxLength: 200 }),
      (perSecond, burst, gaps) => {
        let now = 0;
        const limits = rateLimits({ perSecond, burst }, () => now);
        const passed: number[] = [];
        for (const gap of gaps) {
          now += gap;
          const refused = refusalOf(() => limits.count(caller, key));
          if (refused === undefined) passed.push(now);
          else {
            expect(passed.length).toBeGreaterThanOrEqual(burst);
            now += Number(refused.headers["Retry-After"]) * 1_000;
            limits.count(caller, key);
            passed.push(now);
          }
        }
        for (let i = 0; i < passed.length; i++)
          for (let j = i; j < passed.length; j++)
            expect(j - i + 1).toBeLessThanOrEqual(burst + (((passed[j] as number) - (passed[i] as number)) * perSecond) / 1_000 + 1e-6);
      },
    ),
  );
});

test("each key has its own bucket, and without a rate there is none", () => {
  const limits = rateLimits({ perSecond: 1, burst: 1 }, () => 0);
  limits.count(caller, key);
  limits.count({ id: "two" }, "sjk_two");
  expect(refusalOf(() => limits.count(caller, key))?.status).toBe(429);
  const unlimited = rateLimits(undefined, () => 0);
  for (let i = 0; i < 10_000; i++) unlimited.count(caller, key);
});

test("twenty wrong keys from an address within a minute hold it off, but not a key that was good lately", () => {
  let now = 0;
  const limits = rateLimits(undefined, () => now);
  limits.count(caller, key);
  for (let i = 0; i < 20; i++) {
    limits.checkAddress("192.0.2.1", `sjk_wrong${i}`);
    limits.wrongKey("192.0.2.1", `sjk_wrong${i}`);
  }
  expect(refusalOf(() => limits.checkAddress("192.0.2.1", "sjk_wrong"))?.headers["Retry-After"]).toBe("60");
  limits.checkAddress("192.0.2.1", key);
  limits.checkAddress("192.0.2.2", "sjk_wrong");
  // Revoked, it is a wrong one like any other.
  limits.wrongKey("192.0.2.1", key);
  expect(refusalOf(() => limits.checkAddress("192.0.2.1", key))?.code).toBe("too_many_requests");
  now = 60_000;
  limits.checkAddress("192.0.2.1", "sjk_wrong");
});

test("log-ins: ten failures of an address in 15 minutes, a hundred of all in one", () => {
  let now = 0;
  const limiter = attemptLimiter(() => now);
  for (let i = 0; i < 10; i++) {
    expect(limiter.mayTry("192.0.2.1")).toEqual({ ok: true, retryAfter: 0 });
    limiter.failed("192.0.2.1");
  }
  expect(limiter.mayTry("192.0.2.1")).toEqual({ ok: false, retryAfter: 900 });
  for (let i = 0; i < 90; i++) {
    expect(limiter.mayTry(`198.51.100.${i}`).ok).toBe(true);
    limiter.failed(`198.51.100.${i}`);
  }
  expect(limiter.mayTry("203.0.113.1")).toEqual({ ok: false, retryAfter: 60 });
  now = 60_000;
  expect(limiter.mayTry("203.0.113.1").ok).toBe(true);
  expect(limiter.mayTry("192.0.2.1")).toEqual({ ok: false, retryAfter: 840 });
  now = 900_000;
  expect(limiter.mayTry("192.0.2.1").ok).toBe(true);
});

test("addresses are forgotten when there are too many, the oldest first", () => {
  const limiter = attemptLimiter(() => 0);
  for (let i = 0; i < 10; i++) limiter.failed("192.0.2.1");
  for (let i = 0; i < 10_000; i++) limiter.failed(`10.0.${i >> 8}.${i & 255}`);
  // Held off by what all did together, and by nothing of its own.
  expect(limiter.mayTry("192.0.2.1").retryAfter).toBe(60);
});

test("an IPv6 address counts as its network of 64 bits, in whatever spelling", () => {
  expect(networkOf("2001:db8:1:2:3:4:5:6")).toBe("2001:db8:1:2");
  expect(networkOf("2001:db8:1:2::9")).toBe("2001:db8:1:2");
  expect(networkOf("2001:db8::9")).toBe("2001:db8:0:0");
  expect(networkOf("::1")).toBe("0:0:0:0");
  expect(networkOf("192.0.2.1")).toBe("192.0.2.1");
  expect(networkOf("::ffff:192.0.2.1")).toBe("::ffff:192.0.2.1");
});

test("a server answers 429 with when to ask again; what needs no key is not limited", async () => {
  const server = await testServer({ policy: { ...defaultPolicy, rate: { perSecond: 0.001, burst: 3 } } });
  for (let i = 0; i < 3; i++) expect((await server.call("GET", "/v1/sessions?kind=web")).status).toBe(200);
  const { status, headers, body } = await server.call("GET", "/v1/sessions?kind=web");
  expect({ status, code: body["code"] }).toEqual({ status: 429, code: "too_many_requests" });
  expect(Number(headers.get("retry-after"))).toBeGreaterThan(900);
  expect(headers.get("ratelimit-policy")).toBe('"key";q=3;w=3000');
  expect(headers.get("ratelimit")).toMatch(/^"key";r=0;t=\d+$/);
  for (const path of ["/healthz", "/readyz", "/v1/openapi.json"]) expect((await server.call("GET", path)).status, path).toBe(200);
});

test("wrong keys from an address that nobody vouches for are held off; behind TLS it is the visitor's, by the last hop alone", async () => {
  const server = await testServer({ behindTls: true });
  const ask = async (from: string, authorization: string): Promise<number> =>
    (await server.call("GET", "/v1/sessions?kind=web", { headers: { "X-Forwarded-For": from, Authorization: authorization } })).status;
  for (let i = 0; i < 20; i++) expect(await ask(`203.0.113.${i}, 192.0.2.1`, `Bearer ${newKey()}`)).toBe(401);
  expect(await ask("203.0.113.99, 192.0.2.1", `Bearer ${newKey()}`)).toBe(429);
  expect(await ask("192.0.2.1, 192.0.2.7", `Bearer ${newKey()}`)).toBe(401);
  expect(await ask("192.0.2.7", server.authorization)).toBe(200);
  expect(await ask("192.0.2.1", server.authorization)).toBe(200);
});
