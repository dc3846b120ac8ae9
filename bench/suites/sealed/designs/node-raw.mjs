import { createServer } from "node:http";
import { answer, notFound } from "../../http/designs/answer.mjs";
import { payloadOf, sessionCount } from "../../../lib/payload.mjs";
import { openRaw, sealRaw } from "../raw.mjs";

const pair = "__Host-Http-session=";

/** node:http with a handler that opens, and for a write seals, its cookie by AES-256-GCM, and does nothing else: the least that keeping a session there costs. */
export function nodeRaw() {
  let views = 0;
  const server = createServer((request, response) => {
    switch (request.url) {
      case "/r":
        return answer(response, { user: sessionOf(request)?.userId });
      case "/w": {
        const session = sessionOf(request);
        if (session === undefined) return answer(response, {});
        session.views = ++views;
        response.setHeader("set-cookie", `${pair}${sealRaw(session)}; Path=/; Secure; HttpOnly; SameSite=Lax`);
        return answer(response, { user: session.userId });
      }
      case "/n":
        return answer(response, { user: "nobody" });
      case "/check": {
        const session = sessionOf(request);
        return answer(response, { user: session?.userId, views: session?.views });
      }
      default:
        return notFound(response);
    }
  });
  return { server, cookies: Array.from({ length: sessionCount }, (_, client) => pair + sealRaw(payloadOf(client))) };
}

/**
 * @param {import("node:http").IncomingMessage} request
 * @returns {ReturnType<typeof payloadOf> | undefined}
 */
function sessionOf({ headers: { cookie = "" } }) {
  const start = cookie.indexOf(pair);
  if (start === -1) return undefined;
  const end = cookie.indexOf(";", start);
  try {
    return /** @type {ReturnType<typeof payloadOf>} */ (openRaw(cookie.slice(start + pair.length, end === -1 ? undefined : end)));
  } catch {
    return undefined;
  }
}
