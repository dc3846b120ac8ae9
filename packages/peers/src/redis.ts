import { execFile } from "node:child_process";
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { ready, startChild, tempFolder, type Child } from "./child.ts";
import type { Host } from "./networks.ts";
import { findProgram, freePort, missing } from "./programs.ts";

const run = promisify(execFile);

/** A Redis or Valkey server of one's own, in a temporary folder. */
export interface RedisServer {
  readonly url: string;
  /** Host and port, a colon between. */
  readonly address: string;
  readonly port: number;
  readonly pid: number;
  /** Sends one command on a connection of its own. @returns the reply, or throws what the server said was wrong */
  ask(...args: readonly string[]): Promise<string>;
  kill(signal: NodeJS.Signals): void;
  /** Starts it again on its port and folder, after it was killed. What it had not saved is gone. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

export interface RedisServerOptions {
  /** Where it runs. Default: on this machine's own loopback. */
  readonly host?: Host | undefined;
  /** Further words of the command line, such as `"--maxmemory", "8mb"`. */
  readonly args?: readonly string[];
}

/** Six servers or so that are one Cluster. */
export interface RedisCluster {
  readonly nodes: readonly RedisServer[];
  readonly urls: readonly string[];
  /** What is in charge of a slot now. */
  primaries(): Promise<readonly RedisServer[]>;
  /** Moves `slots` slots from one primary to another as an operator would (`redis-cli --cluster reshard`). */
  reshard(from: RedisServer, to: RedisServer, slots: number): Promise<void>;
  stop(): Promise<void>;
}

/** What stands against running a server here, as the reason of a skip; `undefined` when it can be run. */
export function missingRedis(): string | undefined {
  return serverProgram() === undefined ? missing("redis-server redis-tools", "redis-server", "redis-cli") : missing("redis-tools", cliProgram());
}

/** The program that `startRedis` starts: Valkey where `SOJOURN_REDIS=valkey-server` asks for it, or where Redis is not installed. */
function serverProgram(): string | undefined {
  const wanted = process.env["SOJOURN_REDIS"];
  return wanted === undefined ? (findProgram("redis-server") ?? findProgram("valkey-server")) : findProgram(wanted);
}

function cliProgram(): string {
  return findProgram("redis-cli") === undefined && findProgram("valkey-cli") !== undefined ? "valkey-cli" : "redis-cli";
}

/** Starts a server that keeps nothing on the disk unless `args` say so. @throws {Error} when it does not answer in 20 s */
export async function startRedis({ args = [], host }: RedisServerOptions = {}): Promise<RedisServer> {
  const address = host?.address ?? "127.0.0.1";
  const program = serverProgram();
  if (program === undefined) throw new Error(missingRedis());
  for (let tries = 0; ; tries++) {
    // The nodes of a Cluster talk to each other at a port that is 10,000 above.
    const port = await freePort(55_535);
    const folder = tempFolder("redis");
    const words = [
      "--port",
      String(port),
      "--bind",
      address,
      ...(host === undefined ? [] : ["--protected-mode", "no"]),
      "--dir",
      folder.path,
      "--save",
      "",
      "--appendonly",
      "no",
      ...args,
    ];
    const started = (): Child => (host === undefined ? startChild(program, words) : startChild(...host.command(program, words)));
    let child = started();
    const answered = (): Promise<string> => ready(child, () => askServer(address, port, ["PING"]));
    try {
      await answered();
    } catch (error) {
      await child.stop("SIGKILL");
      folder.remove();
      if (tries < 3 && /in use/i.test(String(error))) continue;
      throw error;
    }
    return {
      url: `redis://${address}:${port}`,
      address: `${address}:${port}`,
      port,
      get pid() {
        return child.pid;
      },
      ask: (...command) => askServer(address, port, command),
      kill: (signal) => child.kill(signal),
      async restart() {
        await child.stop("SIGKILL");
        child = started();
        await answered();
      },
      async stop() {
        await child.stop();
        folder.remove();
      },
    };
  }
}

/** Starts a replica of the server and waits until it has all that the server has. */
export async function startReplica(of: RedisServer, { args = [], host }: RedisServerOptions = {}): Promise<RedisServer> {
  const replica = await startRedis({ host, args: ["--replicaof", ...of.address.split(":"), "--repl-diskless-sync-delay", "0", ...args] });
  await until(async () => (await replica.ask("INFO", "replication")).includes("master_link_status:up"), "the replica did not come up");
  return replica;
}

