import { deepEqual, equal, match, notEqual, rejects } from "node:assert/strict";
import type { Store } from "../core/seam.ts";
import type { HttpCheck, HttpHarness, HttpRoute } from "./http-contract-harness.ts";
import { defaultCookie, inMemory, jar, json, onSite, tokenOf, type HttpScene, type SceneOptions } from "./http-contract-scene.ts";

const name = "__Host-Http-session";
const marked = "marked-route";

/** A site for each of the options, as processes that share one store. */
function onNodes(options: readonly SceneOptions[], act: (...nodes: HttpScene[]) => Promise<void>): HttpCheck {
  return (harness) => {
    const store = harness.store?.() ?? inMemory();
    const shared: HttpHarness = { ...harness, store: () => store };
    const from = (at: number, nodes: readonly HttpScene[]): Promise<void> => {
      const given = options[at];
      return given === undefined ? act(...nodes) : onSite(given, (node) => from(at + 1, [...nodes, node]))(shared);
    };
    return from(0, []);
  };
}

/** The cookie that brings this, whatever it is. */
function cookieOf(value: string): { readonly cookie: string } {
  return { cookie: `${name}=${value}` };
}

/** The token without a route. */
function bare(token: string): string {
  return token.slice(0, 59);
}

/** A log-in for longer than the time between two rotations. */
const keeping: Readonly<Record<string, HttpRoute>> = {
  "POST /keep": async (ask) => {
    await (await ask()).authenticate("alice", { idle: "1d", absolute: "30d" });
    return {};
  },
};

