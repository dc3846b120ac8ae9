import { once } from "node:events";
import { createServer, request as httpRequest, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import original from "express-session";
import fc from "fast-check";
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createSessions } from "../../core/sessions.ts";
import { memoryStore } from "../../stores/memory/memory.ts";
import { delayed } from "../../testing/delayed.ts";
import { session } from "./express-session.ts";

/** What both do, whoever they are. */
type Implementation = (options: object) => (request: IncomingMessage, response: ServerResponse, next: (error?: unknown) => void) => void;
interface Implementations {
  readonly use: Implementation;
  readonly store: () => { all(answer: (error: unknown, found?: object | null) => void): void };
}
const peer: Implementations = { use: original as unknown as Implementation, store: () => new original.MemoryStore() };
const ours: Implementations = { use: session, store: () => new session.MemoryStore() };

type Step =
  | { readonly do: "set"; readonly name: string; readonly value: unknown }
  | { readonly do: "delete"; readonly name: string }
  | { readonly do: "push"; readonly name: string }
  | { readonly do: "maxAge" | "expires"; readonly value: number | null }
  | { readonly do: "cookie"; readonly name: string; readonly value: unknown }
  | { readonly do: "save" | "touch" | "reload" | "regenerate" | "destroy" | "unset" | "write" | "head" };
interface Visit {
  readonly path: string;
  readonly steps: readonly Step[];
  readonly secure: boolean;
  /** ms that pass before it. */
  readonly after: number;
  readonly jar: "kept" | "empty" | "forged";
}

/** An object with what a session has, as the steps call it. */
interface AnySession {
  [name: string]: unknown;
  cookie: Record<string, unknown>;
  save(done: (error?: unknown) => void): void;
  reload(done: (error?: unknown) => void): void;
  regenerate(done: (error?: unknown) => void): void;
  destroy(done: (error?: unknown) => void): void;
  touch(): void;
}

async function act(request: IncomingMessage & { session?: AnySession | null }, response: ServerResponse, step: Step): Promise<void> {
  const { session: current } = request;
  if (step.do === "write") return void response.write("chunk;");
  if (step.do === "head") return void (response.headersSent || response.writeHead(201, { "X-Head": "yes" }));
  if (current === undefined || current === null) return;
  const called = (verb: "save" | "reload" | "regenerate" | "destroy"): Promise<void> =>
    new Promise((resolve) =>
      current[verb]((error) => {
        if (error !== undefined && error !== null) response.setHeader("X-Error", (error as Error).message);
        resolve();
      }),
    );
  switch (step.do) {
    case "set":
      current[step.name] = structuredClone(step.value);
      break;
    case "delete":
      // A session that is empty again by its end is not kept there, though its cookie has left: here it is.
      if (!response.headersSent) delete current[step.name];
      break;
    case "push":
      current[step.name] = Array.isArray(current[step.name]) ? current[step.name] : [];
      (current[step.name] as unknown[]).push((current[step.name] as unknown[]).length);
      break;
    case "maxAge":
      current.cookie["maxAge"] = step.value;
      break;
    case "expires":
      current.cookie["expires"] = step.value === null ? null : new Date(Date.now() + step.value);
      break;
    case "cookie":
      current.cookie[step.name] = step.value;
      break;
    case "touch":
      current.touch();
      break;
    case "unset":
      // Ours has written by then what was changed before the head, whose cookie names that session.
      if (!response.headersSent) request.session = null;
      break;
    default:
      if (!response.headersSent) await called(step.do);
  }
}

let clock = 0;
beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"], now: (clock = Date.UTC(2026, 10, 22, 12)) });
});
afterEach(() => void vi.useRealTimers());

const servers: Server[] = [];
afterAll(() => {
  for (const server of servers) server.closeAllConnections();
});

/** A visitor's way through an application, as the wire and the store show it. */
async function history({ use, store: newStore }: Implementations, options: object, visits: readonly Visit[]): Promise<unknown[]> {
  vi.setSystemTime(clock);
  const store = newStore();
  let ids = 0;
  const middleware = use({ secret: ["new", "old"], store, proxy: true, genid: () => `id.${(ids += 1)}/=`, ...options });
  let steps: readonly Step[] = [];
  const server = createServer((request, response) => {
    middleware(request, response, (error) => {
      if (error !== undefined && response.headersSent) return;
      if (error !== undefined) return void response.writeHead(500).end((error as Error).message);
      void (async () => {
        for (const step of steps) await act(request, response, step);
        const { session: left } = request as IncomingMessage & { session?: AnySession | null };
        // Ours is touched when its head leaves, the original when the head has a cookie or at the end: a handler can see that afterwards.
        const shown = (JSON.stringify(left) as string | undefined)?.replace(response.headersSent ? /"expires":"[^"]*",/ : /^$/, "");
        response.end(`${typeof left} ${shown} ${(request as IncomingMessage & { sessionID?: string }).sessionID}`);
      })();
    });
  }).listen(0, "127.0.0.1");
  servers.push(server);
  await once(server, "listening");
  const seen: unknown[] = [];
  let jar: string | undefined;
  for (const visit of visits) {
    vi.setSystemTime(Date.now() + visit.after);
    steps = visit.steps;
    const cookie = visit.jar === "empty" ? undefined : visit.jar === "forged" ? jar?.replace(/.$/, "!") : jar;
    const answer = await ask(server, visit, cookie).catch((error: unknown) => {
      throw new Error(use === peer.use ? "peer hangs" : "ours hangs", { cause: error });
    });
    const set = answer.headers["set-cookie"]?.[0];
    if (set !== undefined) jar = set.split(";")[0];
    const kept = await new Promise((resolve, reject) =>
      store.all((error, found) => (error === null || error === undefined ? resolve(found) : reject(new Error("all", { cause: error })))),
    );
    const { "x-error": failed, "x-head": head } = answer.headers;
    seen.push({ status: answer.status, body: answer.body, set: answer.headers["set-cookie"], failed, head, kept: plain(kept) });
  }
  server.close();
  server.closeAllConnections();
  return seen;
}

