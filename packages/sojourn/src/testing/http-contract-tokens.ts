import { deepEqual, equal, match, notEqual } from "node:assert/strict";
import type { Sessions } from "../core/sessions.ts";
import type { HttpReceived } from "./http-contract-client.ts";
import type { HttpCheck, HttpData, HttpHarness } from "./http-contract-harness.ts";
import { defaultCookie, jar, json, onSite, signal, tokenOf } from "./http-contract-scene.ts";

const name = "__Host-Http-session";
const nobody = "0".repeat(26);

/** Sessions whose tokens have so many characters as those of sealed sessions can have. One that does not come back whole is nobody's. */
export function lengthened(real: Sessions<HttpData>, length: () => number): Sessions<HttpData> {
  const filled = (token: string, to: number): string => token.padEnd(to, `.${token.slice(-9)}`);
  return {
    ...real,
    visit({ token, ...visit }) {
      const own = token?.slice(0, 59);
      return real.visit({ ...visit, token: own === undefined || token === filled(own, token?.length ?? 0) ? own : "not whole" });
    },
    async settle(session) {
      const back = await real.settle(session);
      return back?.token === undefined ? back : { ...back, token: filled(back.token, length()) };
    },
  };
}

/** What a browser has once it has the answer. */
function keptBy(before: ReadonlyMap<string, string>, { cookies }: HttpReceived): ReadonlyMap<string, string> {
  const has = new Map(before);
  for (const line of cookies) {
    const [, key = "", value = ""] = /^([^=]*)=([^;]*)/.exec(line) ?? [];
    if (/; *Max-Age=0(?:;|$)/i.test(line)) has.delete(key);
    else has.set(key, value);
  }
  return has;
}

