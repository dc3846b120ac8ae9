import { createSessions, type Sessions } from "../core/sessions.ts";
import type { MaybePromise, Store } from "../core/seam.ts";
import { failingStore, type FaultPlan } from "./failing-store.ts";
import { fakeClock, type FakeClock } from "./fake-clock.ts";
import { fly, type HttpFlight, type HttpReceived } from "./http-contract-client.ts";
import type { HttpCarrier, HttpCheck, HttpCookie, HttpData, HttpDoor, HttpRoute } from "./http-contract-harness.ts";
import { plainStore } from "./plain-store.ts";

/** What a check's site has beside the common routes. */
export interface SceneOptions {
  readonly routes?: Readonly<Record<string, HttpRoute>>;
  /** Default: the cookie as it is by default. */
  readonly carriers?: readonly HttpCarrier[];
  readonly origins?: readonly string[];
  /** The process's name as a load balancer knows it. Default none. */
  readonly route?: string;
  /** Whether there is a second kind of session, in a cookie of its own. Default false. */
  readonly admin?: boolean;
}

/** What a check works with. */
export interface HttpScene {
  readonly sessions: Sessions<HttpData>;
  readonly clock: FakeClock;
  /** The store's verbs that were called so far. */
  readonly calls: string[];
  /** What `onFailure` was told. */
  readonly failures: unknown[];
  /** What goes wrong with the store from now on. */
  fault(plan: FaultPlan): void;
  /** From now on a commit waits. */
  hold(): HeldCommits;
  call(route: string, headers?: Readonly<Record<string, string | readonly string[]>>): Promise<HttpReceived>;
  /** The same, without waiting for the answer. */
  open(route: string, headers?: Readonly<Record<string, string | readonly string[]>>): Promise<HttpFlight>;
}

/** Commits that wait. */
export interface HeldCommits {
  /** Resolves when the first has come. */
  readonly come: Promise<void>;
  letGo(): void;
}

/** The cookie as it is by default. */
export const defaultCookie: HttpCookie = { by: "cookie", name: "__Host-Http-session", sameSite: "Lax" };

/** Sites of all checks have these. */
const commonRoutes: Readonly<Record<string, HttpRoute>> = {
  "GET /none": () => ({ text: "none" }),
  "GET /read": async (ask) => {
    const session = await ask();
    return { json: { exists: session.exists, subject: session.subject ?? null, data: session.data } };
  },
  "POST /count": async (ask) => {
    const session = await ask();
    session.set("n", (session.get("n") ?? 0) + 1);
    return { text: String(session.get("n")) };
  },
  "POST /login": async (ask) => {
    const session = await ask();
    await session.authenticate("alice", { methods: ["pwd"] });
    return { json: { token: session.token } };
  },
  "POST /logout": async (ask) => {
    await (await ask()).end();
    return { text: "bye" };
  },
};

/** Serves a site, lets the check act and closes it. */
export function onSite(options: SceneOptions, act: (scene: HttpScene) => Promise<void>): HttpCheck {
  return async (harness) => {
    const clock = fakeClock();
    const calls: string[] = [];
    const failures: unknown[] = [];
    let plan: FaultPlan = () => undefined;
    let held: (HeldCommits & { arrived(): void; readonly free: Promise<void> }) | undefined;

    const inner = failingStore(harness.store?.() ?? inMemory(), (call) => plan(call));
    const store: Store = {
      ...inner,
      load: (...args) => (calls.push("load"), inner.load(...args)),
      find: (...args) => (calls.push("find"), inner.find(...args)),
      commit(...args) {
        calls.push("commit");
        if (held === undefined) return inner.commit(...args);
        held.arrived();
        return held.free.then(() => inner.commit(...args));
      },
    };
    const doorOf = (kind: string, carriers: readonly HttpCarrier[]): HttpDoor => ({
      sessions: createSessions<HttpData>({ store, clock, kind, breaker: false }),
      carriers,
      origins: options.origins ?? [],
      proxies: 1,
      route: options.route,
      onFailure: (error) => void failures.push(error),
    });
    const door = doorOf("web", options.carriers ?? [defaultCookie]);
    const doors = options.admin === true ? [door, doorOf("admin", [{ ...defaultCookie, name: "__Host-Http-admin" }])] : [door];
    const server = await harness.start({ doors, routes: { ...commonRoutes, ...options.routes } });
    const open: HttpScene["open"] = (route, headers = {}) => fly(server.url, route, headers);
    try {
      await act({
        sessions: door.sessions,
        clock,
        calls,
        failures,
        fault: (given) => void (plan = given),
        hold() {
          const come = signal();
          const free = signal();
          held = {
            come: come.given,
            arrived: come.give,
            free: free.given,
            letGo() {
              held = undefined;
              free.give();
            },
          };
          return held;
        },
        open,
        call: async (route, headers) => (await open(route, headers)).answer,
      });
    } finally {
      held?.letGo();
      await server.close();
    }
  };
}

/** A moment that one side waits for and the other brings about. */
export interface Signal {
  readonly given: Promise<void>;
  give(): void;
}

/** A moment that has not come yet. */
export function signal(): Signal {
  let give = (): void => undefined;
  const given = new Promise<void>((resolve) => (give = resolve));
  return { given, give: () => give() };
}

/** What a client sends back of the cookies that it was given. */
export function jar(...answers: readonly HttpReceived[]): { readonly cookie: string } {
  return { cookie: answers.flatMap(({ cookies }) => cookies.map((line) => line.split(";", 1)[0] ?? "")).join("; ") };
}

/** The token in an answer's first cookie. */
export function tokenOf(answer: HttpReceived): string {
  const pair = answer.cookies[0]?.split(";", 1)[0] ?? "";
  return pair.slice(pair.indexOf("=") + 1);
}

/** What an answer says in JSON. */
export function json(answer: HttpReceived): Readonly<Record<string, unknown>> {
  return JSON.parse(answer.text) as Readonly<Record<string, unknown>>;
}

/** Waits until the condition holds. */
export async function soon(what: string, holds: () => MaybePromise<boolean>): Promise<void> {
  for (let waited = 0; waited < 5_000; waited += 5) {
    if (await holds()) return;
    await pause(5);
  }
  throw new Error(`${what}: not within 5 s`);
}

/** So many ms. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Where the sessions of a check rest unless the harness says so. */
export function inMemory(): Store {
  const plain = plainStore();
  return {
    load: (id) => plain.records.get(id),
    commit(change) {
      const [refused] = plain.refusals(change);
      if (refused !== undefined) return refused;
      const { version } = plain.make(change);
      return { ok: true, version };
    },
    find: (query) => ({ records: plain.holding(query) }),
    close: () => undefined,
  };
}
