import { execFile } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { homedir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { ready, startChild, tempFolder, type Child } from "./child.ts";
import type { Host } from "./networks.ts";
import { findProgram, freePort } from "./programs.ts";

const run = promisify(execFile);

/** One nats-server, with its data in a temporary folder. */
export interface NatsServer {
  readonly name: string;
  readonly port: number;
  /** For a client: host and port, a colon between. */
  readonly url: string;
  readonly pid: number;
  /** Sends a signal: SIGKILL, SIGSTOP, SIGCONT. */
  kill(signal: NodeJS.Signals): void;
  /** Resolves when the program has ended. */
  ended(): Promise<void>;
  /** Starts it again on the same port and data; stops it first if it runs. */
  restart(): Promise<void>;
  /** What it wrote, the last 64 kB. */
  output(): string;
  /** Ends it and removes its data. */
  stop(): Promise<void>;
}

export interface NatsOptions {
  /** Path of the program. Default: the one that is installed. */
  readonly program?: string;
  /** False: the server has no JetStream. Default true. */
  readonly jetstream?: boolean;
  /** Where it runs. Default: on this machine's own loopback. */
  readonly host?: Host | undefined;
  /** More lines of the configuration file: accounts, `max_payload`. */
  readonly config?: string;
  /** More lines of its `jetstream` block: `max_file_store`, `sync_interval`. */
  readonly jetstreamConfig?: string;
}

/** Several servers that are one cluster. */
export interface NatsCluster {
  readonly servers: readonly NatsServer[];
  readonly urls: readonly string[];
  /** Who leads a stream now. */
  leaderOf(stream: string): Promise<NatsServer | undefined>;
  stop(): Promise<void>;
}

/** Starts one server with JetStream on a free port and waits until it answers. */
export async function startNats(options: NatsOptions = {}): Promise<NatsServer> {
  return launch("n0", await freePort(), options, "");
}

/** Starts servers of one cluster and waits until each knows the leader of JetStream: for up to 30 s. */
export async function startNatsCluster(
  size: number,
  { hosts = [], ...options }: Omit<NatsOptions, "host"> & { readonly hosts?: readonly Host[] } = {},
): Promise<NatsCluster> {
  const ports: number[] = [];
  // Together, so that no port is given twice.
  for (let i = 0; i < 3 * size; i++) ports.push(await freePort());
  const [clients, routes, monitors] = [ports.slice(0, size), ports.slice(size, 2 * size), ports.slice(2 * size)];
  const addresses = clients.map((_, i) => hosts[i]?.address ?? "127.0.0.1");
  const servers = await Promise.all(
    clients.map((port, i) => {
      const others = routes.map((route, other) => `"nats://${addresses[other]}:${route}"`).join(", ");
      const cluster = `http: "${addresses[i]}:${monitors[i]}"\ncluster {\n  name: "c"\n  listen: "${addresses[i]}:${routes[i]}"\n  routes: [${others}]\n}\n`;
      return launch(`n${i}`, port, { ...options, host: hosts[i] }, cluster);
    }),
  );
  const stop = async (): Promise<void> => void (await Promise.all(servers.map((server) => server.stop())));
  const watched = monitors.map((port, i) => `${addresses[i]}:${port}`);
  try {
    const until = Date.now() + 30_000;
    for (const monitor of watched) {
      while (!(await knowsLeader(monitor, size))) {
        if (Date.now() > until) throw new Error(`the cluster has no leader of JetStream after 30 s\n${servers[0]?.output()}`);
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    }
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    servers,
    urls: servers.map(({ url }) => url),
    async leaderOf(stream) {
      for (const monitor of watched) {
        const answer = await fetch(`http://${monitor}/jsz?streams=true`, { signal: AbortSignal.timeout(1_000) }).catch(() => undefined);
        const { account_details: accounts = [] } = ((await answer?.json()) ?? {}) as { account_details?: { stream_detail?: StreamDetail[] }[] };
        const found = accounts.flatMap(({ stream_detail: streams = [] }) => streams).find(({ name }) => name === stream);
        const leader = servers.find(({ name }) => name === found?.cluster?.leader);
        if (leader !== undefined) return leader;
      }
      return undefined;
    },
    stop,
  };
}

/** What is read of a server's page on JetStream. */
interface StreamDetail {
  readonly name: string;
  readonly cluster?: { readonly leader?: string };
}

async function knowsLeader(monitor: string, size: number): Promise<boolean> {
  try {
    const answer = await fetch(`http://${monitor}/jsz`, { signal: AbortSignal.timeout(1_000) });
    const { meta_cluster: meta } = (await answer.json()) as { meta_cluster?: { leader?: string; cluster_size?: number } };
    return meta?.leader !== undefined && meta.leader !== "" && meta.cluster_size === size;
  } catch {
    return false;
  }
}

async function launch(name: string, port: number, options: NatsOptions, cluster: string): Promise<NatsServer> {
  const program = options.program ?? findProgram("nats-server");
  if (program === undefined) throw new Error("nats-server is not installed (apt-get install nats-server)");
  const folder = tempFolder("nats");
  const { host } = options;
  const address = host?.address ?? "127.0.0.1";
  // A block has to begin on a line of its own, and addresses are quoted: else nats-server 2.9 cannot read it.
  const jetstream = `jetstream {\n  store_dir: "${folder.path}"\n${options.jetstreamConfig ?? ""}\n}\n`;
  const file = join(folder.path, "nats.conf");
  writeFileSync(
    file,
    `server_name: "${name}"\nlisten: "${address}:${port}"\n${options.jetstream === false ? "" : jetstream}${cluster}${options.config ?? ""}\n`,
  );
  let child: Child;
  const start = async (): Promise<void> => {
    child = host === undefined ? startChild(program, ["-c", file]) : startChild(...host.command(program, ["-c", file]));
    await ready(child, () => greeted(address, port));
  };
  await start();
  return {
    name,
    port,
    url: `${address}:${port}`,
    get pid() {
      return child.pid;
    },
    kill: (signal) => child.kill(signal),
    ended: () => child.ended(),
    output: () => child.output(),
    async restart() {
      await child.stop();
      await start();
    },
    async stop() {
      await child.stop();
      folder.remove();
    },
  };
}

/** Resolves when a server says INFO at the port. */
function greeted(address: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, address);
    socket.setTimeout(1_000, () => socket.destroy(new Error("it does not greet")));
    socket.once("error", reject);
    socket.once("data", (data: Buffer) => {
      socket.destroy();
      if (data.toString("latin1").startsWith("INFO ")) resolve();
      else reject(new Error("another program is at the port"));
    });
  });
}

