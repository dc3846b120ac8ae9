import { createServer, type OutgoingHttpHeaders, type ServerResponse } from "node:http";
import { expect, test } from "vitest";
import type { Resumable } from "../core/resumable.ts";
import type { Session } from "../core/session.ts";
import { cookie } from "../http/carriers.ts";
import type { WebOptions } from "../http/door.ts";
import { listening, optionsOf, routeFor, statusOf } from "../http/harness.fixture.ts";
import { nodeSessions } from "../http/node/node.ts";
import { httpContract } from "./http-contract.ts";
import type { HttpData, HttpHarness, HttpReply } from "./http-contract-harness.ts";

type Manager = Resumable<HttpData>;

/** Faults that web adapters have had; each changes one thing of the adapter below. */
interface Faults {
  readonly manager?: (real: Manager) => Manager;
  readonly options?: (given: WebOptions) => WebOptions;
  readonly noMiddleware?: true;
  /** The headers of an answer, at the moment at which they leave. */
  readonly head?: (headers: OutgoingHttpHeaders) => OutgoingHttpHeaders;
  /** What is done to a response before anything else. */
  readonly response?: (response: ServerResponse) => void;
  readonly answer?: (reply: HttpReply, response: ServerResponse) => void;
}

/** An adapter with places to break it. It knows only of text, JSON and redirects. */
function faulty(faults: Faults): HttpHarness {
  return {
    start(site) {
      const webs = site.doors.map((door) => {
        const options = optionsOf(door);
        return nodeSessions(faults.manager?.(door.sessions) ?? door.sessions, faults.options?.(options) ?? options);
      });
      const server = createServer((request, response) => {
        faults.response?.(response);
        if (faults.head !== undefined) rewriteHead(response, faults.head);
        if (faults.noMiddleware !== true && !webs.every((web) => web.middleware(request, response))) return;
        Promise.resolve(routeFor(site, request.method, request.url)?.((door = 0) => webs[door]!.session(request, response)))
          .then((reply = { status: 404 }) => (faults.answer ?? send)(reply, response))
          .catch((error: unknown) => response.writeHead(statusOf(error)).end());
      });
      return listening(server);
    },
  };
}

function send(reply: HttpReply, response: ServerResponse): void {
  response.statusCode = reply.status ?? (reply.redirect === undefined ? 200 : 303);
  for (const [name, value] of Object.entries(reply.headers ?? {})) response.setHeader(name, value);
  if (reply.cookies !== undefined) response.setHeader("set-cookie", reply.cookies);
  if (reply.redirect !== undefined) response.setHeader("location", reply.redirect);
  response.end(reply.json === undefined ? reply.text : JSON.stringify(reply.json));
}

/** Stands below the gate: all that leaves passes here. */
function rewriteHead(response: ServerResponse, head: (headers: OutgoingHttpHeaders) => OutgoingHttpHeaders): void {
  const { writeHead } = response;
  response.writeHead = ((status: number, given?: readonly unknown[]) => {
    const headers: OutgoingHttpHeaders = { ...response.getHeaders() };
    for (let i = 0; given !== undefined && i < given.length; i += 2) headers[String(given[i]).toLowerCase()] = given[i + 1] as string;
    for (const name of response.getHeaderNames()) response.removeHeader(name);
    return writeHead.call(response, status, head(headers));
  }) as ServerResponse["writeHead"];
}

const without = (name: string): Faults => ({ head: ({ [name]: _, ...headers }) => headers });
const reading = (read: (value: string) => string | undefined): Faults => ({
  options: (given) => ({ ...given, carriers: given.carriers.map((carrier) => ({ ...carrier, read })) }),
});
const cookies = (value: string): string[] => value.split(/; ?/).flatMap((pair) => (pair.startsWith("__Host-Http-session=") ? [pair.slice(20)] : []));

const ownRoute = "a process with a route writes it after every token that its cookies bring, and nowhere else";
const anyRoute = "a token is as good with the route of another process, of one that is gone, or none, wherever it is shown; that alone sets no cookie";
const nextRoute = "a token with another process's route has this one's from its next secret on: at a log-in, and at the periodic rotation";
/** The adapter's carriers, which read what this makes of what they read. */
const reads = (given: WebOptions, made: (value: string) => string | undefined): WebOptions => ({
  ...given,
  carriers: given.carriers.map((carrier) => ({
    ...carrier,
    read: (value) => {
      const token = carrier.read(value);
      return token === undefined ? undefined : made(token);
    },
  })),
});
const routed = (told: unknown): unknown => {
  const { token } = told as { readonly token?: string };
  return token === undefined ? told : { token: `${token}.n1` };
};

