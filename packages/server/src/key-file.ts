import { closeSync, fstatSync, fsyncSync, openSync, readFileSync, realpathSync, renameSync, statSync, unlinkSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { flush } from "./put-in-place.ts";
import { codeOf, StartFailure } from "./start-failure.ts";

/** Bytes; some hundreds of keys, with comments. */
const largest = 65_536;
/** ms to wait for another command that is changing the file. */
const patience = 5_000;

/** The text of a key file, `undefined` when there is none. @throws {StartFailure} when others can read it, and when it is no text or none for keys */
export function readKeyFile(path: string): string | undefined {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined) return undefined;
  // Before it is opened: a pipe would wait for somebody to write.
  if (!found.isFile()) throw new StartFailure(`${path} is not a file. Name a file of keys with --file.`);
  const file = failing(path, "read", () => openSync(path, "r"));
  try {
    const { size, mode } = fstatSync(file);
    if (process.platform !== "win32" && (mode & 0o077) !== 0) {
      throw new StartFailure(`${path} can be read by others (mode ${(mode & 0o777).toString(8).padStart(4, "0")}). Change that: chmod 600 ${quoted(path)}`);
    }
    if (size > largest) throw new StartFailure(`${path} has ${size} bytes; a key file has ${largest} at most. Name a file of keys with --file.`);
    const bytes = failing(path, "read", () => readFileSync(file));
    try {
      return new TextDecoder("utf-8", { fatal: true }).decode(bytes).replaceAll(/\r\n?/g, "\n");
    } catch (error) {
      throw new StartFailure(`${path} is not a text. Name a file of keys with --file.`, { cause: error });
    }
  } finally {
    closeSync(file);
  }
}

/**
 * Changes a key file, one command at a time: what it is to become is written beside it (mode 0600), flushed to the disk, and takes its place in one step. A
 * command that is killed leaves the old file or the new one.
 * @param change from the text that is there to the one that is to be.
 * @throws {StartFailure} also when another command has been changing it for 5 seconds, or was killed while it did
 */
export async function changeKeyFile(given: string, change: (text: string | undefined) => Promise<string>): Promise<void> {
  // A link stays one: what it leads to is replaced.
  const path = statSync(given, { throwIfNoEntry: false }) === undefined ? given : realpathSync(given);
  const next = `${path}.new`;
  // To make it is to have the lock: only one can.
  const file = await alone(given, next);
  try {
    try {
      const bytes = Buffer.from(await change(readKeyFile(path)));
      for (let at = 0; at < bytes.length;) at += writeSync(file, bytes, at);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(next, path);
  } catch (error) {
    unlinkSync(next);
    throw error instanceof StartFailure ? error : cannot(given, "written", error);
  }
  flush(dirname(path));
}

async function alone(path: string, next: string): Promise<number> {
  for (const until = Date.now() + patience; ;) {
    try {
      return openSync(next, "wx", 0o600);
    } catch (error) {
      if (codeOf(error) !== "EEXIST") throw cannot(path, "written", error);
      if (Date.now() > until) {
        throw new StartFailure(
          `${next} is there: another command is changing ${path}, or was killed while it did. If none is running, delete ${next}, and run this again.`,
          { cause: error },
        );
      }
    }
    await sleep(10 + Math.random() * 20);
  }
}

function failing<T>(path: string, what: "read", act: () => T): T {
  try {
    return act();
  } catch (error) {
    throw cannot(path, what, error);
  }
}

function cannot(path: string, what: "read" | "written", error: unknown): StartFailure {
  const code = codeOf(error);
  const fix = code === "ENOENT" ? "Make its folder first." : "Name a file of this user with --file.";
  return new StartFailure(`${path} cannot be ${what} (${code ?? "unknown"}). ${fix}`, { cause: error });
}

/** As a shell takes it. */
function quoted(path: string): string {
  return /^[\w./-]+$/.test(path) ? path : `'${path.replaceAll("'", String.raw`'\''`)}'`;
}
