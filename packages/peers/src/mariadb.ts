import { execFileSync } from "node:child_process";
import { chownSync, writeFileSync } from "node:fs";
import { Socket } from "node:net";
import { join } from "node:path";
import { ready, startChild, tempFolder, type Child } from "./child.ts";
import { findProgram, freePort, missing } from "./programs.ts";

/** A MariaDB server of one's own on 127.0.0.1, with its data in a folder for temporary files. */
export interface Mariadb {
  readonly port: number;
  /** Of a user that may do everything in the database `sojourn`, and nothing else. */
  readonly url: string;
  /** Of a user that may do everything. */
  readonly rootUrl: string;
  readonly data: string;
  readonly pid: number;
  /** What the server wrote, the last 64 kB. */
  output(): string;
  kill(signal: NodeJS.Signals): void;
  /** Resolves when it has ended. */
  ended(): Promise<void>;
  /** Starts it again on the same data and port; ends it first if it runs. `settings` take the place of those of before. */
  restart(settings?: MariadbSettings): Promise<void>;
  /** Ends it and removes its data. */
  stop(): Promise<void>;
}

/** Options of mariadbd, by their names with underscores; a value of `true` for those that take none. */
export type MariadbSettings = Readonly<Record<string, string | number | true>>;

/** What stands against running a server here, as the reason of a skip; `undefined` when it can be run. */
export function missingMariadb(): string | undefined {
  return missing("mariadb-server", "mariadbd", "mariadb-install-db");
}

/** Makes a data folder and starts a server on it. Nothing waits for the disk unless the settings say so. Resolves when it answers. */
export async function startMariadb({ settings = {} }: { readonly settings?: MariadbSettings } = {}): Promise<Mariadb> {
  const owner = ownerOfServers();
  const folder = tempFolder("mariadb");
  if (owner !== undefined) chownSync(folder.path, owner.uid, owner.gid);
  const data = join(folder.path, "data");
  const init = join(folder.path, "init.sql");
  // Read at each start.
  writeFileSync(
    init,
    "CREATE DATABASE IF NOT EXISTS sojourn;\nCREATE USER IF NOT EXISTS 'sojourn'@'%' IDENTIFIED BY 'sojourn';\nGRANT ALL ON sojourn.* TO 'sojourn'@'%';\n",
  );
  execFileSync(
    program("mariadb-install-db"),
    ["--no-defaults", `--datadir=${data}`, "--auth-root-authentication-method=normal", "--skip-test-db", "--innodb-flush-log-at-trx-commit=0"],
    { ...owner, cwd: folder.path, stdio: ["ignore", "ignore", "pipe"] },
  );
  let port = await freePort();
  let now = settings;
  const start = async (): Promise<Child> => {
    const options: MariadbSettings = { innodb_flush_log_at_trx_commit: 2, innodb_buffer_pool_size: "64M", ...now };
    const words = Object.entries(options).map(([name, value]) => `--${name}${value === true ? "" : `=${value}`}`);
    const places = [`--datadir=${data}`, `--socket=${join(folder.path, "s")}`, `--pid-file=${join(folder.path, "pid")}`, `--init-file=${init}`];
    const child = startChild(program("mariadbd"), ["--no-defaults", ...places, "--bind-address=127.0.0.1", `--port=${port}`, "--skip-name-resolve", ...words], {
      cwd: folder.path,
      ...owner,
    });
    await ready(child, () => answers(port), 30_000);
    return child;
  };
  let child: Child;
  for (let tries = 0; ; tries++) {
    try {
      child = await start();
      break;
    } catch (error) {
      // Another may have taken the port.
      if (tries === 3 || !/Bind on TCP/.test(String(error))) throw error;
      port = await freePort();
    }
  }
  return {
    port,
    url: `mysql://sojourn:sojourn@127.0.0.1:${port}/sojourn`,
    rootUrl: `mysql://root@127.0.0.1:${port}/sojourn`,
    data,
    get pid() {
      return child.pid;
    },
    output: () => child.output(),
    kill: (signal) => child.kill(signal),
    ended: () => child.ended(),
    async restart(next = now) {
      now = next;
      await child.stop();
      child = await start();
    },
    async stop() {
      await child.stop();
      folder.remove();
    },
  };
}

/** Resolves when the server greets. */
async function answers(port: number): Promise<void> {
  const socket = new Socket();
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once("error", reject);
      socket.once("close", () => reject(new Error("the connection was closed")));
      socket.setTimeout(2_000, () => reject(new Error("no answer within 2 s")));
      // After the length and the number of the packet comes the version of the protocol; 255 is an error.
      socket.once("data", (data: Buffer) => (data[4] === 10 ? resolve() : reject(new Error("it does not greet"))));
      socket.connect(port, "127.0.0.1");
    });
  } finally {
    socket.destroy();
  }
}

function program(name: string): string {
  const path = findProgram(name);
  if (path === undefined) throw new Error(missingMariadb());
  return path;
}

/** MariaDB refuses to run as root: then it runs as the user that Debian's package has for it. */
function ownerOfServers(): { readonly uid: number; readonly gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const idOf = (which: "-u" | "-g"): number => Number(execFileSync("id", [which, "mysql"], { encoding: "utf8" }));
  return { uid: idOf("-u"), gid: idOf("-g") };
}
