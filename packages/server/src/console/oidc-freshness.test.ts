import { createAdaptorServer } from "@hono/node-server";
import { freePort } from "@sojourn/peers/programs";
import { Hono } from "hono";
import { memoryStore } from "sojourn/stores/memory";
import { fakeClock, type FakeClock } from "sojourn/testing";
import { afterEach, beforeEach, expect, test } from "vitest";
import { cleanUp, later } from "../clean-up.fixture.ts";
import type { Caller } from "../caller.ts";
import { keysOf } from "../keys.ts";
import type { Log } from "../log.ts";
import type { Known } from "../routes/route.ts";
import { consoleSessions } from "./console-sessions.ts";
import { atProvider, begin, comeBack, logIn, visitor, type Visitor } from "./oidc-browser.fixture.ts";
import { testProvider, type TestProvider } from "./oidc-provider.fixture.ts";
import { addOidcRoutes } from "./oidc-routes.ts";
import { oidcSchema } from "./oidc-settings.ts";

afterEach(cleanUp);

const store = memoryStore();
const log: Log = { request: () => undefined, info: () => undefined, error: () => undefined };
const minute = 60_000;
let clock: FakeClock;
let provider: TestProvider;
let chrome: Visitor;

interface Seen {
  readonly caller?: Caller | undefined;
  readonly lives: boolean;
}

/** The console alone, with a clock that is moved by hand. */
async function desk(port: number, roles: object, client: object = {}): Promise<string> {
  const publicUrl = `http://127.0.0.1:${port}`;
  provider ??= await testProvider({ redirectUri: `${publicUrl}/console/oidc/callback`, client });
  const oidc = oidcSchema.parse({ issuer: provider.issuer, clientId: provider.clientId, publicUrl, roles });
  const seats = consoleSessions({ store, keys: keysOf(store), behindTls: false, log, clock, oidc, oidcSecret: provider.clientSecret });
  const app = new Hono<Known>();
  addOidcRoutes(app, seats);
  app.get("/", seats.middleware, async (ask) => {
    const caller = await seats.caller(ask);
    return ask.json({ caller, lives: caller !== undefined && (await seats.lives(caller)) } satisfies Seen);
  });
  const node = createAdaptorServer(app);
  await new Promise<void>((resolve) => node.listen(port, "127.0.0.1", resolve));
  later(() => node.close());
  return publicUrl;
}

const seen = async (who: Visitor = chrome): Promise<Seen> => (await (await who.go(`${who.server}/`)).json()) as Seen;
const why = (reason: string): string => `/console/#/login?why=${reason}`;

beforeEach(() => {
  // The provider's clock is the machine's, and is not to be behind ours when somebody comes again.
  clock = fakeClock(Date.now() - 20 * minute);
  provider = undefined as never;
});

test("a proof is fresh for five minutes; then the provider has to ask anew, and the session stays the same one", async () => {
  chrome = visitor(await desk(await freePort(), { ops: "operator" }));
  expect(await logIn(chrome, provider, "ada")).toBe("/console/");
  const { caller } = await seen();
  expect(caller?.id).toMatch(/^oidc:[\w-]{43}$/);
  expect(caller).toMatchObject({ name: "ada", role: "operator", tenant: "main", fresh: true });
  clock.advance("4m");
  expect((await seen()).caller?.fresh).toBe(true);
  clock.advance("2m");
  expect(await seen()).toMatchObject({ caller: { fresh: false }, lives: true });
  expect(await logIn(chrome, provider, "ada", "?fresh=1")).toBe("/console/");
  expect((await seen()).caller).toMatchObject({ fresh: true, session: caller?.session });
  expect(provider.asked).toEqual(["login ada", "login ada"]);
});

test("what the provider heard long ago is no fresh proof, however often somebody comes with it", async () => {
  const port = await freePort();
  chrome = visitor(await desk(port, { ops: "operator" }));
  clock.advance("20m");
  await logIn(chrome, provider, "ada");
  expect((await seen()).caller?.fresh).toBe(true);
  clock.advance("14m");
  await logIn(chrome, provider, "ada");
  // The provider did not ask again.
  expect(provider.asked).toHaveLength(1);
  expect((await seen()).caller).toMatchObject({ name: "ada", fresh: false });
  // It is told to ask, and does not.
  provider.spoil = (query) => {
    query.delete("prompt");
    query.delete("max_age");
  };
  expect(await logIn(chrome, provider, "ada", "?fresh=1")).toBe(why("proof"));
  expect((await seen()).caller).toMatchObject({ name: "ada", fresh: false });
});

test("a provider that does not say when it asked gives no fresh proof", async () => {
  chrome = visitor(await desk(await freePort(), { ops: "operator" }, { require_auth_time: false }));
  expect(await logIn(chrome, provider, "ada")).toBe("/console/");
  expect((await seen()).caller).toMatchObject({ name: "ada", fresh: false });
  provider.spoil = (query) => {
    query.delete("prompt");
    query.delete("max_age");
  };
  expect(await logIn(chrome, provider, "ada", "?fresh=1")).toBe(why("proof"));
});

test("who proves anew has to be who sits there", async () => {
  chrome = visitor(await desk(await freePort(), { ops: "operator", audit: "auditor" }));
  await logIn(chrome, provider, "ada");
  clock.advance("6m");
  chrome.forget(new URL(provider.issuer).host);
  expect(await logIn(chrome, provider, "lin", "?fresh=1")).toBe(why("person"));
  expect((await seen()).caller).toMatchObject({ name: "ada", fresh: false });
});

test("a log-in takes ten minutes at most, and a session eight hours", async () => {
  chrome = visitor(await desk(await freePort(), { ops: "operator" }));
  const late = await atProvider(chrome, provider, await begin(chrome), { who: "ada" });
  clock.advance(10 * minute + 1);
  expect(await comeBack(chrome, late)).toBe(why("expired"));
  expect(await seen()).toEqual({ lives: false });
  expect(await logIn(chrome, provider, "ada")).toBe("/console/");
  const { caller } = await seen();
  for (let n = 0; n < 34; n++) {
    clock.advance("14m");
    expect(await seen()).toMatchObject({ caller: { session: caller?.session }, lives: true });
  }
  clock.advance("4m");
  expect(await seen()).toEqual({ lives: false });
});

test("whoever was let in by other settings has to come anew", async () => {
  const port = await freePort();
  chrome = visitor(await desk(port, { ops: "operator", staff: "auditor" }));
  await logIn(chrome, provider, "ada");
  const same = await desk(await freePort(), { ops: "operator", staff: "auditor" });
  const stricter = await desk(await freePort(), { staff: "auditor" });
  const ask = async (url: string): Promise<unknown> => (await fetch(url, { headers: { Cookie: chrome.cookies(`127.0.0.1:${port}`) } })).json();
  expect(await ask(same)).toMatchObject({ caller: { name: "ada" }, lives: true });
  expect(await ask(stricter)).toEqual({ lives: false });
});
