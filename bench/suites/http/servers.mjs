import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { onCore } from "../../lib/children.mjs";

/**
 * A running server of one design.
 * @typedef {object} Server
 * @property {string} name
 * @property {number} pid
 * @property {string} url
 * @property {string} jar file with one Cookie header a line: the clients in order.
 * @property {readonly string[]} cookies the same.
 * @property {(message: object) => Promise<void>} ask
 * @property {() => Promise<void>} stop
 */

/**
 * An interleaved run leaves each server idle most of the time, and V8 throws away what it compiled of an idle program, the more eagerly the more garbage the
 * program makes; a server that was put to sleep after writing came back a third slower, and stayed so. No server under load is ever in that state, so all of
 * them, the bare one too, keep what was compiled.
 */
const keepCompiled = ["--no-flush-bytecode", "--no-memory-reducer"];
/** Cookies that a client has besides the session's. */
const others = "_ga=GA1.1.1234567890.1700000000; theme=dark";

/**
 * Starts a design in a process of its own, so that no design has a heap, a thread or compiled code to share with another.
 * @param {import("./designs.mjs").Design} design
 * @param {URL} program of its field.
 * @param {string} folder in which it may write.
 * @returns {Promise<Server>}
 */
export async function startServer({ name }, program, folder) {
  const own = join(folder, name);
  mkdirSync(own);
  const env = { ...process.env, NODE_ENV: "production" };
  const child = onCore(0, [process.execPath, ...keepCompiled, fileURLToPath(program), name, join(own, "data")], {
    env,
    stdio: ["ignore", "ignore", "pipe", "ipc"],
  });
  let complaints = "";
  child.stderr?.on("data", (data) => (complaints += data));
  const ended = once(child, "close").then(() => {
    throw new Error(`The server ${name} ended by itself:\n${complaints.trim()}`);
  });
  // Whoever waits for the server hears it; when nobody does, it is no unhandled rejection.
  ended.catch(() => {});

  const [ready] = await Promise.race([once(child, "message"), ended]);
  const { port, cookies: sessions } = /** @type {{ port: number, cookies: readonly string[] }} */ (ready);
  const cookies = sessions.map((session) => `${others}; ${session}`);
  const jar = join(own, "jar");
  writeFileSync(jar, `${cookies.join("\n")}\n`);
  return {
    name,
    pid: child.pid ?? 0,
    url: `http://127.0.0.1:${port}`,
    jar,
    cookies,
    async ask(message) {
      child.send(message);
      await Promise.race([once(child, "message"), ended]);
    },
    async stop() {
      child.kill("SIGKILL");
      await ended.catch(() => {});
    },
  };
}
