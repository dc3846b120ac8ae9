// The contract of web adapters, for the Fetch door, with client and server inside a runtime's own process.
import { bearer, cookie, trustedProxies } from "sojourn/http";
import { fetchSessions } from "sojourn/http/fetch";
import { memoryStore } from "sojourn/stores/memory";
import { delayed, httpContract } from "sojourn/testing";

/**
 * @typedef {(request: Request) => Promise<Response>} Handler
 * @typedef {(handle: Handler) => Promise<import("sojourn/testing").HttpServer>} Serve serves a handler on a port, or under a path, of its own
 */

/** @param {import("sojourn/testing").HttpCarrier} carrier */
function carrierOf(carrier) {
  return carrier.by === "bearer" ? bearer() : cookie({ name: carrier.name, sameSite: carrier.sameSite });
}

/** @param {import("sojourn/testing").HttpReply} reply @param {string} url */
function responseOf({ status = 200, headers, cookies = [], text, json, bytes, stream, redirect }, url) {
  const made = new Headers(headers);
  for (const line of cookies) made.append("set-cookie", line);
  if (redirect !== undefined) made.set("location", new URL(redirect, url).href);
  if (json !== undefined && !made.has("content-type")) made.set("content-type", "application/json");
  const body = json === undefined ? (text ?? bytes ?? (stream && bodyOf(stream)) ?? null) : JSON.stringify(json);
  // Workers compress what says that it is compressed, unless they are told that it is; nobody else knows this setting.
  return new Response(body, { status: redirect === undefined ? status : 302, headers: made, ...(made.has("content-encoding") && { encodeBody: "manual" }) });
}

/** @param {AsyncIterable<string | Uint8Array>} stream */
function bodyOf(stream) {
  const chunks = stream[Symbol.asyncIterator]();
  const text = new TextEncoder();
  return new ReadableStream({
    async pull(controller) {
      const { done, value } = await chunks.next();
      if (done) controller.close();
      else controller.enqueue(typeof value === "string" ? text.encode(value) : value);
    },
    async cancel() {
      await chunks.return?.();
    },
  });
}

/** @param {import("sojourn/testing").HttpSite} site @returns {Handler} */
function handlerOf({ doors, routes }) {
  const webs = doors.map(({ sessions, carriers, origins, proxies, route, onFailure }) =>
    fetchSessions(sessions, { carriers: carriers.map(carrierOf), origins, client: trustedProxies(proxies), onFailure, ...(route !== undefined && { route }) }),
  );
  /** @type {Handler} */
  let handle = async (request) => {
    const { method, url } = request;
    const route = routes[`${method === "HEAD" ? "GET" : method} ${new URL(url).pathname}`];
    if (route === undefined) return new Response(null, { status: 404 });
    return responseOf(await route(async (door = 0) => webs[door].session(request)), url);
  };
  for (const web of webs) handle = web.handle(handle);
  return handle;
}

/** @param {boolean} late @param {Serve} serve */
export function httpPromises(late, serve) {
  const harness = {
    start: (/** @type {import("sojourn/testing").HttpSite} */ site) => serve(handlerOf(site)),
    store: () => (late ? delayed(memoryStore()) : memoryStore()),
  };
  return Object.fromEntries(Object.entries(httpContract).map(([promise, check]) => [promise, () => check(harness)]));
}