/** What stands behind a token of a process that the load balancer in front knows by name. */
export const routePromises: Readonly<Record<string, HttpCheck>> = {
  "a process with a route writes it after every token that its cookies bring, and nowhere else": onSite({ route: "n1" }, async ({ call }) => {
    const first = await call("POST /count");
    equal(first.cookies.length, 1);
    match(first.cookies[0]!, /^__Host-Http-session=[0-9a-z]{26}\.[\w-]{32}\.n1; Path=\/; Secure; HttpOnly; SameSite=lax$/i);
    const second = await call("POST /count", jar(first));
    deepEqual([second.text, second.cookies], ["2", []]);
    const login = await call("POST /login", jar(first));
    match(tokenOf(login), /^[0-9a-z]{26}\.[\w-]{32}\.n1$/);
    notEqual(tokenOf(login), tokenOf(first));
    // A handler that gives a token itself says which route it has.
    equal(json(login).token, bare(tokenOf(login)));
    const gone = await call("POST /logout", jar(login));
    equal(gone.cookies.length, 1);
    match(gone.cookies[0]!, /^__Host-Http-session=;.*Max-Age=0(?:;|$)/);
  }),

  "a token is as good with the route of another process, of one that is gone, or none, wherever it is shown; that alone sets no cookie": onNodes(
    [{ route: "n1" }, { route: "n2" }, {}],
    async (...nodes) => {
      const first = tokenOf(await nodes[0]!.call("POST /count"));
      let n = 1;
      for (const { call } of nodes)
        for (const token of [first, bare(first), `${bare(first)}.n2`, `${bare(first)}.gone-for-good`, `${bare(first)}.${"9".repeat(32)}`]) {
          const read = await call("GET /read", cookieOf(token));
          deepEqual([json(read), read.cookies], [{ exists: true, subject: null, data: { n } }, []], token.slice(59));
          const write = await call("POST /count", cookieOf(token));
          deepEqual([write.text, write.cookies], [String((n += 1)), []], token.slice(59));
        }
    },
  ),

  "a token with another process's route has this one's from its next secret on: at a log-in, and at the periodic rotation": onNodes(
    [{ route: "n1" }, { route: "n2", routes: keeping }, {}],
    async (one, two, plain) => {
      const first = await one.call("POST /count");
      const login = await two.call("POST /keep", jar(first));
      match(tokenOf(login), /^[0-9a-z]{26}\.[\w-]{32}\.n2$/);
      notEqual(bare(tokenOf(login)), bare(tokenOf(first)));
      equal(json(await one.call("GET /read", jar(login))).subject, "alice");
      equal(json(await two.call("GET /read", jar(first))).exists, false);
      for (const { clock } of [one, two, plain]) clock.advance("2h");
      // The first request notes that the visitor is active. Over a store that gives no record back for that, it is the next one that rotates.
      const noted = await one.call("GET /read", jar(login));
      const rotated = noted.cookies.length > 0 ? noted : await one.call("GET /read", jar(login));
      match(tokenOf(rotated), /^[0-9a-z]{26}\.[\w-]{32}\.n1$/);
      notEqual(bare(tokenOf(rotated)), bare(tokenOf(login)));
      for (const { call } of [one, two, plain]) equal(json(await call("GET /read", jar(rotated))).subject, "alice");
      match(tokenOf(await plain.call("POST /login", jar(rotated))), /^[0-9a-z]{26}\.[\w-]{32}$/);
    },
  ),

  "what follows a token and is no route makes it malformed: no store call, no cookie, nobody": onNodes([{ route: "n1" }, {}], async (...nodes) => {
    const token = bare(tokenOf(await nodes[0]!.call("POST /count")));
    for (const { call, calls } of nodes) {
      calls.length = 0;
      for (const rest of [".", ".N1", ".n_1", ".n1.", ".n1.n2", "..n1", "x.n1", "~n1", ".n1%20", ".n1%00", `.${"n".repeat(33)}`, `.${"n".repeat(3_000)}`]) {
        const answer = await call("GET /read", cookieOf(token + rest));
        deepEqual([answer.status, json(answer).exists, answer.cookies], [200, false, []], rest.slice(0, 40));
      }
      deepEqual(calls, []);
    }
  }),

  "bearer clients: a token is taken with any route, and none is written": onSite({ carriers: [{ by: "bearer" }], route: "n1" }, async ({ call, calls }) => {
    const login = await call("POST /login");
    const token = String(json(login).token);
    deepEqual([login.cookies, token.length], [[], 59]);
    for (const rest of ["", ".n1", ".n2"]) equal(json(await call("GET /read", { authorization: `Bearer ${token}${rest}` })).subject, "alice");
    calls.length = 0;
    equal(json(await call("GET /read", { authorization: `Bearer ${token}.N1` })).exists, false);
    deepEqual(calls, []);
  }),

  "a route is taken off before anything looks: the manager, the store and the session never see it": async (harness) => {
    const seen: unknown[] = [];
    const store = harness.store?.() ?? inMemory();
    const noting: Store = {
      ...store,
      load: (...given) => (seen.push(given), store.load(...given)),
      commit: (...given) => (seen.push(given), store.commit(...given)),
      find: (...given) => (seen.push(given), store.find(...given)),
    };
    const tokens: (string | undefined)[] = [];
    const start: HttpHarness["start"] = (site) =>
      harness.start({
        ...site,
        doors: site.doors.map((door) => ({
          ...door,
          sessions: { ...door.sessions, visit: (visit) => (tokens.push(visit.token), door.sessions.visit(visit)) },
        })),
      });
    await onSite({ route: marked }, async ({ call, sessions, failures, fault }) => {
      for (const event of ["created", "authenticated", "rotated", "ended"] as const) sessions.on(event, (told) => void seen.push(told));
      const first = await call("POST /count");
      const login = await call("POST /login", jar(first));
      const planted = `${bare(tokenOf(login))}.${marked}-of-another`;
      for (const token of [tokenOf(login), planted]) {
        equal(json(await call("GET /read", cookieOf(token))).subject, "alice");
        equal((await call("POST /count", cookieOf(token))).cookies.length, 0);
      }
      for await (const info of sessions.list({ subject: "alice" })) seen.push(info);
      fault(() => ({ fault: "before" }));
      equal((await call("POST /count", cookieOf(planted))).status, 503);
      fault(() => undefined);
      seen.push(...failures.map(String));
      await call("POST /logout", cookieOf(planted));
    })({ ...harness, start, store: () => noting });
    equal(tokens.length > 0 && seen.length > 0, true);
    for (const token of tokens) if (token !== undefined) match(token, /^[0-9a-z]{26}\.[\w-]{32}$/);
    equal(JSON.stringify(seen).includes(marked), false);
  },

  "a route that no load balancer could be told is refused by name when the adapter is made": async (harness) => {
    await onSite({}, async ({ sessions }) => {
      const door = { sessions, carriers: [defaultCookie], origins: [], proxies: 1, onFailure: () => undefined };
      for (const route of ["", "N1", "n.1", "n_1", "n 1", "n1\n", "n".repeat(33)]) {
        const start = async (): Promise<unknown> => harness.start({ doors: [{ ...door, route }], routes: {} });
        await rejects(start, { code: "invalid_option", message: /^route: route is / }, JSON.stringify(route));
      }
    })(harness);
  },
};