/** As JSON, with keys in order. */
function plain(value: unknown): unknown {
  const sorted = (_: string, each: unknown): unknown =>
    typeof each === "object" && each !== null && !Array.isArray(each) ? Object.fromEntries(Object.entries(each).sort(([a], [b]) => (a < b ? -1 : 1))) : each;
  return JSON.parse(JSON.stringify(value, sorted));
}

function ask(
  server: Server,
  visit: Visit,
  cookie: string | undefined,
): Promise<{ status: number | undefined; headers: IncomingMessage["headers"]; body: string }> {
  return new Promise((resolve, reject) => {
    const headers = {
      ...(cookie === undefined ? undefined : { cookie: `other=1; ${cookie}` }),
      ...(visit.secure ? { "x-forwarded-proto": "https" } : undefined),
    };
    const { port } = server.address() as AddressInfo;
    httpRequest({ port, host: "127.0.0.1", path: visit.path, headers, agent: false }, (answer) => {
      let body = "";
      answer.setEncoding("utf8").on("data", (text: string) => (body += text));
      answer.on("end", () => resolve({ status: answer.statusCode, headers: answer.headers, body }));
    })
      .setTimeout(400, () => reject(new Error("There is no answer.")))
      .on("error", reject)
      .end();
  });
}

// Not "save": express-session puts one on the session itself, and whoever deletes that is left with another.
const name = fc.constantFrom("a", "b", "passport", "$x", "~y", "0");
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant("set" as const), name, value: fc.jsonValue({ maxDepth: 2 }) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("push" as const), name }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("delete" as const), name }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom("maxAge" as const, "expires" as const), value: fc.constantFrom(null, 900, 5000, 90_000) }) },
  {
    weight: 1,
    arbitrary: fc.constantFrom<Step>(
      { do: "cookie", name: "secure", value: true },
      { do: "cookie", name: "path", value: "/other" },
      { do: "cookie", name: "sameSite", value: "lax" },
      { do: "cookie", name: "httpOnly", value: false },
    ),
  },
  {
    weight: 3,
    arbitrary: fc.constantFrom<Step>(
      { do: "save" },
      { do: "touch" },
      { do: "reload" },
      { do: "regenerate" },
      { do: "destroy" },
      { do: "unset" },
      { do: "write" },
      { do: "head" },
    ),
  },
);
const visit: fc.Arbitrary<Visit> = fc.record({
  path: fc.constantFrom("/", "/app", "/app/page?x=1", "/application", "/other"),
  steps: fc.array(step, { maxLength: 5 }),
  secure: fc.boolean(),
  after: fc.constantFrom(0, 10, 1000, 30_000),
  jar: fc.constantFrom("kept" as const, "kept" as const, "kept" as const, "empty" as const, "forged" as const),
});
const options = fc.record({
  resave: fc.boolean(),
  saveUninitialized: fc.boolean(),
  rolling: fc.boolean(),
  unset: fc.constantFrom("keep", "destroy"),
  name: fc.constantFrom("connect.sid", "s"),
  cookie: fc.record(
    {
      path: fc.constantFrom("/", "/app"),
      maxAge: fc.constantFrom(null, 5000, 60_000),
      secure: fc.constantFrom(false, true, "auto"),
      httpOnly: fc.boolean(),
      sameSite: fc.constantFrom(false, true, "lax", "none", "auto"),
      partitioned: fc.boolean(),
      priority: fc.constantFrom("low", "high"),
      domain: fc.constantFrom("example.com"),
    },
    { requiredKeys: [] },
  ),
});

describe("beside express-session 1.19", () => {
  it("any way of one visitor shows the same answers, cookies and stored sessions", { timeout: 120_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(options, fc.array(visit, { minLength: 1, maxLength: 5 }), async (given, visits) => {
        const expected = await history(peer, given, visits);
        expect(await history(ours, given, visits)).toEqual(expected);
      }),
      { numRuns: Number(process.env["SOJOURN_HISTORIES"] ?? 300) },
    );
  });

  it("and on a Sojourn store the same answers and cookies", { timeout: 60_000 }, async () => {
    const onSojourn: Implementations = {
      use: ({ store: _store, ...rest }: { store?: unknown }) =>
        session({ ...rest, sessions: createSessions({ store: delayed(memoryStore()), idle: "1d", absolute: "400d", clock: { now: () => Date.now() } }) }),
      store: peer.store,
    };
    // When it runs out is kept to a tenth there, and properties have no order.
    const answersIn = (seen: readonly unknown[]): unknown[] =>
      (seen as { kept: unknown; body: string }[]).map(({ kept: _kept, body, ...rest }) => ({
        ...rest,
        body: body.replace(/"expires":"[^"]*",/, "").replace(/\{.*\}/, (data) => JSON.stringify(plain(JSON.parse(data)))),
      }));
    await fc.assert(
      fc.asyncProperty(options, fc.array(visit, { minLength: 1, maxLength: 5 }), async (given, visits) => {
        const expected = await history(peer, given, visits);
        expect(answersIn(await history(onSojourn, given, visits))).toEqual(answersIn(expected));
      }),
      { numRuns: Number(process.env["SOJOURN_HISTORIES"] ?? 200) },
    );
  });
});
