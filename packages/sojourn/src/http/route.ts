import { SojournError } from "../core/errors.ts";
import { isToken, tokenLength } from "../core/token.ts";

const dot = 0x2e;
const routes = /^[a-z0-9-]{1,32}$/;

/**
 * The token with the name of the process that hands it out after it, `<id>.<secret>.<route>`, so that a load balancer can send its bearer back there. What
 * carries no such token, a sealed one, is given back as it is: those are as good at every process.
 *
 * Adapters with a `route` do this for cookies and links. It is for handlers that give a token themselves, to clients of {@link bearer} and {@link header}.
 * @param route 1 to 32 small letters, digits and "-". @throws {SojournError} `invalid_option`
 */
export function withRoute(token: string, route: string): string {
  checkRoute("withRoute", route);
  return isToken(token) ? `${token}.${route}` : token;
}

/**
 * The token without its route, whichever it names: a route is a wish about where to be served and proves nothing, so that of a process that is gone is as good
 * as any. What follows the token and is no route stays, and makes the whole a malformed token, which is nobody's.
 */
export function withoutRoute(token: string): string {
  // Most have none, and every request comes by here.
  return token.length > tokenLength + 1 && token.charCodeAt(tokenLength) === dot ? cut(token) : token;
}

function cut(text: string): string {
  const token = text.slice(0, tokenLength);
  return routes.test(text.slice(tokenLength + 1)) && isToken(token) ? token : text;
}

/** @param by whose setting it is, for the error. @throws {SojournError} `invalid_option` */
export function checkRoute(by: string, route: unknown): void {
  if (typeof route === "string" && routes.test(route)) return;
  throw new SojournError(
    "invalid_option",
    `${by}: route is ${JSON.stringify(route)}. Give this process's name as the load balancer knows it: 1 to 32 small letters, digits and "-", such as "n1".`,
  );
}
