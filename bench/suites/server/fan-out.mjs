// Commits in sojournd on LMDB while event streams tell of them: by itself `node fan-out.mjs [<rounds> [<seconds>]]`, or as a part of ../server.mjs. It starts
// itself again, as `listen`, on the second core: that asks for the commits and reads the streams.
import { connect } from "node:net";
import { fileURLToPath } from "node:url";
import { endAllChildren, onCore, temporaryFolder } from "../../lib/children.mjs";
import { shown, spreadOf } from "../../lib/figures.mjs";
import { shuffled } from "../../lib/interleave.mjs";
import { cpuTime } from "../../lib/machine.mjs";
import { ratioOfMedians } from "../../lib/statistics.mjs";
import { started } from "./servers.mjs";

const count = 100;
/** Connections, each with a session whose field it changes again and again. */
const connections = 32;
const own = fileURLToPath(import.meta.url);

/**
 * @param {{ folder: string, rounds: number, seconds: number, say: (line: string) => void }} options `folder`: of the store.
 * @returns {Promise<{ count: number, none: number[], listening: number[] }>} commits a second of each round.
 * @throws when a listener was let go, or missed something
 */
export async function fanOut({ folder, rounds, seconds, say }) {
  const server = await started("sojournd", folder);
  const clients = child(1, ["listen"]);
  try {
    await clients.ask({ begin: connections, address: server.address, key: server.key });
    /** @type {{ none: number[], listening: number[] }} */
    const rates = { none: [], listening: [] };
    /** @param {"none" | "listening"} cell */
    const slot = async (cell) => {
      if (cell === "listening") await clients.ask({ open: count });
      const before = cpuTime(server.pid);
      const { commits, ms } = /** @type {{ commits: number, ms: number }} */ (await clients.ask({ seconds }));
      const cpu = (cpuTime(server.pid) - before) / commits;
      if (cell === "listening") await clients.ask({ close: commits });
      const rate = commits / (ms / 1_000);
      say(`  ${cell === "none" ? "no listener" : `${count} listeners`}: ${shown(rate)} commits a second, ${shown(cpu)} µs of CPU each`);
      return rate;
    };
    await slot("none");
    await slot("listening");
    for (let round = 1; round <= rounds; round++) {
      say(`round ${round} of ${rounds}`);
      for (const cell of shuffled(/** @type {const} */ (["none", "listening"]), Math.random)) rates[cell].push(await slot(cell));
    }
    return { count, ...rates };
  } finally {
    server.stop();
    clients.stop();
  }
}

/**
 * @param {number} core
 * @param {readonly string[]} args
 */
