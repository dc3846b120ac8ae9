import { execFile } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { ready, startChild, tempFolder, type Child } from "@sojourn/peers/child";
import { freePort } from "@sojourn/peers/programs";
import { startMariadb } from "@sojourn/peers/mariadb";
import { startNats } from "@sojourn/peers/nats";
import { startPostgres } from "@sojourn/peers/postgres";
import { startHaproxy, startNginx, type ProxyConfig } from "@sojourn/peers/proxies";
import { startRedis, startRedisCluster } from "@sojourn/peers/redis";
import { root } from "../tree.ts";

const folder = join(root, "examples/cluster");

/** A process of examples/cluster. */
export interface ClusterNode {
  readonly name: string;
  readonly port: number;
  kill(signal?: NodeJS.Signals): Promise<void>;
  signal(signal: NodeJS.Signals): void;
  start(): Promise<void>;
}

/** A store for all nodes, by the URL that the example takes. */
export interface SharedStore {
  readonly url: string;
  stop(): Promise<void>;
}

/** Starts what the engine needs. */
export async function startStore(engine: Engine): Promise<SharedStore> {
  if (engine === "redis") return startRedis();
  if (engine === "postgres") return startPostgres();
  if (engine === "mariadb") return startMariadb();
  if (engine === "nats") {
    const { url, stop } = await startNats();
    return { url: `nats://${url}`, stop };
  }
  if (engine === "redis cluster") {
    const { nodes, stop } = await startRedisCluster();
    return { url: `redis+cluster://${nodes.map(({ address }) => address).join()}`, stop };
  }
  const { path, remove } = tempFolder("cluster");
  return { url: `${engine}:${join(path, "sessions")}`, stop: async () => remove() };
}

export type Engine = "lmdb" | "file" | "postgres" | "mariadb" | "nats" | "redis" | "redis cluster";

/** Three nodes on one store, and a balancer before them whose configuration is the example's. */
export interface Cluster {
  readonly url: string;
  readonly nodes: readonly ClusterNode[];
  node(name: string): ClusterNode;
  /** The node takes nobody new from now on. */
  drain(name: string): Promise<void>;
  /** It takes everybody again. */
  undrain(name: string): Promise<void>;
  /** HAProxy's runtime API. */
  command?(text: string): Promise<string>;
  stop(): Promise<void>;
}

const ports: Readonly<Record<string, string>> = { n1: "3001", n2: "3002", n3: "3003" };

export async function startNodes(store: string): Promise<{ readonly nodes: readonly ClusterNode[]; stop(): Promise<void> }> {
  const nodes = await Promise.all(
    Object.keys(ports).map(async (name) => {
      const port = await freePort();
      let child: Child | undefined;
      const node: ClusterNode = {
        name,
        port,
        async kill(signal = "SIGKILL") {
          child?.kill(signal);
          await child?.ended();
        },
        signal: (signal) => child?.kill(signal),
        async start() {
          const started = startChild(process.execPath, ["app.js"], {
            cwd: folder,
            env: { ...process.env, NODE: name, PORT: String(port), SOJOURN_STORE: store },
          });
          child = started;
          await ready(started, async () => {
            if ((await fetch(`http://127.0.0.1:${port}/health`)).status !== 200) throw new Error("not healthy");
          });
        },
      };
      await node.start();
      return node;
    }),
  );
  return { nodes, stop: async () => void (await Promise.all(nodes.map((node) => node.kill()))) };
}

/** The example's configuration with these ports in the place of its own. */
function configOf(file: string, nodes: readonly ClusterNode[]): ProxyConfig {
  const text = readFileSync(join(folder, file), "utf8");
  return (port) =>
    nodes
      .reduce((now, node) => now.replaceAll(`127.0.0.1:${ports[node.name]}`, `127.0.0.1:${node.port}`), text)
      .replaceAll("127.0.0.1:8080", `127.0.0.1:${port}`);
}

