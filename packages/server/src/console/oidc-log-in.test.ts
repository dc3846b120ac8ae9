import { get } from "node:http";
import { freePort } from "@sojourn/peers/programs";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { cleanUp } from "../clean-up.fixture.ts";
import type { ServeSettings } from "../config.ts";
import { newKey } from "../keys.ts";
import { testServer, type TestServer } from "../server.fixture.ts";
import { atProvider, begin, comeBack, finish, landing, logIn, visitor, type Visitor } from "./oidc-browser.fixture.ts";
import { testProvider, type ProviderOptions, type TestProvider } from "./oidc-provider.fixture.ts";
import { oidcSchema } from "./oidc-settings.ts";

afterAll(cleanUp);

let server: TestServer;
let provider: TestProvider;
let chrome: Visitor;

const roles = { ops: "operator", chiefs: { role: "admin", tenant: "desk" }, audit: "auditor" };

/** All that there were. */
const pairs: [TestServer, TestProvider][] = [];

/** A server, and its provider. */
async function pair(of: Partial<ProviderOptions> = {}, more: object = {}, settings: Partial<ServeSettings> = {}): Promise<[TestServer, TestProvider]> {
  const port = await freePort();
  const publicUrl = `http://127.0.0.1:${port}`;
  const at = await testProvider({ redirectUri: `${publicUrl}/console/oidc/callback`, ...of });
  // Ten failures from an address are enough for a server; each table of them has one of its own.
  const oidc = oidcSchema.parse({ issuer: at.issuer, clientId: at.clientId, publicUrl, roles, ...more });
  const made = await testServer({ port, oidc, oidcSecret: at.clientSecret, ...settings });
  pairs.push([made, at]);
  return [made, at];
}

beforeAll(async () => {
  [server, provider] = await pair();
});
beforeEach(() => {
  provider.spoil = undefined;
  provider.away = false;
  chrome = visitor(server.address);
});

const why = (reason: string): string => `/console/#/login?why=${reason}`;
const seat = async (who: Visitor): Promise<{ status: number; body: Record<string, unknown> }> => {
  const response = await who.go(`${who.server}/v1/console/session`);
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
};

describe("a person whom the provider knows", () => {
  test("logs in, ends a session in their own name, proves anew who they are, and logs out", async () => {
    expect((await server.call("GET", "/v1/console/options")).body).toEqual({ keys: true, oidc: true });
    const { id } = await server.begin({ kind: "web", subject: "lin" });
    expect(await logIn(chrome, provider, "ada")).toBe("/console/");
    const { body } = await seat(chrome);
    expect(body).toMatchObject({ name: "ada", role: "operator", tenant: "main", by: "oidc" });
    expect(Number(body["freshUntil"])).toBeGreaterThan(Date.now() + 200_000);
    expect((await chrome.go(`${server.address}/v1/sessions/${id}`, { method: "DELETE" })).status).toBe(204);
    expect((await server.call("GET", `/v1/sessions/${id}`)).body["ended"]).toMatchObject({ by: "ada" });
    expect((await chrome.go(`${server.address}/v1/keys`)).status).toBe(403);

    const held = chrome.cookies(new URL(server.address).host);
    const asked = provider.asked.length;
    expect(await logIn(chrome, provider, "ada", "?fresh=1")).toBe("/console/");
    // A session at the provider is not enough.
    expect(provider.asked.slice(asked)).toEqual(["login ada"]);
    expect((await fetch(`${server.address}/v1/console/session`, { headers: { Cookie: held } })).status).toBe(401);
    expect((await seat(chrome)).body["name"]).toBe("ada");

    expect((await chrome.go(`${server.address}/v1/console/session`, { method: "DELETE" })).status).toBe(204);
    expect((await seat(chrome)).status).toBe(401);
    expect(server.logged.filter((line) => line.includes("console: logged"))).toHaveLength(3);
  });

  test("has the strongest of their roles, and its tenant", async () => {
    await logIn(chrome, provider, "root");
    expect((await seat(chrome)).body).toMatchObject({ name: "root", role: "admin", tenant: "desk" });
    expect((await chrome.go(`${server.address}/v1/sessions?subject=lin`)).status).toBe(200);
  });

  test("has a claim that is one text, and is called by the name that there is", async () => {
    await logIn(chrome, provider, "lin");
    expect((await seat(chrome)).body).toMatchObject({ name: "Lin", role: "auditor" });
  });

  test("is refused without a role, and nothing of them stays", async () => {
    expect(await logIn(chrome, provider, "guest")).toBe(why("role"));
    expect(chrome.cookies(new URL(server.address).host)).toBe("");
    expect(server.logged.at(-2)).toContain("the claims name no role here (claim roles)");
  });

  test("may say no", async () => {
    expect(await comeBack(chrome, await atProvider(chrome, provider, await begin(chrome), { no: "1" }))).toBe(why("denied"));
    expect((await seat(chrome)).status).toBe(401);
  });

  test("is another session than that of a key in the same browser", async () => {
    const key = newKey();
    await server.keys.add(key, { name: "the desk", role: "auditor" });
    expect((await chrome.go(`${server.address}/v1/console/session`, { json: { key } })).status).toBe(200);
    const host = new URL(server.address).host;
    const held = chrome.cookies(host);
    await logIn(chrome, provider, "ada");
    expect((await seat(chrome)).body["name"]).toBe("ada");
    expect((await fetch(`${server.address}/v1/console/session`, { headers: { Cookie: held } })).status).toBe(401);
    expect((await chrome.go(`${server.address}/v1/console/session`, { json: { key } })).status).toBe(200);
    expect((await seat(chrome)).body).toMatchObject({ name: "the desk", by: "key" });
  });
});

