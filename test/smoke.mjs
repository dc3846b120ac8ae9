// Does what a newcomer does: `npm start` in a fresh data folder, waits until it is ready, pastes one of the printed curl lines, stops it.
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "sojourn-smoke-"));
const port = await freePort();
const base = `http://127.0.0.1:${port}`;
const env = { ...process.env, TMPDIR: folder, SOJOURN_PORT: String(port), SOJOURN_HOST: "127.0.0.1", SOJOURN_DATA: join(folder, "data") };

// A group of its own, so that nothing is left behind whatever happens.
const server = spawn("npm", ["start"], { cwd: root, env, detached: true, stdio: ["ignore", "pipe", "pipe"] });
const ended = once(server, "close");
let output = "";
server.stdout.on("data", (data) => (output += data));
server.stderr.on("data", (data) => (output += data));

try {
  await until("/readyz answers 200", async () => (await fetch(`${base}/readyz`).catch(() => undefined))?.status === 200);
  await until("three curl lines are printed", () => curls().length >= 3);
  const [line = ""] = curls();
  const { status, stdout, stderr } = spawnSync("bash", ["-c", line], { encoding: "utf8", timeout: 10_000 });
  if (status !== 0) throw new Error(`The printed line fails with ${status}: ${line}\n${stderr}`);
  if (!/"token"\s*:/.test(stdout)) throw new Error(`The first printed line should make a session: ${line}\n${stdout}`);
  server.kill("SIGTERM");
  const [code, signal] = await Promise.race([ended, sleep(10_000, ["nothing within 10 s"], { ref: false })]);
  if (code !== 0) throw new Error(`After SIGTERM npm start ends with ${code ?? signal}; expected 0.`);
  console.log("npm start is ready, its first curl line makes a session, and SIGTERM ends it with 0.");
} catch (error) {
  console.log(`${error instanceof Error ? error.message : String(error)}\n--- npm start printed\n${output}`);
  process.exitCode = 1;
} finally {
  try {
    if (server.pid !== undefined) process.kill(-server.pid, "SIGKILL");
  } catch {
    // Every process of the group has ended.
  }
  rmSync(folder, { recursive: true, force: true });
}

/** The printed curl commands, continued lines joined. */
function curls() {
  return output
    .replaceAll(/\\\n\s*/g, " ")
    .split("\n")
    .map((line) => line.trim().replace(/^\$ /, ""))
    .filter((line) => line.startsWith("curl "));
}

/**
 * @param {string} what
 * @param {() => boolean | Promise<boolean>} holds
 */
async function until(what, holds) {
  for (let waited = 0; waited < 60_000; waited += 100) {
    if (await holds()) return;
    if (server.exitCode !== null) throw new Error(`npm start ended with ${server.exitCode} before ${what}.`);
    await sleep(100);
  }
  throw new Error(`Within a minute it never came to this: ${what}.`);
}

async function freePort() {
  const listener = createServer().listen(0, "127.0.0.1");
  await once(listener, "listening");
  const address = listener.address();
  listener.close();
  if (address === null || typeof address === "string") throw new Error("The system gave no port.");
  return address.port;
}