/** What the page on draining says to do: `down` after the node in the upstream for those without a route. */
function without(config: ProxyConfig, name: string): ProxyConfig {
  return (port) => {
    const text = config(port);
    const drained = text.replace(new RegExp(`(server [\\d.:]+ [^;]*); # ${name}$`, "m"), `$1 down; # ${name}`);
    if (drained === text) throw new Error(`there is no ${name} in the upstream for visitors without a route`);
    return drained;
  };
}

async function under<T extends object>(
  engine: Parameters<typeof startStore>[0],
  proxy: (nodes: readonly ClusterNode[]) => Promise<T & { stop(): Promise<void> }>,
): Promise<T & Pick<Cluster, "node" | "nodes" | "stop">> {
  const store = await startStore(engine);
  const { nodes, stop } = await startNodes(store.url);
  const before = await proxy(nodes);
  return {
    ...before,
    nodes,
    node(name) {
      const found = nodes.find((node) => node.name === name);
      if (found === undefined) throw new Error(`there is no node ${name}`);
      return found;
    },
    async stop() {
      await before.stop();
      await stop();
      await store.stop();
    },
  };
}

/** Behind nginx, which drains by another configuration. */
export async function behindNginx(engine: Parameters<typeof startStore>[0]): Promise<Cluster> {
  const cluster = await under(engine, (nodes) => startNginx(configOf("nginx.conf", nodes)));
  const config = configOf("nginx.conf", cluster.nodes);
  return { ...cluster, drain: (name) => cluster.reload(without(config, name)), undrain: () => cluster.reload(config) };
}

/** Behind HAProxy, which hears from the node itself that it drains. */
export async function behindHaproxy(engine: Parameters<typeof startStore>[0]): Promise<Cluster> {
  const cluster = await under(engine, (nodes) => startHaproxy(configOf("haproxy.cfg", nodes)));
  const until = async (name: string, status: RegExp): Promise<void> => {
    await ready(cluster.child, async () => {
      const line = (await cluster.command("show stat")).split("\n").find((each) => each.startsWith(`nodes,${name},`));
      if (line === undefined || !status.test(line)) throw new Error(`HAProxy says of ${name}: ${line}`);
    });
  };
  for (const { name } of cluster.nodes) await until(name, /,UP,/);
  return {
    ...cluster,
    async drain(name) {
      cluster.node(name).signal("SIGUSR2");
      await until(name, /,NOLB,/);
    },
    async undrain(name) {
      cluster.node(name).signal("SIGUSR2");
      await until(name, /,UP,/);
    },
  };
}

/** What the shop says. */
export interface Shop {
  readonly node: string;
  readonly user: string | null;
  readonly cart: readonly string[];
}

/** curl with a cookie jar. */
export interface Visitor {
  look(): Promise<Shop>;
  /** Follows the redirect, so the answer is that of the page after it. */
  buy(sku: string): Promise<Shop>;
  login(user: string): Promise<Shop>;
  /** The token in the jar, with its route. */
  token(): string | undefined;
  /** Puts another into the jar. */
  replace(token: string): void;
}

const run = promisify(execFile);

export function visitor(url: string, jar: string): Visitor {
  const curl = async (...args: readonly string[]): Promise<Shop> => {
    const { stdout } = await run("curl", ["-sS", "-L", "--fail", "-m", "10", "-H", "accept: application/json", "-b", jar, "-c", jar, ...args]);
    return JSON.parse(stdout) as Shop;
  };
  return {
    look: () => curl(`${url}/`),
    buy: (sku) => curl("-d", `sku=${sku}`, `${url}/cart`),
    login: (user) => curl("-d", `user=${user}`, `${url}/login`),
    token: () => lines(jar).find((line) => line[5] === "__Host-Http-session")?.[6],
    replace(token) {
      const text = readFileSync(jar, "utf8");
      writeFileSync(jar, text.replace(/(__Host-Http-session\t).*/, `$1${token}`));
    },
  };
}

function lines(jar: string): readonly (readonly string[])[] {
  return existsSync(jar)
    ? readFileSync(jar, "utf8")
        .split("\n")
        .map((line) => line.split("\t"))
    : [];
}