describe("what comes back from the provider counts", () => {
  beforeAll(async () => {
    [server, provider] = await pair();
  });

  test("in the browser alone that began it: a log-in of somebody else is planted in nobody's", async () => {
    const mallory = visitor(server.address);
    const planted = await atProvider(mallory, provider, await begin(mallory), { who: "ada" });
    // Somebody who began nothing, and somebody who is on the way.
    expect(await comeBack(chrome, planted)).toBe(why("state"));
    expect((await seat(chrome)).status).toBe(401);
    const own = await atProvider(chrome, provider, await begin(chrome), { who: "lin" });
    expect(await comeBack(chrome, planted)).toBe(why("state"));
    expect((await seat(chrome)).status).toBe(401);
    // What was led astray spoils neither.
    expect(await comeBack(chrome, own)).toBe("/console/");
    expect((await seat(chrome)).body["name"]).toBe("Lin");
    expect(await comeBack(mallory, planted)).toBe("/console/");
    expect((await seat(mallory)).body["name"]).toBe("ada");
  });

  test("once, even when it comes twice at the same moment", async () => {
    const callback = await atProvider(chrome, provider, await begin(chrome), { who: "ada" });
    const path = await landing(await chrome.go(callback, { foreign: true }));
    const ends = await Promise.all([finish(chrome, path), finish(chrome, path)]);
    expect(new Set(ends.map((response) => response.headers.get("location")))).toEqual(new Set(["/console/", why("state")]));
    expect(await comeBack(chrome, callback)).toBe(why("state"));
  });

  test("with its own code: one that was used is worth nothing in another log-in", async () => {
    const first = new URL(await atProvider(chrome, provider, await begin(chrome), { who: "ada" }));
    expect(await comeBack(chrome, first.href)).toBe("/console/");
    const other = visitor(server.address);
    const second = new URL(await atProvider(other, provider, await begin(other), { who: "lin" }));
    second.searchParams.set("code", first.searchParams.get("code") ?? "");
    expect(await comeBack(other, second.href)).toBe(why("answer"));
    expect((await seat(other)).status).toBe(401);
  });

  test.each<[string, (answer: URLSearchParams) => void, string]>([
    ["another issuer (RFC 9207)", (answer) => answer.set("iss", "http://localhost:1"), "answer"],
    ["no issuer", (answer) => answer.delete("iss"), "answer"],
    ["two codes", (answer) => answer.append("code", "x"), "answer"],
    ["two states", (answer) => answer.append("state", "x"), "answer"],
    ["no code", (answer) => answer.delete("code"), "answer"],
    ["no state", (answer) => answer.delete("state"), "state"],
    ["another state", (answer) => answer.set("state", "x"), "state"],
    ["a word that nobody knows as its error", (answer) => (answer.delete("code"), answer.set("error", "canary_word")), "provider"],
  ])("not with %s", async (_, spoil, reason) => {
    const url = new URL(await atProvider(chrome, provider, await begin(chrome), { who: "ada" }));
    spoil(url.searchParams);
    expect(await comeBack(chrome, url.href)).toBe(why(reason));
    expect((await seat(chrome)).status).toBe(401);
  });

  test.each<[string, (query: URLSearchParams) => void]>([
    ["the nonce of another log-in", (query) => query.set("nonce", "another")],
    ["no nonce", (query) => query.delete("nonce")],
    ["a code for another verifier", (query) => query.set("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM")],
  ])("not with %s", async (_, spoil) => {
    provider.spoil = spoil;
    expect(await logIn(chrome, provider, "ada")).toBe(why("answer"));
    expect((await seat(chrome)).status).toBe(401);
  });
});

