import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "vitest";
import type { Answer, Site, SiteOptions } from "./site.ts";

/** Opens a site of the runtime that is judged. */
export type OpenSite = (options?: SiteOptions) => Promise<Site>;

const jar = ({ cookies }: Answer): { cookie: string } => ({ cookie: cookies.map((line) => line.split(";")[0]).join("; ") });
const json = ({ body }: Answer): Readonly<Record<string, unknown>> => JSON.parse(body) as Readonly<Record<string, unknown>>;
const someone = `__Host-Http-session=${"0".repeat(26)}.${"a".repeat(32)}`;

/** What a site keeps on any runtime, seen from outside: the client is this process, and the bytes went over a socket. */
export const sitePromises: Readonly<Record<string, (open: OpenSite) => Promise<void>>> = {
  async "a request that does not ask causes no store call, no cookie and no header"(open) {
    const { call, tell } = await open();
    const { status, cookies, headers } = await call("GET /none", { cookie: someone });
    expect([status, cookies, headers.vary, headers["cache-control"], await tell("calls")]).toEqual([200, [], undefined, undefined, []]);
  },

  async "asking creates nothing: no row, no cookie; the answer is private and varies"(open) {
    const { call, tell } = await open();
    const answer = await call("GET /read");
    expect(json(answer)).toEqual({ exists: false, subject: null, data: {} });
    expect([answer.cookies, await tell("calls"), answer.headers["cache-control"]]).toEqual([[], [], "private, no-cache"]);
    expect(answer.headers.vary).toMatch(/Cookie/);
  },

  async "the first write creates, and the cookie resumes; a write that changes no secret sends none"(open) {
    const { call } = await open();
    const first = await call("POST /count");
    expect(first.cookies).toEqual([expect.stringMatching(/^__Host-Http-session=[0-9a-z]{26}\.[\w-]{32}; Path=\/; Secure; HttpOnly; SameSite=Lax$/)]);
    expect(first.headers["cache-control"]).toBe("no-store");
    const second = await call("POST /count", jar(first));
    expect([second.body, second.cookies]).toEqual(["2", []]);
    expect(json(await call("GET /read", jar(first)))).toMatchObject({ exists: true, data: { n: 2 } });
  },

  async "log-in replaces the token, log-out takes it away, and an ended or unknown one is answered without a cookie"(open) {
    const { call } = await open();
    const before = await call("POST /count");
    const after = await call("POST /login", jar(before));
    expect(jar(after).cookie).not.toBe(jar(before).cookie);
    expect(json(await call("GET /read", jar(after)))).toMatchObject({ subject: "alice" });
    const gone = await call("POST /logout", jar(after));
    expect(gone.cookies).toEqual(["__Host-Http-session=; Max-Age=0; Path=/; Secure; HttpOnly; SameSite=Lax"]);
    for (const cookie of [jar(before).cookie, jar(after).cookie, jar(after).cookie.replace(/.$/, (last) => (last === "A" ? "B" : "A")), someone]) {
      const answer = await call("GET /read", { cookie });
      expect([answer.status, answer.cookies, json(answer)["exists"]]).toEqual([200, [], false]);
    }
    expect(jar(await call("POST /count", { cookie: someone })).cookie).not.toContain("0".repeat(26));
  },

  async "what cannot be a token causes no store call; of 100 cookies ours is found"(open) {
    const { call, tell } = await open();
    const cookie = jar(await call("POST /count")).cookie;
    const token = cookie.slice("__Host-Http-session=".length);
    const many = Array.from({ length: 99 }, (_, i) => `c${i}=${i}`);
    expect(json(await call("GET /read", { cookie: [...many.slice(50), cookie, ...many.slice(0, 50)].join("; ") }))).toMatchObject({ exists: true });
    await tell("calls");
    const values = [
      "",
      "x",
      token.slice(0, -1),
      `${token}A`,
      token.replace(".", ""),
      `"${token}"`,
      encodeURIComponent(`${token}=`),
      "__proto__",
      "a".repeat(8_000),
    ];
    for (const hostile of [...values.map((value) => `__Host-Http-session=${value}`), `session=${token}; x${cookie}`, `=${cookie}`, `a=b ${cookie}`]) {
      const answer = await call("GET /read", { cookie: hostile });
      expect([answer.cookies, json(answer)["exists"]], hostile).toEqual([[], false]);
    }
    expect(await tell("calls")).toEqual([]);
  },

  async "a slow request revives nothing after a log-out: 401, and no cookie"(open) {
    const { call, tell } = await open();
    const login = await call("POST /login");
    const slow = call("POST /slow", jar(login));
    await until("the slow request", async () => (await tell("arrived")) === 1);
    await call("POST /logout", jar(login));
    await tell("release");
    const answer = await slow;
    expect([answer.status, answer.cookies, json(answer)["code"]]).toEqual([401, [], "session_ended"]);
    expect(json(await call("GET /read", jar(login)))["exists"]).toBe(false);
    expect(await tell("list", "alice")).toEqual([]);
  },

  async "a broken store: 503, no cookie, nothing of the inside"(open) {
    const { call } = await open();
    const login = await call("POST /login");
    const broken = await call("POST /break", jar(login));
    expect([broken.status, broken.cookies, broken.headers["content-type"]]).toEqual([503, [], "application/problem+json"]);
    expect(broken.body).not.toMatch(/secret page|test took/);
    const read = await call("GET /read", jar(login));
    expect([read.status, read.cookies]).toEqual([503, []]);
  },

  async "a store that hangs: 503 within the deadline, in every request, whatever requests came before it"(open) {
    const { call, tell } = await open({ deadline: 250 });
    const login = await call("POST /login");
    expect((await call("GET /read", jar(login))).status).toBe(200);
    await tell("health", "hanging");
    const began = performance.now();
    const answers = await Promise.all([call("GET /read", jar(login)), sleep(100).then(() => call("GET /read", jar(login)))]);
    expect(answers.map(({ status }) => status)).toEqual([503, 503]);
    expect(performance.now() - began).toBeLessThan(3_000);
    await tell("health", "well");
    await until("the store to be asked again", async () => (await call("GET /read", jar(login))).status === 200);
  },

  async "errors of handlers: 500; a log-in before one brings its cookie, a page that only read brings nothing"(open) {
    const { call } = await open();
    const login = await call("POST /login-then-fail");
    expect([login.status, login.cookies.length, login.body.includes("secret")]).toEqual([500, 1, false]);
    expect(json(await call("GET /read", jar(login)))).toMatchObject({ subject: "alice" });
    const fail = await call("GET /fail", jar(login));
    expect([fail.status, fail.cookies]).toEqual([500, []]);
  },

  async "periodic rotation hands a successor to cookies and not to bearer clients; both tokens hold until it is seen"(open) {
    const { call, tell } = await open({ carriers: ["cookie", "bearer"] });
    const login = await call("POST /keep");
    const authorization = `Bearer ${jar(login).cookie.split("=")[1]}`;
    await tell("advance", 2 * 3_600_000);
    expect((await call("GET /read", { authorization })).cookies).toEqual([]);
    const rotated = await call("GET /read", jar(login));
    expect([rotated.cookies.length, rotated.headers["cache-control"]]).toEqual([1, "no-store"]);
    for (const token of [login, rotated]) expect(json(await call("GET /read", jar(token)))).toMatchObject({ subject: "alice" });
  },

  async "a session ends after its idle time, and activity keeps it alive"(open) {
    const { call, tell } = await open();
    const login = await call("POST /login");
    for (let i = 0; i < 4; i++) {
      await tell("advance", 20 * 60_000);
      expect(json(await call("GET /read", jar(login))), `visit ${i}`).toMatchObject({ exists: true });
    }
    await tell("advance", 31 * 60_000);
    const answer = await call("GET /read", jar(login));
    expect([json(answer)["exists"], answer.cookies]).toEqual([false, []]);
  },

  async "bearer: the handler gives the token, no cookie is set, answers vary on Authorization"(open) {
    const { call } = await open({ carriers: ["bearer"] });
    const login = await call("POST /login", { "sec-fetch-site": "cross-site" });
    expect(login.cookies).toEqual([]);
    const token = String(json(login)["token"]);
    const read = await call("GET /read", { authorization: `bearer ${token}` });
    expect(json(read)).toMatchObject({ subject: "alice" });
    expect(read.headers.vary).toMatch(/Authorization/);
    expect(json(await call("GET /read", { cookie: `__Host-Http-session=${token}` }))["exists"]).toBe(false);
  },

  async "what other sites' pages send is refused: 403 before the handler"(open) {
    const { call } = await open({ origins: ["https://admin.example"], carriers: ["cookie", "bearer"] });
    const login = await call("POST /login");
    for (const headers of [{ "sec-fetch-site": "cross-site" }, { "sec-fetch-site": "same-site" }, { origin: "https://evil.example" }, { origin: "null" }]) {
      const answer = await call("POST /count", { ...headers, ...jar(login) });
      expect([answer.status, answer.cookies, json(answer)["code"]]).toEqual([403, [], "cross_site"]);
    }
    for (const headers of [{ "sec-fetch-site": "same-origin" }, { origin: "https://shop.example" }, { origin: "https://admin.example" }, {}])
      expect((await call("POST /count", { ...headers, ...jar(login) })).status, JSON.stringify(headers)).toBe(200);
    expect(json(await call("GET /read", jar(login)))).toMatchObject({ data: { n: 4 } });
    const embedded = await open({ carriers: ["cross-site cookie"] });
    expect((await embedded.call("POST /count")).status).toBe(403);
    expect((await embedded.call("POST /count", { origin: "https://shop.example" })).status).toBe(200);
  },

  async "knows the client as far as the proxy is trusted"(open) {
    const { call, tell } = await open();
    await call("POST /login", { "x-forwarded-for": "1.2.3.4, 203.0.113.9:4711", "user-agent": `Agent${"x".repeat(400)}` });
    expect(await tell("list", "alice")).toEqual([{ address: "203.0.113.9", agent: `Agent${"x".repeat(251)}` }]);
  },

  async "every kind of answer takes what the session adds: text, redirect, 204, 304, HEAD"(open) {
    const { call } = await open();
    const text = await call("GET /text");
    expect([text.status, text.body, text.headers["content-type"]?.toLowerCase(), text.cookies.length]).toEqual([200, "a page", "text/plain;charset=utf-8", 1]);
    const redirect = await call("POST /redirect");
    expect([redirect.status, redirect.headers.location, redirect.cookies.length]).toEqual([303, "https://shop.example/next", 1]);
    const nothing = await call("POST /nothing");
    expect([nothing.status, nothing.body, nothing.cookies.length]).toEqual([204, "", 1]);
    const unchanged = await call("GET /unchanged");
    expect([unchanged.status, unchanged.body, unchanged.headers.etag, unchanged.cookies.length]).toEqual([304, "", '"1"', 1]);
    const head = await call("HEAD /read", jar(redirect));
    expect([head.status, head.body, head.headers["cache-control"]]).toEqual([200, "", "private, no-cache"]);
  },

  async "a stream passes through as it comes, with the application's own cookies beside ours"(open) {
    const { call, tell } = await open();
    let seen = "";
    const whole = call("POST /stream", {}, { told: (text) => (seen = text) });
    await until("the first part", () => seen === "one");
    await tell("release");
    const { body, cookies } = await whole;
    expect([body, cookies]).toEqual(["onetwo", ["a=1", "b=2", expect.stringMatching(/^__Host-Http-session=/)]]);
  },

  async "a stream that breaks off half way breaks the connection; what was written is kept, and its cookie has left"(open) {
    const { call, tell } = await open();
    let seen = "";
    const whole = call("GET /half", {}, { told: (text) => (seen = text) });
    await until("the first half", () => seen === "half");
    await tell("release");
    const answer = await whole;
    expect([answer.status, answer.body, answer.complete, answer.cookies.length]).toEqual([200, "half", false, 1]);
    expect(json(await call("GET /read", jar(answer)))).toMatchObject({ data: { n: 1 } });
  },

  async "a form that the handler reads is kept"(open) {
    const { call } = await open();
    const sent = await call("POST /form", { "content-type": "application/x-www-form-urlencoded" }, { body: "name=%C3%85ngstr%C3%B6m&sku=apple" });
    expect(sent.status).toBe(200);
    expect(json(await call("GET /read", jar(sent)))).toMatchObject({ data: { form: { name: "Ångström", sku: "apple" } } });
  },

  async "no lost update: 20 requests at once write 20 fields, and 20 more count to 20"(open) {
    const { call } = await open();
    const mine = jar(await call("POST /set?name=first&value=1"));
    const answers = await Promise.all(Array.from({ length: 40 }, (_, i) => call(i % 2 === 0 ? `POST /set?name=f${i}&value=${i}` : "POST /count", mine)));
    expect(answers.filter(({ status }) => status !== 200)).toEqual([]);
    const { data } = json(await call("GET /read", mine)) as { data: Readonly<Record<string, unknown>> };
    expect([Object.keys(data).length, data["n"]]).toEqual([22, 20]);
  },

  async "log-out everywhere reaches every device"(open) {
    const { call, tell } = await open();
    const devices = await Promise.all(Array.from({ length: 5 }, () => call("POST /login")));
    expect(await tell("endAll", "alice")).toBe(5);
    for (const device of devices) expect(json(await call("GET /read", jar(device)))["exists"]).toBe(false);
  },
};

async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  for (const end = Date.now() + 8_000; !(await holds()); await sleep(10)) if (Date.now() > end) throw new Error(`${what}: not within 8 s`);
}
