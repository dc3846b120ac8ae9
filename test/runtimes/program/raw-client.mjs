// Takes the place of the HTTP contract's client on workerd, whose node:http is built on fetch and shows neither fields nor bytes as they came.
import { connect } from "node:net";

const lineEnd = "\r\n";

/**
 * @param {string} url @param {string} route @param {Readonly<Record<string, string | readonly string[]>>} headers
 * @returns {Promise<import("sojourn/testing").HttpFlight>}
 */
export async function fly(url, route, headers) {
  const [method = "GET", path = "/"] = route.split(" ");
  const { hostname, port, pathname } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port) });
  const fields = { host: "shop.example", "x-forwarded-proto": "https", connection: "close", ...headers };
  const lines = Object.entries(fields).flatMap(([name, values]) => [values].flat().map((value) => `${name}: ${value}`));
  let text = "";
  /** @type {Promise<import("sojourn/testing").HttpReceived>} */
  const answer = new Promise((resolve, reject) => {
    socket.setEncoding("latin1").on("data", (data) => (text += data));
    // A connection that breaks is an answer that is not complete; one that brings nothing is none.
    socket.on("error", (/** @type {Error} */ error) => text === "" && reject(error));
    socket.on("close", () => (text === "" ? reject(new Error("no answer came")) : resolve(received(method, text))));
  });
  answer.catch(() => undefined);
  socket.write([`${method} ${pathname}${path} HTTP/1.1`, ...(method === "POST" ? ["content-length: 0"] : []), ...lines, "", ""].join(lineEnd));
  return { answer, arrived: () => text.length, abort: () => void socket.destroy() };
}

/** @param {string} method @param {string} all a character for each byte @returns {import("sojourn/testing").HttpReceived} */
function received(method, all) {
  const end = all.indexOf(lineEnd + lineEnd);
  if (end === -1) throw new Error("The connection ended within the head of the answer.");
  const [statusLine = "", ...lines] = all.slice(0, end).split(lineEnd);
  const status = Number(statusLine.split(" ")[1]);
  const fields = lines.map((line) => {
    const colon = line.indexOf(":");
    return { name: line.slice(0, colon).toLowerCase(), value: line.slice(colon + 1).trim() };
  });
  const header = (/** @type {string} */ name) => {
    const values = fields.filter((field) => field.name === name).map(({ value }) => value);
    return values.length === 0 ? undefined : values.join(", ");
  };
  const rest = all.slice(end + 4);
  const { body, complete } = method === "HEAD" || status === 204 || status === 304 ? { body: "", complete: rest === "" } : bodyIn(rest, header);
  const own = Uint8Array.from(body, (character) => character.charCodeAt(0));
  return {
    status,
    cookies: fields.filter(({ name }) => name === "set-cookie").map(({ value }) => value),
    header,
    bytes: own,
    text: new TextDecoder().decode(own),
    complete,
  };
}

/** @param {string} rest @param {(name: string) => string | undefined} header */
function bodyIn(rest, header) {
  const length = header("content-length");
  if (length !== undefined) return { body: rest, complete: rest.length === Number(length) };
  let body = "";
  for (let at = 0; ;) {
    const line = rest.indexOf(lineEnd, at);
    const size = line === -1 ? Number.NaN : Number.parseInt(rest.slice(at, line), 16);
    if (size === 0) return { body, complete: true };
    const chunk = Number.isNaN(size) ? "" : rest.slice(line + 2, line + 2 + size);
    body += chunk;
    if (Number.isNaN(size) || chunk.length < size) return { body, complete: false };
    at = line + 2 + size + 2;
  }
}
