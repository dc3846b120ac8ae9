import { bare, control, workloads } from "./designs.mjs";
import { connections } from "./load.mjs";
import { sessionCount, userOf } from "../../lib/payload.mjs";

/**
 * That a server does what it is measured for, before and after it is measured: R reads the client's own field, W changes one so that another request reads it
 * back, N answers a visitor without a session as well.
 * @param {import("./servers.mjs").Server} server
 * @param {import("./designs.mjs").Design} design
 * @throws {Error} naming the server, the workload and what it answered instead
 */
export async function verify(server, { design, keeps }) {
  if (design === bare || design === control) {
    for (const workload of ["R", "W"]) expectAnswer(server, workload, await ask(server, workloads[/** @type {"R"} */ (workload)].path, 0), { user: userOf(0) });
    return expectAnswer(server, "N", await ask(server, workloads.N.path, 0), { user: "nobody" });
  }
  for (const client of [0, 1, 499, sessionCount - 1]) {
    const user = userOf(client);
    expectAnswer(server, "R", await ask(server, workloads.R.path, client), { user });
    const before = await viewsOf(server, client);
    expectAnswer(server, "W", await ask(server, workloads.W.path, client), { user });
    const after = keeps ? await viewsOf(server, client) : Infinity;
    if (!(after > before)) throw new Error(`${server.name} W: the field was ${before} before the change and ${after} after it.`);
    expectAnswer(server, "N", await ask(server, workloads.N.path, client), { user: "nobody" });
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
  for (let client = 0; client < sessionCount; client++) if ((await viewsOf(server, client)) > 0) written++;
  // Where a slot ends, a client may have been passed over by as many requests as there are connections.
  const least = Math.min(sessionCount, requests - connections);
  if (written < least)
    throw new Error(`${server.name} W: after ${requests} changes, each of the next client, only ${written} clients have the change; at least ${least} must.`);
}

/**
 * @param {import("./servers.mjs").Server} server
 * @param {number} client
 */
async function viewsOf(server, client) {
  const { body } = await ask(server, "/check", client);
  const { user, views } = /** @type {{ user: unknown, views: unknown }} */ (JSON.parse(body));
  if (user !== userOf(client) || typeof views !== "number") throw new Error(`${server.name}: reading client ${client} back gave ${body}.`);
  return views;
}

/**
 * @param {import("./servers.mjs").Server} server
 * @param {string} path
 * @param {number | undefined} client `undefined`: a visitor.
 */
async function ask(server, path, client) {
  const cookie = client === undefined ? undefined : server.cookies[client];
  const response = await fetch(server.url + path, cookie === undefined ? {} : { headers: { cookie } });
  return { status: response.status, body: await response.text() };
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
