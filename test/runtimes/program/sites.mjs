// Web sites that a test makes and visits from outside: the same on every runtime that speaks Request and Response.
import { createSessions, SojournError } from "sojourn";
import { bearer, cookie, trustedProxies } from "sojourn/http";
import { fetchSessions } from "sojourn/http/fetch";

/**
 * @typedef {{ carriers?: ("cookie" | "bearer" | "cross-site cookie")[], origins?: string[], distant?: boolean, proxied?: boolean, deadline?: number }} SiteOptions
 * @typedef {(request: Request, peer: string | undefined) => Promise<Response>} Handler
 */

const carriers = { cookie: () => cookie(), bearer: () => bearer(), "cross-site cookie": () => cookie({ sameSite: "None" }) };
const pause = (/** @type {number} */ ms) => new Promise((resolve) => setTimeout(resolve, ms));

/**
 * Requests to `/~…` say what the test wants; all others are visits to the site that the header x-site names.
 * @param {{ makeStore: () => import("sojourn").Store, distant: (store: import("sojourn").Store) => import("sojourn").Store }} parts
 * @returns {Handler}
 */
export function sites({ makeStore, distant }) {
  /** @type {Map<string, ReturnType<typeof openSite>>} */
  const open = new Map();
  return async (request, peer) => {
    const { pathname } = new URL(request.url);
    if (pathname === "/~site") {
      /** @type {SiteOptions} */
      const options = await request.json();
      const store = makeStore();
      const id = String(open.size);
      open.set(id, openSite(options.distant ? distant(store) : store, options));
      return Response.json(id);
    }
    const site = open.get(request.headers.get("x-site") ?? "");
    if (site === undefined) return new Response("no such site", { status: 404 });
    return pathname.startsWith("/~") ? Response.json(await site.control(pathname.slice(2), await request.json())) : site.visit(request, peer);
  };
}

/** @param {import("sojourn").Store} inner @param {SiteOptions} options */
function openSite(inner, options) {
  let now = Date.UTC(2026, 0, 1);
  /** @type {string[]} */
  const calls = [];
  /** @type {"well" | "broken" | "hanging"} */
  let health = "well";
  let released = false;
  let arrived = 0;

  /** @template {readonly unknown[]} A @template R @param {string} verb @param {(...args: A) => R} run @returns {(...args: A) => R | Promise<never>} */
  const watched =
    (verb, run) =>
    (...args) => {
      calls.push(verb);
      if (health === "broken") throw new SojournError("store_unavailable", "the test took it away");
      if (health === "hanging") return new Promise(() => undefined);
      return run(...args);
    };
  const store = { ...inner, load: watched("load", inner.load), commit: watched("commit", inner.commit), find: watched("find", inner.find) };
  const sessions = createSessions({ store, clock: { now: () => now }, ...(options.deadline && { deadline: options.deadline }) });
  /** @type {WeakMap<Request, string | undefined>} */
  const peers = new WeakMap();
  const web = fetchSessions(sessions, {
    carriers: (options.carriers ?? ["cookie"]).map((name) => carriers[name]()),
    origins: options.origins ?? [],
    ...(options.proxied !== false && { client: trustedProxies(1) }),
    peer: (request) => peers.get(request),
    onFailure: () => undefined,
  });

  /** @type {Record<string, (request: Request) => unknown>} */
  const pages = {
    "GET /none": () => "none",
    async "GET /read"(request) {
      const session = await web.session(request);
      return { exists: session.exists, subject: session.subject ?? null, data: session.data };
    },
    async "HEAD /read"(request) {
      await web.session(request);
      return new Response(null, { headers: { "content-type": "text/plain" } });
    },
    async "POST /count"(request) {
      const session = await web.session(request);
      return session.update("n", (n) => Number(n ?? 0) + 1);
    },
    async "POST /set"(request) {
      const { searchParams } = new URL(request.url);
      (await web.session(request)).set(searchParams.get("name") ?? "", searchParams.get("value"));
      return "set";
    },
    async "POST /login"(request) {
      const session = await web.session(request);
      await session.authenticate("alice", { methods: ["pwd"] });
      return { token: session.token };
    },
    async "POST /keep"(request) {
      await (await web.session(request)).authenticate("alice", { idle: "1d", absolute: "30d" });
      return "kept";
    },
    async "POST /logout"(request) {
      await (await web.session(request)).end();
      return "bye";
    },
    async "POST /login-then-fail"(request) {
      await (await web.session(request)).authenticate("alice");
      throw new Error("boom: a secret");
    },
    async "GET /fail"(request) {
      await web.session(request);
      throw new Error("boom: a secret");
    },
    async "POST /slow"(request) {
      (await web.session(request)).set("cart", ["late"]);
      arrived += 1;
      while (!released) await pause(2);
      return "done";
    },
    async "POST /break"(request) {
      (await web.session(request)).set("n", 1);
      health = "broken";
      return "a secret page";
    },
    async "POST /redirect"(request) {
      (await web.session(request)).set("n", 1);
      return Response.redirect("https://shop.example/next", 303);
    },
    async "POST /nothing"(request) {
      (await web.session(request)).set("n", 1);
      return new Response(null, { status: 204 });
    },
    async "GET /unchanged"(request) {
      (await web.session(request)).set("n", 1);
      return new Response(null, { status: 304, headers: { etag: '"1"' } });
    },
    async "POST /stream"(request) {
      (await web.session(request)).set("n", 1);
      const text = new TextEncoder();
      const body = new ReadableStream({
        async start(controller) {
          controller.enqueue(text.encode("one"));
          while (!released) await pause(2);
          controller.enqueue(text.encode("two"));
          controller.close();
        },
      });
      return new Response(body, {
        headers: [
          ["content-type", "text/plain"],
          ["set-cookie", "a=1"],
          ["set-cookie", "b=2"],
        ],
      });
    },
    async "GET /text"(request) {
      (await web.session(request)).set("n", 1);
      return new Response("a page");
    },
    async "GET /half"(request) {
      (await web.session(request)).set("n", 1);
      const body = new ReadableStream({
        async start(controller) {
          controller.enqueue(new TextEncoder().encode("half"));
          while (!released) await pause(2);
          controller.error(new Error("boom: a secret"));
        },
      });
      return new Response(body);
    },
    async "POST /form"(request) {
      (await web.session(request)).set("form", Object.fromEntries(await request.formData()));
      return "kept";
    },
  };
  const handle = web.handle(async (request) => {
    const { pathname } = new URL(request.url);
    const answer = await pages[`${request.method} ${pathname}`]?.(request);
    return answer instanceof Response ? answer : Response.json(answer ?? null);
  });

  return {
    /** @param {Request} request @param {string | undefined} peer */
    visit(request, peer) {
      peers.set(request, peer);
      return handle(request);
    },
    /** @param {string} what @param {any} given */
    async control(what, given) {
      if (what === "calls") return calls.splice(0);
      if (what === "advance") now += given;
      else if (what === "health") health = given;
      else if (what === "arrived") return arrived;
      else if (what === "release") released = true;
      else if (what === "list") {
        const listed = [];
        for await (const { address, agent } of sessions.list({ subject: given })) listed.push({ address, agent });
        return listed;
      } else if (what === "endAll") return sessions.endAll({ subject: given });
      return null;
    },
  };
}
