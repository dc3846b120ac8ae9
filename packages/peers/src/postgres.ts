import { execFileSync } from "node:child_process";
import { appendFileSync, chownSync, writeFileSync } from "node:fs";
import { Socket } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { ready, startChild, tempFolder, type Child } from "./child.ts";
import type { Host } from "./networks.ts";
import { findProgram, freePort } from "./programs.ts";

/** A PostgreSQL server of its own, with its data in a folder for temporary files. */
export interface Postgres {
  readonly port: number;
  /** With the password, if there is one. */
  readonly url: string;
  readonly data: string;
  /** Of the postmaster. */
  readonly pid: number;
  /** What the server wrote, the last 64 kB. */
  output(): string;
  /** Sends a signal to the postmaster. After SIGKILL its backends notice soon that it is gone; SIGINT ends it ("fast": transactions are rolled back). */
  kill(signal: NodeJS.Signals): void;
  /** Resolves when the postmaster has ended. */
  ended(): Promise<void>;
  /** Starts it again on the same data and port; ends it first if it runs. */
  restart(): Promise<void>;
  /** Makes a standby a primary. */
  promote(): void;
  /** Ends it and removes its data. */
  stop(): Promise<void>;
}

export interface PostgresOptions {
  /** Lines of postgresql.conf. fsync is off unless it is named here. */
  readonly settings?: Readonly<Record<string, string | number>>;
  /** Of the user "postgres"; none is asked for where it is absent. */
  readonly password?: string;
  /** Where it runs. Default: on this machine's own loopback. There is no password then, and whoever is in the network may come in. */
  readonly host?: Host | undefined;
}

/** PostgreSQL refuses to run as root: then it runs as the user that Debian's package has for it. */
function owner(): { readonly uid?: number; readonly gid?: number } {
  return process.getuid?.() === 0 ? { uid: idOf("-u"), gid: idOf("-g") } : {};
}

/** Makes a cluster and starts it. Resolves when it answers. */
export async function startPostgres({ settings = {}, password, host }: PostgresOptions = {}): Promise<Postgres> {
  const folder = ownFolder();
  const data = join(folder.path, "data");
  const secret = join(folder.path, "password");
  if (password !== undefined) writeFileSync(secret, password);
  const access = password === undefined ? ["-A", "trust"] : ["-A", "scram-sha-256", `--pwfile=${secret}`];
  run("initdb", ["-D", data, "-U", "postgres", "-E", "UTF8", "--locale=C", "--no-sync", ...access], folder.path);
  if (host !== undefined) appendFileSync(join(data, "pg_hba.conf"), "\nhost all all samenet trust\nhost replication all samenet trust\n");
  return server(folder, data, settings, password, host);
}

/** Starts a standby that streams from the primary, with its password. */
export async function startStandby(of: Postgres, { settings = {}, host }: PostgresOptions = {}): Promise<Postgres> {
  const folder = ownFolder();
  const data = join(folder.path, "data");
  run("pg_basebackup", ["-D", data, "-R", "--no-sync", "-c", "fast", "-d", of.url], folder.path);
  const { password } = new URL(of.url);
  return server(folder, data, settings, password === "" ? undefined : decodeURIComponent(password), host);
}

async function server(
  folder: ReturnType<typeof tempFolder>,
  data: string,
  settings: Readonly<Record<string, string | number>>,
  password: string | undefined,
  host: Host | undefined,
): Promise<Postgres> {
  const port = await freePort();
  const address = host?.address ?? "127.0.0.1";
  const all = { listen_addresses: address, unix_socket_directories: folder.path, fsync: "off", ...settings };
  const args = ["-D", data, "-p", String(port), ...Object.entries(all).flatMap(([name, value]) => ["-c", `${name}=${value}`])];
  let child = await started();

  async function started(): Promise<Child> {
    for (let tries = 0; ; tries++) {
      const next = launched(args, folder.path, host);
      try {
        await ready(next, () => answers(address, port));
        return next;
      } catch (error) {
        // After kill -9 the backends hold the shared memory until they notice that their postmaster is gone.
        if (tries === 100 || !/shared memory|lock file/.test(next.output())) throw error;
        await sleep(50);
      }
    }
  }

  return {
    port,
    url: `postgres://postgres${password === undefined ? "" : `:${encodeURIComponent(password)}`}@${address}:${port}/postgres`,
    data,
    get pid() {
      return child.pid;
    },
    output: () => child.output(),
    kill: (signal) => child.kill(signal),
    ended: () => child.ended(),
    async restart() {
      await child.stop("SIGINT");
      child = await started();
    },
    promote: () => run("pg_ctl", ["promote", "-D", data], folder.path),
    async stop() {
      await child.stop("SIGINT");
      folder.remove();
    },
  };
}

/** Begins to log in, and no more: a port that is open need not be served yet. */
async function answers(address: string, port: number): Promise<void> {
  const socket = new Socket();
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once("error", reject);
      socket.once("close", () => reject(new Error("the connection was closed")));
      socket.setTimeout(2_000, () => reject(new Error("no answer within 2 s")));
      // Version 3.0 of the protocol. An error of the class 57P says that the server is not ready; a question for a password that it is.
      const words = "user\0postgres\0database\0postgres\0\0";
      const message = Buffer.alloc(8 + words.length);
      message.writeInt32BE(message.length, 0);
      message.writeInt32BE(196_608, 4);
      message.write(words, 8, "latin1");
      let text = "";
      socket.on("data", (data: Buffer) => {
        text += data.toString("latin1");
        if (text.includes("57P")) reject(new Error("it is starting up"));
        else if (text.startsWith("R") || text.startsWith("E")) resolve();
      });
      socket.connect(port, address, () => socket.write(message));
    });
  } finally {
    socket.destroy();
  }
}

function launched(args: readonly string[], cwd: string, host: Host | undefined): Child {
  const { uid, gid } = owner();
  if (host === undefined) return startChild(program("postgres"), args, { cwd, ...(uid !== undefined && { uid }), ...(gid !== undefined && { gid }) });
  // Only root may enter a host's network.
  return startChild(...host.command("setpriv", [`--reuid=${uid}`, `--regid=${gid}`, "--clear-groups", program("postgres"), ...args]), { cwd });
}

function ownFolder(): ReturnType<typeof tempFolder> {
  const folder = tempFolder("postgres");
  const { uid, gid } = owner();
  if (uid !== undefined && gid !== undefined) chownSync(folder.path, uid, gid);
  return folder;
}

function run(name: string, args: readonly string[], cwd: string): void {
  execFileSync(program(name), args, { ...owner(), cwd, stdio: ["ignore", "ignore", "pipe"] });
}

function program(name: string): string {
  const path = findProgram(name);
  if (path === undefined) throw new Error(`needs ${name} (apt-get install postgresql)`);
  return path;
}

function idOf(which: "-u" | "-g"): number {
  return Number(execFileSync("id", [which, "postgres"], { encoding: "utf8" }));
}
