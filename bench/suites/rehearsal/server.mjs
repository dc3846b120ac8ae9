import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { ready, startChild } from "@sojourn/peers/child";
import { findProgram, freePort } from "@sojourn/peers/programs";
import { createClient } from "redis";
import { otherCore, pin } from "../cluster/pin.mjs";

/** Bytes that the server, with what a copy of it writes meanwhile, may take of the machine. Beyond it the run is given up. */
const mostMemory = 14e9;
/** Bytes after which Redis itself refuses: room for what is not data, and for pages that a child makes it copy. */
const maxmemory = 12_500_000_000;

/** As the store's page asks for. What is on the disk comes when all are in: `appendonly` is switched on then. */
const settings = {
  maxmemory: String(maxmemory),
  "maxmemory-policy": "noeviction",
  "hash-max-listpack-value": "1024",
  "zset-max-listpack-value": "128",
  save: "",
};

/** ms that reading all of it may take. */
const patience = 900_000;

/**
 * A Redis of many gigabytes: one that is waited for while it loads, and whose memory is watched.
 * @param {string} folder
 * @param {(error: Error) => void} fail is told when it takes too much; the server is ended then.
 */
export async function startLarge(folder, fail) {
  const program = findProgram("redis-server");
  if (program === undefined) throw new Error("redis-server is not installed.");
  const data = join(folder, "redis");
  mkdirSync(data, { recursive: true });
  const port = await freePort(55_535);
  const url = `redis://127.0.0.1:${port}`;
  const configuration = join(folder, "redis.conf");

  /** @param {"yes" | "no"} appendonly */
  function start(appendonly) {
    writeFileSync(
      configuration,
      Object.entries({ port, bind: "127.0.0.1", dir: data, ...settings, appendonly })
        .map(([name, value]) => `${name} ${value === "" ? '""' : value}\n`)
        .join(""),
    );
    const child = startChild(program ?? "", [configuration]);
    pin(child.pid, otherCore);
    return child;
  }

  /** @type {Awaited<ReturnType<typeof connected>> | undefined} */
  let client;
  async function connected() {
    const made = createClient({ url, disableOfflineQueue: true, socket: { reconnectStrategy: false } });
    made.on("error", () => undefined);
    await made.connect();
    try {
      await made.ping();
    } catch (error) {
      made.destroy();
      throw error;
    }
    return made;
  }

  let child = start("no");
  // What was filled before is read first.
  client = await ready(child, connected, patience);
  /** A section of INFO. @param {string} section */
  async function info(section) {
    if (client === undefined) throw new Error("Redis is not connected.");
    const lines = (await client.info(section)).split("\r\n").map((line) => /^([^:#]+):(.*)$/.exec(line));
    /** @type {Record<string, string>} */
    const found = {};
    for (const [, name = "", value = ""] of lines.filter((line) => line !== null)) found[name] = value;
    return found;
  }

  let most = 0;
  let copied = 0;
  /** The server, and what a forked copy of it has to itself because it was written to meanwhile: the rest both share. */
  async function look() {
    if (hasChild(child.pid)) copied = Number((await info("persistence"))["current_cow_size"] ?? 0);
    else copied = 0;
    most = Math.max(most, residentOf(child.pid) + copied);
  }
  const watch = setInterval(() => {
    // While it is killed and read again there is nobody to ask; the limit below is judged by the system's own figure.
    look().catch(() => undefined);
    if (residentOf(child.pid) + copied <= mostMemory) return;
    clearInterval(watch);
    child.kill("SIGKILL");
    fail(new Error(`Redis took ${((residentOf(child.pid) + copied) / 1e9).toFixed(1)} GB; ${mostMemory / 1e9} GB are allowed. Give fewer --sessions.`));
  }, 1_000);
  watch.unref();

  return {
    url,
    get pid() {
      return child.pid;
    },
    get client() {
      if (client === undefined) throw new Error("Redis is not connected.");
      return client;
    },
    /** The most that it was seen to take since this was last asked, bytes. */
    peak() {
      const seen = Math.max(most, residentOf(child.pid));
      most = 0;
      return seen;
    },
    info,
    /** Kills it and has it read its append-only file. @returns seconds until it answered. */
    async restart() {
      client?.destroy();
      await child.stop("SIGKILL");
      const began = performance.now();
      child = start("yes");
      client = await ready(child, connected, patience);
      return (performance.now() - began) / 1_000;
    },
    async stop() {
      clearInterval(watch);
      client?.destroy();
      await child.stop("SIGKILL");
    },
  };
}

/** @param {number} pid */
function residentOf(pid) {
  try {
    return 1_024 * Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0);
  } catch {
    // It has ended.
    return 0;
  }
}

/** Whether it writes at the moment, which a child of its does. @param {number} pid */
function hasChild(pid) {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim() !== "";
  } catch {
    return false;
  }
}

/** @param {() => Promise<boolean>} holds @param {string} otherwise @param {number} seconds */
export async function until(holds, otherwise, seconds) {
  for (const end = performance.now() + 1_000 * seconds; performance.now() < end; await sleep(200)) if (await holds()) return;
  throw new Error(`${otherwise} within ${seconds} s.`);
}