describe("on the way", () => {
  beforeAll(async () => {
    [server, provider] = await pair();
  });

  test("an endpoint that a page of another site leads to changes nothing in the browser", async () => {
    await logIn(chrome, provider, "ada");
    const host = new URL(server.address).host;
    const held = chrome.cookies(host);
    const response = await chrome.go(`${server.address}/console/oidc/start`, { foreign: true });
    expect([response.headers.get("location"), response.headers.getSetCookie()]).toEqual([why("elsewhere"), []]);
    expect(chrome.cookies(host)).toBe(held);
    expect((await seat(chrome)).body["name"]).toBe("ada");
  });

  test("only GET is known, whatever else a request carries; and the page on the way takes on nothing but the answer", async () => {
    for (const path of ["start", "callback", "finish"])
      for (const method of ["POST", "HEAD", "DELETE"]) expect((await chrome.go(`${server.address}/console/oidc/${path}`, { method })).status).toBe(405);
    expect(
      (await chrome.go(`${server.address}/console/oidc/finish?code=1`, { headers: { Authorization: server.authorization } })).headers.get("location"),
    ).toBe(why("state"));
    expect((await chrome.go(`${server.address}/console/oidc/callback?foo=1`)).headers.get("location")).toBe(why("answer"));
    const evil = `"><script>alert(1)</script>&'`;
    const page = await chrome.go(
      `${server.address}/console/oidc/callback?${new URLSearchParams({ code: evil, state: evil, next: "https://evil.example" }).toString()}`,
      {
        foreign: true,
      },
    );
    const html = await page.text();
    expect(html).not.toMatch(/<script|evil\.example|'|&(?!amp;)/);
    expect(new URLSearchParams(/url=[^?]*\?([^"]*)"/.exec(html)?.[1]?.replaceAll("&amp;", "&")).get("code")).toBe(evil);
    expect(page.headers.get("content-security-policy")).toContain("default-src 'none'");
    expect(page.headers.get("cache-control")).toBe("no-store");
  });
});

test("a provider that is away or never answers is told of, and the server lives on", { timeout: 60_000 }, async () => {
  const [alone, away] = await pair();
  away.away = true;
  const firefox = visitor(alone.address);
  expect(await begin(firefox)).toBe(why("unreachable"));
  expect(alone.logged.join("\n")).toContain("the provider did not answer");
  expect((await alone.call("GET", "/readyz")).status).toBe(200);
  away.away = false;
  const callback = await atProvider(firefox, away, await begin(firefox), { who: "ada" });
  away.away = true;
  expect(await comeBack(firefox, callback)).toBe(why("unreachable"));
  away.away = false;
  const again = await atProvider(firefox, away, await begin(firefox), { who: "ada" });
  away.away = "silent";
  const [end, ready] = await Promise.all([comeBack(firefox, again), alone.call("GET", "/readyz")]);
  expect([end, ready.status]).toEqual([why("unreachable"), 200]);
  away.away = false;
  expect(await logIn(firefox, away, "ada")).toBe("/console/");
});

test.each<[string, Partial<ProviderOptions>, Partial<ServeSettings>]>([
  ["a public client, without a secret", { client: { token_endpoint_auth_method: "none" } }, { oidcSecret: undefined }],
  ["claims in the ID token", { inIdToken: true }, {}],
])("%s", async (_, of, settings) => {
  const [alone, at] = await pair(of, {}, settings);
  const firefox = visitor(alone.address);
  expect(await logIn(firefox, at, "ada")).toBe("/console/");
  expect((await seat(firefox)).body["name"]).toBe("ada");
});

test("behind a proxy that ends TLS the cookie is a host's own, and the server is called by its public name", async () => {
  const publicUrl = "https://sessions.example.com";
  const at = await testProvider({ redirectUri: `${publicUrl}/console/oidc/callback` });
  const oidc = oidcSchema.parse({ issuer: at.issuer, clientId: at.clientId, publicUrl, roles });
  const alone = await testServer({ behindTls: true, oidc, oidcSecret: at.clientSecret });
  const firefox = visitor(alone.address, { "X-Forwarded-Proto": "https", "X-Forwarded-For": "192.0.2.1" });
  const callback = await atProvider(firefox, at, await begin(firefox), { who: "ada" });
  expect(callback.startsWith(`${publicUrl}/console/oidc/callback?`)).toBe(true);
  expect(await comeBack(firefox, callback.replace(publicUrl, alone.address))).toBe("/console/");
  expect(firefox.cookies(new URL(alone.address).host)).toMatch(/^__Host-Http-sojourn-console=/);
  expect((await seat(firefox)).body["name"]).toBe("ada");
  for (const [host, status] of [
    ["sessions.example.com", 200],
    ["evil.example.com", 421],
  ] as const) {
    const answered = await new Promise<number | undefined>((resolve, reject) => {
      get(`${alone.address}/v1/console/options`, { headers: { Host: host } }, (response) => resolve(response.resume().statusCode)).on("error", reject);
    });
    expect(answered).toBe(status);
  }
});

test("a wrong secret is for the operator to read", async () => {
  const [alone, at] = await pair({}, {}, { oidcSecret: "wrong-canary-secret" });
  expect(await logIn(visitor(alone.address), at, "ada")).toBe(why("provider"));
  expect(alone.logged.join("\n")).toMatch(/the provider answered with an error \(.*401: .*SOJOURN_OIDC_CLIENT_SECRET/);
  expect(alone.logged.join("\n")).not.toContain("wrong-canary-secret");
});

test("keys can be shut out", async () => {
  const [alone, at] = await pair({}, {}, { consoleKeys: false });
  const key = newKey();
  await alone.keys.add(key, { name: "desk", role: "admin" });
  expect((await alone.call("GET", "/v1/console/options")).body).toEqual({ keys: false, oidc: true });
  for (const given of [key, newKey()])
    expect((await alone.call("POST", "/v1/console/session", { body: { key: given } })).body).toMatchObject({ status: 403, code: "forbidden" });
  const firefox = visitor(alone.address);
  expect(await logIn(firefox, at, "ada")).toBe("/console/");
});

test("who fails too often has to wait, and others at other addresses do not", async () => {
  const [alone, at] = await pair();
  const firefox = visitor(alone.address);
  for (let n = 0; n < 10; n++) expect(await logIn(firefox, at, "guest")).toBe(why("role"));
  expect(await begin(firefox)).toBe(why("busy"));
  expect(await comeBack(firefox, `${alone.address}/console/oidc/callback?code=1&state=2`)).toBe(why("busy"));
});

test("without a provider there is no such way", async () => {
  const bare = await testServer();
  expect((await bare.call("GET", "/v1/console/options")).body).toEqual({ keys: true, oidc: false });
  expect((await fetch(`${bare.address}/console/oidc/start`, { redirect: "manual" })).headers.get("location")).toBeNull();
});

test("no secret, code or token is in a log", () => {
  const told = pairs.flatMap(([{ logged }]) => logged).join("\n");
  const given = pairs.flatMap(([, at]) => at.given);
  expect(given.length).toBeGreaterThan(20);
  for (const secret of [...given, provider.clientSecret, "canary"]) expect(told).not.toContain(secret);
  expect(told).toContain("console: logged in");
  // The shape of what is random enough to be one; a digest of somebody's name at the provider is 43 long.
  expect(told.replaceAll(/oidc:[\w-]{43}/g, "").match(/[\w-]{40,}/g) ?? []).toEqual([]);
});
