import { execFile } from "node:child_process";
import { accessSync, constants, mkdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { startChild, tempFolder, type Child } from "./child.ts";
import { findProgram, freePort, missing } from "./programs.ts";

const run = promisify(execFile);

/** One file system, mounted several times, as on several machines. */
export interface SharedFolder {
  /** The same folder by each of its mounts. */
  readonly mounts: readonly string[];
  /** Signals the file server: SIGSTOP and SIGCONT make it one that does not answer. */
  server(signal: NodeJS.Signals): void;
  /** Takes one mount away, as when a machine loses it. Its folder is empty afterwards. */
  unmount(which: number): Promise<void>;
  stop(): Promise<void>;
}

/** A folder with a file system of its own of a fixed size. */
export interface SmallDisk {
  readonly path: string;
  /** Mounts it again, to be read only, or to be written. */
  remount(how: "ro" | "rw"): Promise<void>;
  /** Gives it another size. */
  resize(bytes: number): Promise<void>;
  stop(): Promise<void>;
}

/** What stands against mounting here, as the reason of a skip; `undefined` when it can be done. */
export function missingMount(): string | undefined {
  if (process.platform !== "linux" || process.getuid?.() !== 0) return "needs root on Linux, to mount";
  return missing("mount", "mount", "umount");
}

/** What stands against running GlusterFS here, as the reason of a skip; `undefined` when it can be run. */
export function missingGluster(): string | undefined {
  const absent = missingMount() ?? missing("glusterfs-server glusterfs-client", "glusterfsd", "glusterfs");
  if (absent !== undefined) return absent;
  try {
    accessSync("/dev/fuse", constants.R_OK | constants.W_OK);
    return undefined;
  } catch {
    return "needs /dev/fuse";
  }
}

const serverVolume = (folder: string, port: number): string => `
volume posix
    type storage/posix
    option directory ${folder}
end-volume
volume locks
    type features/locks
    subvolumes posix
end-volume
volume brick
    type protocol/server
    option transport-type tcp
    option transport.address-family inet
    option transport.socket.bind-address 127.0.0.1
    option transport.socket.listen-port ${port}
    option auth.addr.locks.allow 127.0.0.1
    subvolumes locks
end-volume
`;

const clientVolume = (port: number): string => `
volume remote
    type protocol/client
    option transport-type tcp
    option transport.address-family inet
    option remote-host 127.0.0.1
    option remote-port ${port}
    option remote-subvolume locks
end-volume
`;

/** What a mount may remember of names and attributes: nothing, so that what one machine does is seen at once by the others. */
const remembersNothing: readonly string[] = ["--attribute-timeout=0", "--entry-timeout=0", "--negative-timeout=0"];

/**
 * Starts a GlusterFS server with one brick on 127.0.0.1, without the daemon that manages volumes, and mounts it several times, each mount a client process of its own.
 * @throws {Error} when a mount does not come in 20 s
 */
export async function startGluster(mounts = 2): Promise<SharedFolder> {
  const why = missingGluster();
  if (why !== undefined) throw new Error(why);
  const folder = tempFolder("gluster");
  const port = await freePort();
  const brick = join(folder.path, "brick");
  mkdirSync(brick);
  const [serverFile, clientFile] = [join(folder.path, "server.vol"), join(folder.path, "client.vol")];
  writeFileSync(serverFile, serverVolume(brick, port));
  writeFileSync(clientFile, clientVolume(port));
  let started = 0;
  const start = (program: string, volume: string, ...args: readonly string[]): Child => {
    const own = join(folder.path, String(started++));
    return startChild(findProgram(program) as string, ["-N", "-f", volume, "-l", `${own}.log`, "-p", `${own}.pid`, ...args]);
  };
  const server = start("glusterfsd", serverFile);
  const clients: { path: string; child: Child }[] = [];

  async function stop(): Promise<void> {
    server.kill("SIGCONT");
    for (const { path, child } of clients) {
      // A test may have unmounted it.
      await run("umount", ["-l", path]).catch(() => undefined);
      await child.stop();
    }
    await server.stop();
    rmSync(folder.path, { recursive: true, force: true });
  }

  try {
    for (let i = 0; i < mounts; i++) {
      const path = join(folder.path, `mount-${i}`);
      mkdirSync(path);
      clients.push({ path, child: start("glusterfs", clientFile, ...remembersNothing, path) });
    }
    for (const { path, child } of clients) await mounted(path, folder.path, child, server);
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    mounts: clients.map(({ path }) => path),
    server: (signal) => server.kill(signal),
    async unmount(which) {
      const client = clients[which];
      if (client === undefined) return;
      await run("umount", ["-l", client.path]);
      await client.child.stop();
    },
    stop,
  };
}

/** A mounted folder is on another device than the one it lies in. */
async function mounted(path: string, beside: string, ...children: readonly Child[]): Promise<void> {
  for (const until = Date.now() + 20_000; ; await sleep(50)) {
    try {
      if (statSync(path).dev !== statSync(beside).dev) return;
    } catch {
      // FUSE is there, and its server not yet.
    }
    const over = children.find((child) => child.over);
    if (over !== undefined || Date.now() > until) throw new Error(`GlusterFS was not mounted: ${children.map((child) => child.output()).join("\n")}`);
  }
}

/** Mounts a file system of so many bytes, in memory. @throws {Error} when that is refused */
export async function mountSmallDisk(bytes: number): Promise<SmallDisk> {
  const { path, remove } = tempFolder("disk");
  try {
    await run("mount", ["-t", "tmpfs", "-o", `size=${bytes},mode=0700`, "tmpfs", path]);
  } catch (error) {
    remove();
    throw error;
  }
  return {
    path,
    remount: async (how) => void (await run("mount", ["-o", `remount,${how}`, path])),
    resize: async (size) => void (await run("mount", ["-o", `remount,size=${size}`, path])),
    async stop() {
      await run("umount", ["-l", path]);
      remove();
    },
  };
}