/** How tokens come and go. */
export const tokenPromises: Readonly<Record<string, HttpCheck>> = {
  "a request that does not ask: no store call, no cookie, no header": onSite({}, async ({ call, calls }) => {
    const answer = await call("GET /none", { cookie: `${name}=${nobody}.${"a".repeat(32)}` });
    deepEqual([answer.status, answer.text, answer.cookies], [200, "none", []]);
    deepEqual([answer.header("vary"), answer.header("cache-control"), calls], [undefined, undefined, []]);
  }),

  "asking creates nothing: no row, no cookie": onSite({}, async ({ call, calls }) => {
    const answer = await call("GET /read");
    deepEqual(json(answer), { exists: false, subject: null, data: {} });
    deepEqual([answer.cookies, calls], [[], []]);
  }),

  "the first write creates, and its cookie resumes; a write that changes no secret sends none": onSite({}, async ({ call }) => {
    const first = await call("POST /count");
    equal(first.cookies.length, 1);
    match(first.cookies[0]!, /^__Host-Http-session=[0-9a-z]{26}\.[\w-]{32}; Path=\/; Secure; HttpOnly; SameSite=lax$/i);
    const second = await call("POST /count", jar(first));
    deepEqual([second.text, second.cookies], ["2", []]);
    const read = await call("GET /read", jar(first));
    deepEqual([json(read), read.cookies], [{ exists: true, subject: null, data: { n: 2 } }, []]);
  }),

  "asking twice gives the same session": onSite(
    {
      routes: {
        "GET /twice": async (ask) => {
          const first = await ask();
          return { json: { same: first === (await ask()) } };
        },
      },
    },
    async ({ call, calls }) => {
      deepEqual(json(await call("GET /twice")), { same: true });
      const known = jar(await call("POST /count"));
      // The first visit of a session looks for floors as well.
      await call("GET /read", known);
      calls.length = 0;
      deepEqual([json(await call("GET /twice", known)), calls], [{ same: true }, ["load"]]);
    },
  ),

  "a log-in gives another token, and the old one resumes nothing (fixation)": onSite({}, async ({ call }) => {
    const before = await call("POST /count");
    const after = await call("POST /login", jar(before));
    notEqual(jar(after).cookie, jar(before).cookie);
    equal(json(await call("GET /read", jar(after))).subject, "alice");
    const old = await call("GET /read", jar(before));
    deepEqual([json(old).exists, old.cookies], [false, []]);
  }),

  "a log-out takes the cookie away": onSite({}, async ({ call }) => {
    const gone = await call("POST /logout", jar(await call("POST /login")));
    equal(gone.cookies.length, 1);
    match(gone.cookies[0]!, /^__Host-Http-session=;.*Max-Age=0(?:;|$)/);
    equal(gone.header("cache-control"), "no-store");
  }),

  "an ended token and one of nobody's are answered without a cookie, and never adopted": onSite({}, async ({ call }) => {
    const login = await call("POST /login");
    await call("POST /logout", jar(login));
    for (const given of [jar(login).cookie, jar(login).cookie.replace(/.$/, (last) => (last === "A" ? "B" : "A"))]) {
      const answer = await call("GET /read", { cookie: given });
      deepEqual([answer.status, answer.cookies, json(answer).exists], [200, [], false]);
    }
    const stranger = await call("POST /count", { cookie: jar(login).cookie.replace(/=.{26}/, `=${nobody}`) });
    deepEqual([stranger.cookies.length, tokenOf(stranger).includes(nobody)], [1, false]);
  }),

  "what cannot be a token causes no store call": onSite({}, async ({ call, calls }) => {
    const token = tokenOf(await call("POST /count"));
    calls.length = 0;
    const values = ["", "x", token.slice(0, -1), `${token}A`, token.replace(".", ""), `"${token}"`, `../${token}`, `${token}%3D`, `${token}%00`, "__proto__"];
    const hostile = [
      ...[...values, "a".repeat(5_000), token.slice(27)].map((value) => `${name}=${value}`),
      `session=${token}; __Host-session=${token}; x${name}=${token}`,
      `=${name}=${token}`,
      `a=b ${name}=${token}`,
    ];
    for (const cookie of hostile) {
      const answer = await call("GET /read", { cookie });
      deepEqual([answer.status, json(answer).exists, answer.cookies], [200, false, []], cookie.slice(0, 100));
    }
    await call("GET /read", { authorization: `Bearer ${token}`, "x-session": token, "sojourn-session": token });
    deepEqual(calls, []);
  }),

  "our cookie twice: the same value counts once; of two values neither is believed": onSite({}, async ({ call, calls }) => {
    const token = tokenOf(await call("POST /count"));
    const planted = tokenOf(await call("POST /login"));
    calls.length = 0;
    for (const given of [
      [planted, token],
      [token, planted],
    ]) {
      const cookie = given.map((value) => `${name}=${value}`);
      for (const headers of [{ cookie: cookie.join("; ") }, { cookie }]) {
        const answer = await call("GET /read", headers);
        deepEqual([json(answer).exists, answer.cookies], [false, []]);
      }
    }
    deepEqual(calls, []);
    equal(json(await call("GET /read", { cookie: `${name}=${token}; a=b; ${name}=${token}` })).exists, true);
  }),

  "ours is found among 100 cookies": onSite({}, async ({ call }) => {
    const own = jar(await call("POST /count")).cookie;
    const others = Array.from({ length: 100 }, (_, i) => `cookie-${i}=${name}=${"v".repeat(60)}`);
    for (const place of [0, 50, 100]) {
      const cookie = others.toSpliced(place, 0, own).join("; ");
      deepEqual(json(await call("GET /read", { cookie })).data, { n: 1 });
    }
  }),

  "periodic rotation hands a successor to cookies and not to bearer clients; both tokens hold until it is seen": onSite(
    {
      carriers: [defaultCookie, { by: "bearer" }],
      routes: {
        "POST /keep": async (ask) => {
          await (await ask()).authenticate("alice", { idle: "1d", absolute: "30d" });
          return {};
        },
      },
    },
    async ({ call, clock }) => {
      const login = await call("POST /keep");
      clock.advance("2h");
      deepEqual((await call("GET /read", { authorization: `Bearer ${tokenOf(login)}` })).cookies, []);
      const rotated = await call("GET /read", jar(login));
      deepEqual([rotated.cookies.length, rotated.header("cache-control")], [1, "no-store"]);
      for (const answer of [login, rotated]) equal(json(await call("GET /read", jar(answer))).subject, "alice");
    },
  ),

  "bearer: the handler gives the token, no cookie is set, answers vary on Authorization": onSite({ carriers: [{ by: "bearer" }] }, async ({ call }) => {
    const login = await call("POST /login", { "sec-fetch-site": "cross-site" });
    deepEqual(login.cookies, []);
    const token = String(json(login).token);
    const read = await call("GET /read", { authorization: `bearer ${token}` });
    equal(json(read).subject, "alice");
    match(read.header("vary") ?? "", /Authorization/i);
    equal(json(await call("GET /read", { cookie: `${name}=${token}` })).exists, false);
  }),

  "of several carriers the first that brings a token counts, whatever it is worth": onSite(
    { carriers: [{ by: "bearer" }, defaultCookie] },
    async ({ call }) => {
      const login = await call("POST /login");
      equal(login.cookies.length, 1);
      equal(json(await call("GET /read", jar(login))).exists, true);
      equal(json(await call("GET /read", { ...jar(login), authorization: "Bearer nonsense" })).exists, false);
      equal(json(await call("GET /read", { ...jar(login), authorization: "Basic eDp5" })).exists, true);
    },
  ),

  "the client is known as far as the proxy is trusted": onSite({}, async ({ call, sessions }) => {
    await call("POST /login", { "x-forwarded-for": "1.2.3.4, 203.0.113.9:4711", "user-agent": `Agent${"x".repeat(400)}` });
    const known: unknown[] = [];
    for await (const { address, agent } of sessions.list({ subject: "alice" })) known.push({ address, agent });
    deepEqual(known, [{ address: "203.0.113.9", agent: `Agent${"x".repeat(251)}` }]);
  }),

  "two kinds of session in one answer: two cookies, each resumes its own": onSite(
    {
      admin: true,
      routes: {
        "POST /both": async (ask) => {
          const [one, two] = [await ask(0), await ask(1)];
          one.set("n", (one.get("n") ?? 0) + 1);
          two.set("n", (two.get("n") ?? 10) + 1);
          return { json: [one.get("n"), two.get("n"), one.kind, two.kind, one === (await ask(0)), two === (await ask(1))] };
        },
      },
    },
    async ({ call }) => {
      const first = await call("POST /both");
      deepEqual([json(first), first.cookies.length], [[1, 11, "web", "admin", true, true], 2]);
      const again = await call("POST /both", jar(first));
      deepEqual([json(again), again.cookies], [[2, 12, "web", "admin", true, true], []]);
    },
  ),

  "parallel requests of one client lose nothing": onSite({}, async ({ call }) => {
    const known = jar(await call("POST /count"));
    const all = signal();
    const waiting = Array.from({ length: 20 }, async (_, i) => {
      await all.given;
      return call(i % 2 === 0 ? "POST /count" : "GET /read", known);
    });
    all.give();
    const answers = await Promise.all(waiting);
    deepEqual([...new Set(answers.map(({ status, cookies }) => `${status} ${cookies.length}`))], ["200 0"]);
  }),

  "a token too long for one cookie comes and goes in several; a shorter one leaves none of them behind, and one too long for all is a problem": async (
    harness,
  ) => {
    let length = 0;
    const start: HttpHarness["start"] = (site) =>
      harness.start({ ...site, doors: site.doors.map((door) => ({ ...door, sessions: lengthened(door.sessions, () => length) })) });
    await onSite({}, async ({ call, failures }) => {
      let has: ReadonlyMap<string, string> = new Map();
      const visit = async (route: string, to: number): Promise<HttpReceived> => {
        length = to;
        const answer = await call(route, { cookie: [...has].map((pair) => pair.join("=")).join("; ") });
        has = keptBy(has, answer);
        return answer;
      };
      for (const [to, names, gone] of [
        [59, [name], 0],
        [10_000, [name, `${name}.1`, `${name}.2`], 0],
        [5_000, [name, `${name}.1`], 1],
        [59, [name], 1],
        [12_000, [name, `${name}.1`, `${name}.2`], 0],
      ] as const) {
        const login = await visit("POST /login", to);
        deepEqual([login.status, [...has.keys()], login.cookies.length], [200, names, names.length + gone], `${to} characters`);
        for (const line of login.cookies) match(line, /^__Host-Http-session(?:\.[12])?=[\w.~-]*;(?: Max-Age=0;)? Path=\/; Secure; HttpOnly; SameSite=lax$/i);
        for (const [key, value] of has) equal(key.length + value.length <= 4_096, true);
        const read = await visit("GET /read", to);
        deepEqual([json(read).subject, read.cookies], ["alice", []], `${to} characters`);
      }
      const whole = [...has].map((pair) => pair.join("="));
      for (const wrong of [whole.slice(1), whole.slice(0, 2), [...whole, `${name}.1=x`], [...whole.slice(0, 2), `${name}.2=!`]])
        deepEqual(json(await call("GET /read", { cookie: wrong.join("; ") })).exists, false);
      equal((await call("GET /read", { cookie: whole.toReversed().join("; ") })).text.includes("alice"), true);
      await visit("POST /logout", 0);
      equal(has.size, 0);
      const long = await visit("POST /count", 12_500);
      deepEqual([long.status, long.cookies, json(long).code], [413, [], "too_large"]);
      match(String(failures[0]), /12500 characters; 3 cookies take 12225/);
    })({ ...harness, start });
  },
};
