import { createServer } from "node:http";
import { nodeSessions } from "sojourn/http/node";
import { answer, failing, notFound } from "./answer.mjs";
import { door, logIn, sojournSessions } from "./sessions.mjs";

/**
 * node:http with our sessions in a store.
 * @param {import("sojourn").Store} store
 */
export async function nodeServer(store) {
  const { sessions, cookies } = await sojournSessions(store);
  return { server: serverOf(sessions), cookies };
}

/**
 * node:http with our sessions, in the way of the documentation.
 * @param {import("sojourn").Resumable<import("./sessions.mjs").Data>} sessions
 */
export function serverOf(sessions) {
  const web = nodeSessions(sessions, door);
  let views = 0;

  /** @typedef {(request: import("node:http").IncomingMessage, response: import("node:http").ServerResponse) => Promise<void>} Handler */
  /** @type {Handler} */
  async function read(request, response) {
    const session = await web.session(request, response);
    answer(response, { user: session.get("userId") });
  }
  /** @type {Handler} */
  async function write(request, response) {
    const session = await web.session(request, response);
    session.set("views", ++views);
    answer(response, { user: session.get("userId") });
  }
  /** @type {Handler} */
  async function check(request, response) {
    const session = await web.session(request, response);
    answer(response, { user: session.get("userId"), views: session.get("views") });
  }
  /** @type {Handler} */
  async function seed(request, response) {
    await logIn(await web.session(request, response), Number(request.url?.slice("/seed/".length)));
    answer(response, {});
  }

  return createServer((request, response) => {
    if (!web.middleware(request, response)) return;
    switch (request.url) {
      case "/r":
        return void read(request, response).catch(failing(response));
      case "/w":
        return void write(request, response).catch(failing(response));
      case "/n":
        return answer(response, { user: "nobody" });
      case "/check":
        return void check(request, response).catch(failing(response));
      default:
        return request.url?.startsWith("/seed/") ? void seed(request, response).catch(failing(response)) : notFound(response);
    }
  });
}
