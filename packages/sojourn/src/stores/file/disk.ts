import { constants } from "node:fs";
import { link, mkdir, open, readdir, rename, rmdir, unlink, type FileHandle } from "node:fs/promises";
import { join } from "node:path";
import { codeOf } from "./file-errors.ts";
import { UnreadableFile } from "./frame.ts";

/** What became of a step that others may have taken before: done, what it would make is there already, what it needs is not there. */
export type Step = "done" | "exists" | "absent";

/** The file system under one folder, as single steps. Paths are relative and made of this store's own names only. What is not told by a value is thrown. */
export interface Disk {
  /** The names in a folder; `undefined`: there is none. */
  list(folder: string): Promise<readonly string[] | undefined>;
  /** A whole file; `undefined`: there is none. @throws {UnreadableFile} when something else stands there */
  read(file: string): Promise<Uint8Array | undefined>;
  /** A new file, for this caller alone. `undefined`: its folder is not there. */
  create(file: string): Promise<Draft | undefined>;
  /** A new empty file. */
  touch(file: string): Promise<Step>;
  link(from: string, to: string): Promise<Step>;
  /** Of a folder. `"exists"`: another stands there that is not empty. */
  rename(from: string, to: string): Promise<Step>;
  mkdir(folder: string): Promise<Step>;
  /** @returns whether there was one */
  unlink(file: string): Promise<boolean>;
  /** @returns false: it is not empty */
  rmdir(folder: string): Promise<boolean>;
  /** Has the disk write down which names are in a folder. */
  flush(folder: string): Promise<void>;
}

/** A file that is being written. Only what has its open handle writes into it: one that was taken away meanwhile does not come back. */
export interface Draft {
  /** When the file was made, epoch ms, by the clock of the file system. */
  madeAt(): Promise<number>;
  /** Writes all of it and closes it, after the disk has it when `flush`. */
  write(bytes: Uint8Array, flush: boolean): Promise<void>;
  /** Closes it, if need be, and takes it away. */
  drop(): Promise<void>;
}

/** Larger than any record and any list of entries: a file of another size is none of ours. */
const mostBytes = 64 * 1024 * 1024;
/** A link is not followed, and a pipe not waited for. */
const forReading = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);
const newFile = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL;
/** What some file systems say of flushing a folder, which they do without being asked. */
const flushesItself: ReadonlySet<string> = new Set(["EINVAL", "ENOTSUP", "EISDIR", "EBADF"]);

export function diskAt(root: string): Disk {
  const at = (path: string): string => join(root, path);

  async function step(act: Promise<unknown>, exists: readonly string[]): Promise<Step> {
    try {
      await act;
      return "done";
    } catch (error) {
      const code = codeOf(error);
      // What a file server knew by a name is gone: the step was not taken.
      if (code === "ENOENT" || code === "ESTALE") return "absent";
      if (exists.includes(code)) return "exists";
      throw error;
    }
  }

  // Others count on what is taken away being away: this one asks again.
  const remove = async (file: string): Promise<boolean> => (await orAbsent(async () => (await unlink(at(file)), true))) === true;

  return {
    list: (folder) => orAbsent(() => readdir(at(folder))),
    read: (file) =>
      orAbsent(async () => {
        const handle = await open(at(file), forReading).catch((error: unknown) => {
          if (codeOf(error) === "ELOOP" || codeOf(error) === "ENXIO") throw new UnreadableFile("what stands in place of its file is none of ours");
          throw error;
        });
        try {
          return await contentOf(handle);
        } finally {
          await handle.close();
        }
      }),
    async create(file) {
      const handle = await orAbsent(() => open(at(file), newFile, 0o600));
      return handle === undefined ? undefined : draftOf(handle, () => remove(file));
    },
    touch: (file) =>
      step(
        open(at(file), newFile, 0o600).then((handle) => handle.close()),
        ["EEXIST"],
      ),
    link: (from, to) => step(link(at(from), at(to)), ["EEXIST"]),
    rename: (from, to) => step(rename(at(from), at(to)), ["EEXIST", "ENOTEMPTY"]),
    mkdir: (folder) => step(mkdir(at(folder), 0o700), ["EEXIST"]),
    unlink: remove,
    rmdir: async (folder) => (await step(rmdir(at(folder)), ["ENOTEMPTY", "EEXIST"])) !== "exists",
    async flush(folder) {
      const handle = await orAbsent(() => open(at(folder), constants.O_RDONLY));
      // One that is gone again has nothing to be written down.
      if (handle === undefined) return;
      try {
        await handle.sync();
      } catch (error) {
        if (!flushesItself.has(codeOf(error))) throw error;
      } finally {
        await handle.close();
      }
    },
  };
}

/** The answer, or `undefined` when what it is about is not there. A file server that has just seen it replaced may say ESTALE, and knows better when it is asked again. */
async function orAbsent<T>(act: () => Promise<T>): Promise<T | undefined> {
  for (let tries = 0; ; tries++) {
    try {
      return await act();
    } catch (error) {
      const code = codeOf(error);
      if (code === "ENOENT") return undefined;
      if (code !== "ESTALE" || tries === 3) throw error;
    }
  }
}

async function contentOf(handle: FileHandle): Promise<Uint8Array> {
  const status = await handle.stat();
  if (!status.isFile() || status.size > mostBytes) throw new UnreadableFile("what stands in place of its file is none of ours");
  const bytes = Buffer.allocUnsafe(status.size);
  let filled = 0;
  while (filled < bytes.length) {
    const { bytesRead } = await handle.read(bytes, filled, bytes.length - filled, filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return bytes.subarray(0, filled);
}

function draftOf(handle: FileHandle, unlinkIt: () => Promise<unknown>): Draft {
  let isOpen = true;
  const close = async (): Promise<void> => {
    if (!isOpen) return;
    isOpen = false;
    await handle.close();
  };
  return {
    madeAt: async () => (await handle.stat()).mtimeMs,
    async write(bytes, flush) {
      try {
        for (let from = 0; from < bytes.length;) from += (await handle.write(bytes, from, bytes.length - from, from)).bytesWritten;
        if (flush) await handle.sync();
      } finally {
        // A file server may tell of a full disk only now.
        await close();
      }
    },
    async drop() {
      // Nobody reads what is given up.
      await close().catch(() => undefined);
      await unlinkIt();
    },
  };
}
