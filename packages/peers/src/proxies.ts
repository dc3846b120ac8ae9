import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { ready, startChild, tempFolder, type Child } from "./child.ts";
import { findProgram, freePort } from "./programs.ts";

/** The text of a proxy's configuration that listens on this port of 127.0.0.1. What it names by relative paths is in the proxy's own folder. */
export type ProxyConfig = (port: number) => string;

/** A proxy that runs until it is stopped. */
export interface Proxy {
  readonly port: number;
  /** `http://127.0.0.1:<port>` */
  readonly url: string;
  /** Its temporary folder: the configuration, and what that names. */
  readonly folder: string;
  /** nginx's master, or HAProxy. */
  readonly child: Child;
  /** Stops it and removes its folder. */
  stop(): Promise<void>;
}

/** A running nginx. */
export interface Nginx extends Proxy {
  /**
   * Takes up another configuration, as `nginx -s reload` does: requests under way are finished. Resolves when nobody is served by the old one any more.
   * @throws what nginx says against it; then the old one stays.
   */
  reload(config: ProxyConfig): Promise<void>;
}

/** A running HAProxy. */
export interface Haproxy extends Proxy {
  /** What HAProxy's runtime API answers, such as to `show stat`. The configuration has `stats socket unix@haproxy.sock level admin`. */
  command(text: string): Promise<string>;
}

/** Starts nginx in the foreground. The configuration says `daemon off; pid nginx.pid;`. @throws what nginx wrote, when it does not begin to listen */
export async function startNginx(config: ProxyConfig): Promise<Nginx> {
  const argumentsIn = (folder: string): readonly string[] => ["-e", "stderr", "-p", `${folder}/`, "-c", configOf(folder)];
  const proxy = await startProxy("nginx", config, argumentsIn);
  const { child, folder, port } = proxy;
  const killWorkers = (): void => kill(workersOf(child));
  // Workers outlive a master that is killed, as all children are when this process ends; this comes first.
  process.prependListener("exit", killWorkers);

  async function reload(next: ProxyConfig): Promise<void> {
    const before = readFileSync(configOf(folder));
    writeFileSync(configOf(folder), next(port));
    const trial = startChild(programOf("nginx"), ["-t", "-q", ...argumentsIn(folder)]);
    await trial.ended();
    if (trial.output().includes("[emerg]")) {
      writeFileSync(configOf(folder), before);
      throw new Error(trial.output());
    }
    const old = workersOf(child);
    child.kill("SIGHUP");
    for (const until = Date.now() + 20_000; ; await sleep(20)) {
      const now = workersOf(child);
      if (now.length > 0 && !now.some((pid) => old.includes(pid))) return;
      if (child.over || Date.now() > until) throw new Error(`workers of the old configuration did not end\n${child.output()}`);
    }
  }

  return {
    ...proxy,
    reload,
    async stop() {
      await proxy.stop();
      process.off("exit", killWorkers);
    },
  };
}

/** Starts HAProxy in the foreground. @throws what HAProxy wrote, when it does not begin to listen */
export async function startHaproxy(config: ProxyConfig): Promise<Haproxy> {
  const proxy = await startProxy("haproxy", config, (folder) => ["-db", "-f", configOf(folder)]);
  return { ...proxy, command: (text) => askSocket(join(proxy.folder, "haproxy.sock"), `${text}\n`) };
}

/** A port that was free may be taken when the proxy comes to it: then another is tried. */
async function startProxy(name: string, config: ProxyConfig, argumentsIn: (folder: string) => readonly string[]): Promise<Proxy> {
  const program = programOf(name);
  for (let attempt = 1; ; attempt++) {
    const { path: folder, remove } = tempFolder(name);
    // nginx that runs as root gives its workers to another user.
    chmodSync(folder, 0o755);
    const port = await freePort();
    writeFileSync(configOf(folder), config(port));
    const child = startChild(program, argumentsIn(folder), { cwd: folder });
    const stop = async (): Promise<void> => {
      await child.stop();
      remove();
    };
    try {
      await ready(child, () => connected(port));
      // Somebody else may be the one who listens there.
      await sleep(50);
      if (child.over) throw new Error(child.output());
      return { port, url: `http://127.0.0.1:${port}`, folder, child, stop };
    } catch (error) {
      await stop();
      if (attempt === 3 || !/already in use|cannot bind/i.test(String(error))) throw error;
    }
  }
}

function programOf(name: string): string {
  const program = findProgram(name);
  if (program === undefined) throw new Error(`${name} is not installed here`);
  return program;
}

function configOf(folder: string): string {
  return join(folder, "proxy.conf");
}

function connected(port: number): Promise<void> {
  return new Promise((done, failed) => {
    const socket = connect(port, "127.0.0.1", () => (socket.destroy(), done()));
    socket.once("error", failed);
  });
}

function askSocket(path: string, text: string): Promise<string> {
  return new Promise((done, failed) => {
    let answer = "";
    const socket = connect(path, () => socket.end(text));
    socket
      .setEncoding("utf8")
      .on("data", (part: string) => (answer += part))
      .once("end", () => done(answer.trim()))
      .once("error", failed);
  });
}

/** The processes that nginx's master has. */
function workersOf({ pid, over }: Child): readonly number[] {
  if (over) return [];
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").split(" ").filter(Boolean).map(Number);
  } catch {
    return [];
  }
}

function kill(pids: readonly number[]): void {
  for (const pid of pids)
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // It has ended by itself.
    }
}
