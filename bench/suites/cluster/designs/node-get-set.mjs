import { randomBytes } from "node:crypto";
import { createServer } from "node:http";
import { payloadOf, sessionCount, userOf } from "../../../lib/payload.mjs";
import { answer, failing, notFound } from "../../http/designs/answer.mjs";
import { ioredis, nodeRedis } from "../clients.mjs";
import { ownPrefix } from "./own-prefix.mjs";

/** The two commands. @typedef {{ get: (key: string) => Promise<string | null>, set: (key: string, text: string) => Promise<unknown> }} Client */

const pair = "__Host-Http-session=";

/** @param {string} url */
export async function nodeOverNodeRedis(url) {
  const client = await nodeRedis(url);
  return nodeGetSet({ get: (key) => client.get(key), set: (key, text) => client.set(key, text) });
}

/** @param {string} url */
export async function nodeOverIoredis(url) {
  const client = await ioredis(url);
  return nodeGetSet({ get: (key) => client.get(key), set: (key, text) => client.set(key, text) });
}

/**
 * node:http with a handler that finds its cookie and awaits one command, and does nothing else: R a GET of the record as one text, of which it answers with a field;
 * W a SET of the one value that ours changes. The least that sessions in Redis cost.
 * @param {Client} client
 */
async function nodeGetSet({ get, set }) {
  const prefix = ownPrefix();
  let views = 0;

  /** @param {string} name @returns {Promise<ReturnType<typeof payloadOf> | undefined>} */
  async function recordOf(name) {
    const text = await get(`${prefix}:s:${name}`);
    return text === null ? undefined : JSON.parse(text);
  }
  /** @typedef {(name: string, response: import("node:http").ServerResponse) => Promise<void>} Handler */
  /** @type {Handler} */
  async function read(name, response) {
    const record = await recordOf(name);
    answer(response, { user: record?.userId });
  }
  /** @type {Handler} */
  async function write(name, response) {
    await set(`${prefix}:v:${name}`, String(++views));
    answer(response, { user: name.slice(0, name.indexOf(".")) });
  }
  /** @type {Handler} */
  async function check(name, response) {
    const record = await recordOf(name);
    answer(response, { user: record?.userId, views: Number((await get(`${prefix}:v:${name}`)) ?? 0) });
  }

  // As long as ours, and the client's name in it, so that W can answer without asking.
  const names = Array.from({ length: sessionCount }, (_, client) => `${userOf(client)}.${randomBytes(45).toString("base64url").slice(0, 45)}`);
  for (const [client, name] of names.entries()) await set(`${prefix}:s:${name}`, JSON.stringify(payloadOf(client)));
  const server = createServer((request, response) => {
    switch (request.url) {
      case "/r":
        return void read(nameIn(request), response).catch(failing(response));
      case "/w":
        return void write(nameIn(request), response).catch(failing(response));
      case "/n":
        return answer(response, { user: "nobody" });
      case "/check":
        return void check(nameIn(request), response).catch(failing(response));
      default:
        return notFound(response);
    }
  });
  return { server, cookies: names.map((name) => pair + name) };
}

/** @param {import("node:http").IncomingMessage} request */
function nameIn({ headers: { cookie = "" } }) {
  const start = cookie.indexOf(pair);
  if (start === -1) return "";
  const end = cookie.indexOf(";", start);
  return cookie.slice(start + pair.length, end === -1 ? undefined : end);
}