function child(core, args) {
  const spawned = onCore(core, [process.execPath, own, ...args], {
    env: { ...process.env, NODE_ENV: "production" },
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  return {
    /**
     * @param {object} question
     * @returns {Promise<unknown>}
     */
    ask(question) {
      const answer = new Promise((resolve, reject) => {
        const gone = (/** @type {number | null} */ code) => reject(new Error(`The clients ended with ${code}.`));
        spawned.once("close", gone);
        spawned.once("message", (/** @type {{ failed?: string }} */ message) => {
          spawned.off("close", gone);
          if (message.failed === undefined) resolve(message);
          else reject(new Error(message.failed));
        });
      });
      spawned.send(question);
      return answer;
    },
    stop: () => void spawned.kill("SIGKILL"),
  };
}

/** @typedef {{ begin?: number, address?: string, key?: string, open?: number, seconds?: number, close?: number }} Question */

/** Sockets that write and read bytes, and do little else: this is not what is measured. */
function listen() {
  let [host = "", port = 0, key = ""] = /** @type {[string?, number?, string?]} */ ([]);
  /** @type {string[]} */
  let tokens = [];
  /** @type {{ socket: import("node:net").Socket, parts: Buffer[], bytes: number }[]} */
  let open = [];
  let lost = 0;

  /** @param {Question} question */
  async function begin({ begin: sessions = 0, address = "", key: given = "" }) {
    [host, port, key] = [new URL(address).hostname, Number(new URL(address).port), given];
    const headers = { Authorization: `Bearer ${key}`, "Content-Type": "application/json" };
    const body = JSON.stringify({ subject: "ada", data: { theme: "dark", views: 0 } });
    const made = Array.from({ length: sessions }, async () => (await fetch(`${address}/v1/sessions`, { method: "POST", headers, body })).json());
    tokens = (await Promise.all(made)).map((session) => /** @type {{ token: string }} */ (session).token);
    return {};
  }

  /** @param {number} listeners */
  function openStreams(listeners) {
    lost = 0;
    let opened = 0;
    return new Promise((resolve) => {
      open = Array.from({ length: listeners }, (_, index) => {
        const one = { socket: connect(port, host), parts: /** @type {Buffer[]} */ ([]), bytes: 0 };
        one.socket.once("data", () => {
          if (++opened === listeners) resolve({});
        });
        one.socket.on("data", (part) => {
          one.bytes += part.length;
          // One is read to the last letter.
          if (index === 0) one.parts.push(part);
        });
        one.socket.on("error", () => undefined).once("close", () => lost++);
        one.socket.write(`GET /v1/events HTTP/1.1\r\nHost: ${host}:${port}\r\nAuthorization: Bearer ${key}\r\n\r\n`);
        return one;
      });
    });
  }

  /** @param {number} commits */
  async function closeStreams(commits) {
    // What is on its way arrives.
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    const events =
      Buffer.concat(open[0]?.parts ?? [])
        .toString()
        .split("\nevent: ").length - 1;
    const least = Math.min(...open.map(({ bytes }) => bytes));
    for (const { socket } of open) socket.removeAllListeners("close").destroy();
    const whole = (open[0]?.bytes ?? 0) * 0.99;
    if (lost > 0) throw new Error(`${lost} listeners were let go.`);
    if (events < commits || least < whole) throw new Error(`Of ${commits} events ${events} came; ${least} bytes to one, and ${open[0]?.bytes} to another.`);
    return {};
  }

  /** @param {number} seconds */
  async function commit(seconds) {
    const began = performance.now();
    const until = began + seconds * 1_000;
    const each = await Promise.all(tokens.map((token) => changed(token, until)));
    return { commits: each.reduce((sum, one) => sum + one, 0), ms: performance.now() - began };
  }

  /**
   * One change after the other on a connection of its own.
   * @param {string} token
   * @param {number} until
   * @returns {Promise<number>}
   */
  function changed(token, until) {
    return new Promise((resolve, reject) => {
      const socket = connect(port, host);
      let done = 0;
      let text = "";
      const ask = () => {
        const body = `{"set":{"views":${done}}}`;
        socket.write(
          `PATCH /v1/session HTTP/1.1\r\nHost: ${host}:${port}\r\nAuthorization: Bearer ${key}\r\nSojourn-Session: ${token}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
        );
      };
      socket.setEncoding("latin1").on("data", (part) => {
        text += part;
        const head = text.indexOf("\r\n\r\n");
        if (head < 0) return;
        const length = /content-length: (\d+)/i.exec(text)?.[1];
        if (length === undefined ? !text.endsWith("0\r\n\r\n") : text.length < head + 4 + Number(length)) return;
        if (!text.startsWith("HTTP/1.1 200 ")) {
          reject(new Error(`A change was answered with ${text}`));
          return;
        }
        text = "";
        done++;
        if (performance.now() < until) ask();
        else {
          socket.destroy();
          resolve(done);
        }
      });
      socket.on("error", reject).once("connect", ask);
    });
  }

  process.on("message", (/** @type {Question} */ question) => {
    const { open: listeners, close, seconds } = question;
    const answer =
      seconds !== undefined ? commit(seconds) : listeners !== undefined ? openStreams(listeners) : close !== undefined ? closeStreams(close) : begin(question);
    answer.then(
      (found) => process.send?.(found),
      (/** @type {unknown} */ error) => process.send?.({ failed: String(error) }),
    );
  });
}

if (process.argv[1] === own) {
  const [role = "", seconds = ""] = process.argv.slice(2);
  if (role === "listen") listen();
  else {
    process.on("exit", endAllChildren);
    const { none, listening } = await fanOut({ folder: temporaryFolder(), rounds: Number(role || 5), seconds: Number(seconds || 5), say: console.log });
    const { ratio, low, high } = ratioOfMedians(listening, none);
    console.log(
      `commits a second: no listener ${spreadOf(none)}, ${count} listeners ${spreadOf(listening)}: ${shown(ratio)} (${shown(low)} to ${shown(high)})`,
    );
  }
}