/** A fault, and the promise that it breaks. */
const planted: readonly [fault: string, faults: Faults, promise: string][] = [
  [
    "asking creates",
    {
      manager: (real) => ({
        ...real,
        visit: async (visit) => {
          const session: Session<HttpData> = await real.visit(visit);
          if (!session.exists) session.set("cart", []);
          return session;
        },
      }),
    },
    "asking creates nothing: no row, no cookie",
  ],
  [
    "nothing is committed",
    { manager: (real) => ({ ...real, settle: () => undefined }) },
    "the first write creates, and its cookie resumes; a write that changes no secret sends none",
  ],
  [
    "the commit is not waited for",
    {
      manager: (real) => ({
        ...real,
        settle: (session) => {
          void Promise.resolve(real.settle(session)).catch(() => undefined);
          return undefined;
        },
      }),
    },
    "no byte before the commit: text",
  ],
  [
    "a commit that fails is passed over",
    {
      manager: (real) => ({
        ...real,
        settle: async (session) => {
          try {
            return await real.settle(session);
          } catch {
            return undefined;
          }
        },
      }),
    },
    "a commit that fails, answered with text: 503, no cookie, nothing of the page; onFailure is told",
  ],
  [
    "onFailure is not told",
    { options: (given) => ({ ...given, onFailure: () => undefined }) },
    "a commit that fails, answered with text: 503, no cookie, nothing of the page; onFailure is told",
  ],
  [
    "a store that is down is somebody who is not logged in",
    {
      manager: (real) => ({
        ...real,
        visit: async (visit) => {
          try {
            return await real.visit(visit);
          } catch {
            return real.visit({ ...visit, token: undefined });
          }
        },
      }),
    },
    "a store that cannot be read: 503, never logged in, no cookie; asked twice it fails twice",
  ],
  [
    "each asking is a visit",
    {
      manager: (real) => {
        let last: Session<HttpData> | undefined;
        return { visit: async (visit) => (await real.visit(visit), (last = await real.visit(visit))), settle: (session) => real.settle(last ?? session) };
      },
    },
    "asking twice gives the same session",
  ],
  [
    "the client is not known",
    { manager: (real) => ({ ...real, visit: (visit) => real.visit({ ...visit, client: undefined }) }) },
    "the client is known as far as the proxy is trusted",
  ],
  ["the proxy is not believed", { options: ({ client: _, ...given }) => given }, "the client is known as far as the proxy is trusted"],
  [
    "nobody is rotated",
    { manager: (real) => ({ ...real, visit: (visit) => real.visit({ ...visit, rotates: false }) }) },
    "periodic rotation hands a successor to cookies and not to bearer clients; both tokens hold until it is seen",
  ],
  [
    "the first of two cookies is believed",
    reading((value) => cookies(value)[0]),
    "our cookie twice: the same value counts once; of two values neither is believed",
  ],
  [
    "the last of two cookies is believed",
    reading((value) => cookies(value).at(-1)),
    "our cookie twice: the same value counts once; of two values neither is believed",
  ],
  ["the cookie is looked for at the front", reading((value) => /^__Host-Http-session=([^;]*)/.exec(value)?.[1]), "ours is found among 100 cookies"],
  ["quotes are taken off", reading((value) => cookies(value)[0]?.replaceAll('"', "")), "what cannot be a token causes no store call"],
  ["another name is taken", reading((value) => /session=([^;]*)/.exec(value)?.[1]), "what cannot be a token causes no store call"],
  [
    "the cookie may be read by scripts",
    { options: (given) => ({ ...given, carriers: [{ ...cookie(), setCookie: (back) => `__Host-Http-session=${back.token}; Path=/; Secure` }] }) },
    "the first write creates, and its cookie resumes; a write that changes no secret sends none",
  ],
  [
    "the middleware is forgotten",
    { noMiddleware: true },
    "an unsafe request of another origin's page: 403 before the handler, with or without a cookie (log-in CSRF)",
  ],
  [
    "every origin is welcome",
    { options: (given) => ({ ...given, origins: ["https://evil.example"] }) },
    "an unsafe request of another origin's page: 403 before the handler, with or without a cookie (log-in CSRF)",
  ],
  [
    "the origins that were named are not",
    { options: (given) => ({ ...given, origins: [] }) },
    "an unsafe request of another origin's page: 403 before the handler, with or without a cookie (log-in CSRF)",
  ],
  ["answers do not vary", without("vary"), "an answer that used a session is private, is asked for again, and varies"],
  ["answers say nothing to caches", without("cache-control"), "an answer that carries a token is stored by nobody, whatever the application says"],
  [
    "all answers are private",
    { head: (headers) => ({ ...headers, "cache-control": "private" }) },
    "an answer that used no session keeps what the application says",
  ],
  ["headers are left by", without("x-own"), "what the application sets stays: headers, its cookies, its Vary"],
  [
    "its cookies are overwritten",
    { head: (headers) => ({ ...headers, "set-cookie": [headers["set-cookie"] ?? []].flat().slice(-1) }) },
    "what the application sets stays: headers, its cookies, its Vary",
  ],
  [
    "one cookie is all there is",
    { head: (headers) => ({ ...headers, "set-cookie": [headers["set-cookie"] ?? []].flat().slice(0, 1) }) },
    "two kinds of session in one answer: two cookies, each resumes its own",
  ],
  ["a byte leaves early", { response: (response) => void response.socket?.write("HTTP/1.1 103 Early Hints\r\n\r\n") }, "no byte before the commit: a redirect"],
  [
    "a client that has gone is given up",
    { response: (response) => void response.on("close", () => (response.end = () => response)) },
    "a client that goes away early: what its handler wrote is committed all the same",
  ],
  [
    "bodies are cut",
    { answer: (reply, response) => send({ ...reply, text: reply.text?.slice(1) }, response) },
    "answered with text: committed, handed back, and the body and its headers arrive as without a session",
  ],
  [
    "of the cookies of a long token only the first leaves",
    { head: (headers) => ({ ...headers, ...(Array.isArray(headers["set-cookie"]) ? { "set-cookie": headers["set-cookie"].slice(0, 1) } : undefined) }) },
    "a token too long for one cookie comes and goes in several; a shorter one leaves none of them behind, and one too long for all is a problem",
  ],
  ["the route is forgotten", { options: ({ route: _, ...given }) => given }, ownRoute],
  [
    "the route of an ended session's cookie stays",
    { head: (headers) => ({ ...headers, "set-cookie": [headers["set-cookie"] ?? []].flat().map((line) => line.replace("session=;", "session=.n1;")) }) },
    ownRoute,
  ],
  [
    "the handler's token has a route",
    { answer: (reply, response) => send(reply.json === undefined ? reply : { ...reply, json: routed(reply.json) }, response) },
    ownRoute,
  ],
  [
    "a process takes no route but its own",
    { options: (given) => reads(given, (value) => (value.slice(59) === `.${given.route}` ? value.slice(0, 59) : value.replaceAll(/\.(?=[^.]*$)/g, "!"))) },
    anyRoute,
  ],
  [
    "a process without a route takes none",
    { options: (given) => (given.route === undefined ? reads(given, (value) => (value.length > 59 ? undefined : value)) : given) },
    anyRoute,
  ],
  [
    "a visitor of another process is given a cookie at once",
    {
      manager: (real) => {
        const shown = new WeakMap<Session<HttpData>, string | undefined>();
        return {
          visit: async (visit) => {
            const session = await real.visit(visit);
            shown.set(session, session.exists ? visit.token : undefined);
            return session;
          },
          settle: async (session) => {
            const token = shown.get(session);
            return (await real.settle(session)) ?? (token === undefined ? undefined : { token });
          },
        };
      },
    },
    anyRoute,
  ],
  [
    "the route that came is written again",
    { head: (headers) => ({ ...headers, "set-cookie": [headers["set-cookie"] ?? []].flat().map((line) => line.replace(".n2;", ".n1;")) }) },
    nextRoute,
  ],
  [
    "whatever follows a token is cut off",
    { options: (given) => reads(given, (value) => value.slice(0, 59)) },
    "what follows a token and is no route makes it malformed: no store call, no cookie, nobody",
  ],
  [
    "a route of any length is cut off",
    { options: (given) => reads(given, (value) => value.replace(/\.[a-z0-9-]{33,}$/, "")) },
    "what follows a token and is no route makes it malformed: no store call, no cookie, nobody",
  ],
  [
    "bearer clients' routes are not taken off",
    { options: (given) => reads(given, (value) => (value.length > 59 ? undefined : value)) },
    "bearer clients: a token is taken with any route, and none is written",
  ],
  [
    "the name is kept in the session",
    {
      manager: (real) => ({
        ...real,
        visit: async (visit) => {
          const session = await real.visit(visit);
          session.set("cart", ["marked-route"]);
          return session;
        },
      }),
    },
    "a route is taken off before anything looks: the manager, the store and the session never see it",
  ],
  [
    "a route that is no name is passed over",
    { options: ({ route, ...given }) => (route === undefined || !/^[a-z0-9-]{1,32}$/.test(route) ? given : { ...given, route }) },
    "a route that no load balancer could be told is refused by name when the adapter is made",
  ],
];

test("the adapter without a fault keeps what it can", async () => {
  for (const promise of new Set(planted.map(([, , name]) => name))) await httpContract[promise]!(faulty({}));
});

test.each(planted)("the contract sees it when %s", async (_, faults, promise) => {
  const check = httpContract[promise];
  if (!check) throw new Error(`there is no promise "${promise}"`);
  await expect(check(faulty(faults))).rejects.toThrow();
});
