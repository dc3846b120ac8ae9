import { createServer } from "node:http";
import { userOf } from "../../../lib/payload.mjs";
import { answer, notFound } from "./answer.mjs";
import { placeholderCookies } from "./placeholder-cookies.mjs";

/** node:http without sessions. @param {import("./placeholder-cookies.mjs").Length} [length] of the cookies. */
export function nodeBare(length) {
  const server = createServer((request, response) => {
    switch (request.url) {
      case "/r":
        return answer(response, { user: userOf(0) });
      case "/w":
        return answer(response, { user: userOf(0) });
      case "/n":
        return answer(response, { user: "nobody" });
      default:
        return notFound(response);
    }
  });
  return { server, cookies: placeholderCookies(length) };
}