/** Starts `primaries` × (1 + `replicas`) servers and makes them one Cluster: 2 s for six. */
export async function startRedisCluster({
  primaries = 3,
  replicas = 1,
  args = [],
  hosts = [],
}: Omit<RedisServerOptions, "host"> & {
  readonly primaries?: number;
  readonly replicas?: number;
  readonly hosts?: readonly Host[];
} = {}): Promise<RedisCluster> {
  const cli = cliProgram();
  const words = ["--cluster-enabled", "yes", "--cluster-node-timeout", "2000", "--repl-diskless-sync-delay", "0", ...args];
  const nodes: RedisServer[] = await Promise.all(Array.from({ length: primaries * (1 + replicas) }, (_, i) => startRedis({ args: words, host: hosts[i] })));
  const stop = async (): Promise<void> => void (await Promise.all(nodes.map((node) => node.stop())));
  try {
    const addresses = nodes.map(({ address }) => address);
    await run(cli, ["--cluster", "create", ...addresses, "--cluster-replicas", String(replicas), "--cluster-yes"]);
    const whole = async (): Promise<boolean> => {
      const infos = await Promise.all(nodes.map((node) => node.ask("CLUSTER", "INFO")));
      const links = await Promise.all(nodes.map((node) => node.ask("INFO", "replication")));
      return (
        infos.every((info) => info.includes("cluster_state:ok")) &&
        links.filter((info) => info.includes("master_link_status:up")).length === primaries * replicas
      );
    };
    await until(whole, "the Cluster did not form");
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    nodes,
    urls: nodes.map(({ url }) => url),
    async primaries() {
      const roles = await Promise.all(nodes.map((node) => node.ask("ROLE").catch(() => "")));
      return nodes.filter((_, i) => roles[i]?.startsWith("master"));
    },
    async reshard(from, to, slots) {
      const [source, target] = await Promise.all([from.ask("CLUSTER", "MYID"), to.ask("CLUSTER", "MYID")]);
      const amount = ["--cluster-from", source, "--cluster-to", target, "--cluster-slots", String(slots)];
      await run(cli, ["--cluster", "reshard", to.address, ...amount, "--cluster-yes"], { maxBuffer: 64 * 1024 * 1024 });
    },
    stop,
  };
}

async function until(holds: () => Promise<boolean>, otherwise: string): Promise<void> {
  for (let waited = 0; waited < 20_000; waited += 50) {
    if (await holds()) return;
    await sleep(50);
  }
  throw new Error(`${otherwise} within 20 s`);
}

/** One command, in the protocol itself (RESP 2): no client is needed, nor its ideas of when to try again. */
async function askServer(address: string, port: number, words: readonly string[]): Promise<string> {
  const socket = connect(port, address);
  try {
    return await new Promise<string>((resolve, reject) => {
      let text = "";
      socket.setTimeout(5_000, () => reject(new Error(`no answer from port ${port} in 5 s`)));
      socket.once("error", reject);
      socket.once("close", () => reject(new Error(`port ${port} closed the connection`)));
      socket.on("data", (data: Buffer) => {
        text += data.toString("latin1");
        const reply = replyIn(text);
        if (reply === undefined) return;
        if (reply.text.startsWith("-")) reject(new Error(reply.text.slice(1)));
        else resolve(reply.text);
      });
      socket.write(`*${words.length}\r\n${words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`).join("")}`);
    });
  } finally {
    socket.destroy();
  }
}

/** The reply that the text begins with, lists as lines; `undefined` while it is not whole. */
function replyIn(text: string): { readonly text: string; readonly rest: string } | undefined {
  const end = text.indexOf("\r\n");
  if (end < 0) return undefined;
  const [sort, head, after] = [text[0], text.slice(1, end), text.slice(end + 2)];
  if (sort === "-") return { text: `-${head}`, rest: after };
  if (sort === "$") {
    const length = Number(head);
    if (length < 0) return { text: "", rest: after };
    return after.length < length + 2 ? undefined : { text: after.slice(0, length), rest: after.slice(length + 2) };
  }
  if (sort !== "*") return { text: head, rest: after };
  const items: string[] = [];
  let rest = after;
  for (let i = 0; i < Number(head); i++) {
    const item = replyIn(rest);
    if (item === undefined) return undefined;
    items.push(item.text);
    rest = item.rest;
  }
  return { text: items.join("\n"), rest };
}
