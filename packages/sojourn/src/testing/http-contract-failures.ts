import { deepEqual, doesNotMatch, equal, match } from "node:assert/strict";
import type { HttpCheck, HttpChunk, HttpReply } from "./http-contract-harness.ts";
import { jar, json, onSite, signal, soon, type HttpScene, type Signal } from "./http-contract-scene.ts";
import type { HttpReceived } from "./http-contract-client.ts";

const own: HttpReply = {
  text: "a secret page",
  headers: { "x-secret": "1", "cache-control": "public" },
  cookies: ["theirs=1; Path=/"],
};

async function* secretly(): AsyncGenerator<HttpChunk> {
  yield "a secret page";
}

async function* breaking(): AsyncGenerator<HttpChunk> {
  yield "half";
  await new Promise((resolve) => setTimeout(resolve, 20));
  throw new Error("boom");
}

/** A problem (RFC 9457) in place of the answer: nothing of the inside, and no cookie. */
function isProblem(answer: HttpReceived, status: number, code: string): void {
  deepEqual([answer.status, answer.cookies, answer.header("cache-control")], [status, [], "no-store"]);
  equal(answer.header("content-type"), "application/problem+json");
  deepEqual([json(answer).status, json(answer).code], [status, code]);
}

/** What goes wrong. */
export const failurePromises: Readonly<Record<string, HttpCheck>> = {
  ...Object.fromEntries(
    Object.entries<() => HttpReply>({
      text: () => own,
      "a redirect": () => ({ ...own, text: undefined, redirect: "/secret" }),
      "a stream": () => ({ ...own, text: undefined, stream: secretly() }),
    }).map(([name, reply]) => [
      `a commit that fails, answered with ${name}: 503, no cookie, nothing of the page; onFailure is told`,
      onSite(
        {
          routes: {
            "POST /write": async (ask) => {
              (await ask()).set("n", 1);
              return reply();
            },
          },
        },
        async ({ call, fault, failures }) => {
          const login = await call("POST /login");
          fault(({ verb }) => (verb === "commit" ? { fault: "before" } : undefined));
          for (const headers of [{}, jar(login)]) {
            const answer = await call("POST /write", headers);
            isProblem(answer, 503, "store_unavailable");
            doesNotMatch(answer.text, /secret|plan of faults/);
            deepEqual([answer.header("x-secret"), answer.header("location")], [undefined, undefined]);
          }
          equal(failures.length, 2);
          fault(() => undefined);
          deepEqual(json(await call("GET /read", jar(login))), { exists: true, subject: "alice", data: {} });
        },
      ),
    ]),
  ),

  "a commit that fails: what lets an allowed origin's page read the answer stays (CORS)": onSite(
    {
      routes: {
        "POST /write": async (ask) => {
          (await ask()).set("n", 1);
          return { ...own, headers: { "access-control-allow-origin": "https://admin.example" } };
        },
      },
    },
    async ({ call, fault }) => {
      fault(({ verb }) => (verb === "commit" ? { fault: "before" } : undefined));
      const answer = await call("POST /write");
      isProblem(answer, 503, "store_unavailable");
      equal(answer.header("access-control-allow-origin"), "https://admin.example");
    },
  ),

  "a store that cannot be read: 503, never logged in, no cookie; asked twice it fails twice": onSite(
    {
      routes: {
        "GET /twice": async (ask) => {
          const refused = (error: unknown): string => (error as { readonly code: string }).code;
          return { json: [await ask().catch(refused), await ask().catch(refused)] };
        },
      },
    },
    async ({ call, fault }) => {
      const login = await call("POST /login");
      fault(() => ({ fault: "before" }));
      const read = await call("GET /read", jar(login));
      deepEqual([read.status, read.cookies], [503, []]);
      deepEqual(json(await call("GET /twice", jar(login))), ["store_unavailable", "store_unavailable"]);
      equal((await call("GET /none", jar(login))).status, 200);
    },
  ),

  "a session that ended meanwhile: 401, no cookie, and nothing is revived": async (harness) => {
    const arrived = signal();
    const go = signal();
    await onSite(
      {
        routes: {
          "POST /slow": async (ask) => {
            (await ask()).set("cart", ["late"]);
            arrived.give();
            await go.given;
            return own;
          },
        },
      },
      async ({ call, open, sessions }) => {
        const login = await call("POST /login");
        const flight = await open("POST /slow", jar(login));
        await arrived.given;
        await call("POST /logout", jar(login));
        go.give();
        isProblem(await flight.answer, 401, "session_ended");
        equal(json(await call("GET /read", jar(login))).exists, false);
        const live: unknown[] = [];
        for await (const each of sessions.list({ subject: "alice" })) live.push(each);
        deepEqual(live, []);
      },
    )(harness);
  },

  "a handler that throws after a log-in: 500, and the cookie is not lost": onSite(
    {
      routes: {
        "POST /fail": async (ask) => {
          const session = await ask();
          await session.authenticate("alice");
          session.set("n", 1);
          throw new Error("boom: a secret");
        },
      },
    },
    async ({ call }) => {
      const answer = await call("POST /fail");
      deepEqual([answer.status, answer.cookies.length, answer.complete], [500, 1, true]);
      deepEqual(json(await call("GET /read", jar(answer))), { exists: true, subject: "alice", data: { n: 1 } });
    },
  ),

  "a handler that throws without a write: 500, and no cookie": onSite(
    {
      routes: {
        "GET /fail": async (ask) => {
          await ask();
          throw new Error("boom");
        },
      },
    },
    async ({ call, calls }) => {
      const answer = await call("GET /fail");
      deepEqual([answer.status, answer.cookies, calls], [500, [], []]);
    },
  ),

  "a handler that throws, and the commit fails as well: 503, and no cookie": onSite(
    {
      routes: {
        "POST /fail": async (ask) => {
          (await ask()).set("n", 1);
          throw new Error("boom");
        },
      },
    },
    async ({ call, fault }) => {
      fault(({ verb }) => (verb === "commit" ? { fault: "before" } : undefined));
      isProblem(await call("POST /fail"), 503, "store_unavailable");
    },
  ),

  "an answer that breaks off half way: what was written is kept, its cookie has left, and the server goes on": onSite(
    {
      routes: {
        "GET /half": async (ask) => {
          (await ask()).set("n", 1);
          return { stream: breaking() };
        },
      },
    },
    async ({ call }) => {
      const answer = await call("GET /half");
      deepEqual([answer.status, answer.complete, answer.cookies.length], [200, false, 1]);
      match(answer.text, /^(?:half)?$/);
      deepEqual(json(await call("GET /read", jar(answer))).data, { n: 1 });
    },
  ),

  "a client that goes away early: what its handler wrote is committed all the same": async (harness) => {
    const [arrived, go] = [signal(), signal()];
    await onSite(
      {
        routes: {
          "POST /slow": async (ask) => {
            (await ask()).set("n", 7);
            arrived.give();
            await go.given;
            return { text: "x".repeat(100_000) };
          },
        },
      },
      (scene) => goneEarly(scene, arrived, go),
    )(harness);
  },

  "two kinds in one answer, and one cannot be committed: 503, and its cookie is not set": onSite(
    {
      admin: true,
      routes: {
        "POST /both": async (ask) => {
          (await ask(0)).set("n", 1);
          (await ask(1)).set("n", 1);
          return own;
        },
      },
    },
    async ({ call, fault }) => {
      for (const [kind, name] of [
        ["web", "__Host-Http-session"],
        ["admin", "__Host-Http-admin"],
      ] as const) {
        fault((given) => (given.verb === "commit" && given.change.kind?.endsWith(kind) === true ? { fault: "before" } : undefined));
        const answer = await call("POST /both");
        equal(answer.status, 503, kind);
        deepEqual(
          answer.cookies.filter((line) => !line.startsWith("__Host-Http-") || line.startsWith(name)),
          [],
          kind,
        );
      }
    },
  ),
};

async function goneEarly({ call, open }: HttpScene, arrived: Signal, go: Signal): Promise<void> {
  const known = jar(await call("POST /count"));
  const flight = await open("POST /slow", known);
  await arrived.given;
  flight.abort();
  await new Promise((resolve) => setTimeout(resolve, 20));
  go.give();
  await soon("the commit", async () => (json(await call("GET /read", known)).data as { readonly n?: number }).n === 7);
}
