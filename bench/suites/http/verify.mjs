import { bare, control, workloads } from "./designs.mjs";
import { connections } from "./load.mjs";
import { sessionCount, userOf } from "../../lib/payload.mjs";

/**
 * That a server does what it is measured for, before and after it is measured: R reads the client's own field, W changes one so that another request reads it
 * back, N answers a visitor without a session as well, and a cookie in which one character is another is nobody's.
 * @param {import("./servers.mjs").Server} server
 * @param {import("./designs.mjs").Design} design
 * @throws {Error} naming the server, the workload and what it answered instead
 */
export async function verify(server, { design, keeps }) {
  if (design === bare || design === control) {
    for (const workload of ["R", "W"])
      expectAnswer(server, workload, await ask(server, workloads[/** @type {"R"} */ (workload)].path, server.cookies[0]), { user: userOf(0) });
    return expectAnswer(server, "N", await ask(server, workloads.N.path, server.cookies[0]), { user: "nobody" });
  }
  for (const client of [0, 1, 499, sessionCount - 1]) {
    const user = userOf(client);
    const cookie = server.cookies[client] ?? "";
    const read = await ask(server, workloads.R.path, cookie);
    expectAnswer(server, "R", read, { user });
    // As long as it does not: whoever keeps all in the cookie would else be measured writing.
    if (!keeps && read.given !== undefined) throw new Error(`${server.name} R handed back a cookie, though nothing was changed.`);
    const before = await viewsOf(server, client, cookie);
    const written = await ask(server, workloads.W.path, cookie);
    expectAnswer(server, "W", written, { user });
    if (!keeps && written.given === undefined) throw new Error(`${server.name} W handed back no cookie.`);
    const after = await viewsOf(server, client, keeps ? cookie : written.given);
    if (!(after > before)) throw new Error(`${server.name} W: the field was ${before} before the change and ${after} after it.`);
    expectAnswer(server, "N", await ask(server, workloads.N.path, cookie), { user: "nobody" });
    expectAnswer(server, "R of a forged cookie", await ask(server, workloads.R.path, forged(cookie)), {});
  }
  expectAnswer(server, "N", await ask(server, workloads.N.path, undefined), { user: "nobody" });
  expectAnswer(server, "R", await ask(server, workloads.R.path, undefined), {});
}

/**
 * That the load's own changes were kept: each client whose request was answered finds the field changed.
 * @param {import("./servers.mjs").Server} server
 * @param {number} requests that one slot of W answered, over the clients in turn.
 */
export async function verifyWritten(server, requests) {
  let written = 0;
  for (let client = 0; client < sessionCount; client++) if ((await viewsOf(server, client, server.cookies[client])) > 0) written++;
  // Where a slot ends, a client may have been passed over by as many requests as there are connections.
  const least = Math.min(sessionCount, requests - connections);
  if (written < least)
    throw new Error(`${server.name} W: after ${requests} changes, each of the next client, only ${written} clients have the change; at least ${least} must.`);
}

/**
 * @param {import("./servers.mjs").Server} server
 * @param {number} client
 * @param {string | undefined} cookie
 */
async function viewsOf(server, client, cookie) {
  const { body } = await ask(server, "/check", cookie);
  const { user, views } = /** @type {{ user: unknown, views: unknown }} */ (JSON.parse(body));
  if (user !== userOf(client) || typeof views !== "number") throw new Error(`${server.name}: reading client ${client} back gave ${body}.`);
  return views;
}

/** Another letter in the middle of every value that is long enough to be a session's. @param {string} cookie */
function forged(cookie) {
  return cookie
    .split("; ")
    .map((pair) => {
      if (pair.startsWith("_ga=") || pair.length < 30) return pair;
      let at = Math.floor((pair.indexOf("=") + pair.length) / 2);
      // Not in an escape: %2b is %2B.
      while (pair.slice(at - 2, at + 1).includes("%")) at++;
      return `${pair.slice(0, at)}${pair[at] === "b" ? "c" : "b"}${pair.slice(at + 1)}`;
    })
    .join("; ");
}

/**
 * @param {import("./servers.mjs").Server} server
 * @param {string} path
 * @param {string | undefined} cookie `undefined`: a visitor.
 * @returns what it answered, and the Cookie header that the client has from now on, if that is another.
 */
async function ask(server, path, cookie) {
  const response = await fetch(server.url + path, cookie === undefined ? {} : { headers: { cookie } });
  const given = response.headers.getSetCookie().map((line) => line.slice(0, line.indexOf(";")));
  return { status: response.status, body: await response.text(), given: given.length === 0 ? undefined : given.join("; ") };
}

/**
 * @param {import("./servers.mjs").Server} server
 * @param {string} workload
 * @param {{ status: number, body: string }} answer
 * @param {object} expected
 */
function expectAnswer(server, workload, { status, body }, expected) {
  const right = JSON.stringify(expected);
  if (status !== 200 || body !== right) throw new Error(`${server.name} ${workload} answered ${status} ${body.slice(0, 200)}; right would be 200 ${right}.`);
}