/** The program of a newer release, or why there is none. */
export type NewNats = { readonly program: string } | { readonly missing: string };

/**
 * The nats-server of Debian's unstable release, which needs nothing of the machine's: fetched with apt and unpacked into `$SOJOURN_CACHE`, else
 * `$XDG_CACHE_HOME/sojourn`, else `~/.cache/sojourn`, where it stays. Nothing is installed. The first time takes some seconds and 20 MB.
 */
export async function newNats(): Promise<NewNats> {
  const cache = process.env["SOJOURN_CACHE"] ?? join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "sojourn");
  const place = join(cache, "nats-server-sid");
  const program = join(place, "usr/sbin/nats-server");
  if (existsSync(program)) return { program };
  if (findProgram("apt-get") === undefined || findProgram("dpkg") === undefined)
    return { missing: "needs a newer nats-server, which is fetched with apt-get and dpkg" };
  mkdirSync(cache, { recursive: true });
  const making = mkdtempSync(join(cache, "making-"));
  try {
    mkdirSync(join(making, "lists/partial"), { recursive: true });
    mkdirSync(join(making, "cache/archives/partial"), { recursive: true });
    const sources = join(making, "sid.sources");
    const keys = "/usr/share/keyrings/debian-archive-keyring.gpg";
    writeFileSync(sources, `Types: deb\nURIs: http://deb.debian.org/debian\nSuites: sid\nComponents: main\nSigned-By: ${keys}\n`);
    const settings = [`Dir::Etc::sourcelist=${sources}`, "Dir::Etc::sourceparts=/dev/null", `Dir::State::lists=${making}/lists`, `Dir::Cache=${making}/cache`];
    const apt = (...words: string[]): Promise<unknown> =>
      run("apt-get", [...settings.flatMap((setting) => ["-o", setting]), "-qq", ...words], { cwd: making, timeout: 90_000 });
    await apt("update");
    await apt("download", "nats-server");
    const archive = readdirSync(making).find((entry) => entry.endsWith(".deb"));
    if (archive === undefined) return { missing: "needs a newer nats-server: apt-get downloaded none" };
    await run("dpkg", ["-x", join(making, archive), join(making, "unpacked")]);
    // Another run may have been quicker.
    if (!existsSync(program)) renameSync(join(making, "unpacked"), place);
    await run(program, ["-v"]);
    return { program };
  } catch (error) {
    const { message } = error as Error;
    return { missing: `needs a newer nats-server, which could not be had: ${message.trim().split("\n").at(-1) ?? ""}` };
  } finally {
    rmSync(making, { recursive: true, force: true });
  }
}
