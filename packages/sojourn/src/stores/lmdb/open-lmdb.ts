import { accessSync, constants, existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { SojournError } from "../../core/errors.ts";
import { checkLmdbFile } from "./check-lmdb-file.ts";

/**
 * Opens an LMDB folder, or makes it, with every trouble told in one line: a folder that cannot be written and a file that is not LMDB's or
 * was cut off, which would otherwise end the process without a word. What `open` gives is yours to close.
 *
 * @param open the `open` of lmdb-js. @param path the folder; "data.mdb" and "lock.mdb" lie in it. @param options more options of `open`.
 * @throws {SojournError} `store_unavailable`, naming the path and what to do.
 */
export function openLmdb<Root, Options extends { path?: string }>(open: (options: Options) => Root, path: string, options?: Omit<Options, "path">): Root {
  const file = join(path, "data.mdb");
  try {
    mkdirSync(path, { recursive: true });
    accessSync(path, constants.R_OK | constants.W_OK | constants.X_OK);
    for (const name of [file, join(path, "lock.mdb")]) if (existsSync(name)) accessSync(name, constants.R_OK | constants.W_OK);
  } catch (cause) {
    throw trouble(
      `${path} cannot be written (${(cause as NodeJS.ErrnoException).code ?? "error"}). Give a folder that this user may write, or change its owner`,
      cause,
    );
  }
  let wrong: string | undefined;
  try {
    wrong = existsSync(file) ? checkLmdbFile(file) : undefined;
  } catch (cause) {
    throw trouble(`${file} cannot be read (${(cause as NodeJS.ErrnoException).code ?? "error"})`, cause);
  }
  if (wrong !== undefined) throw trouble(`${file} cannot be used: ${wrong}. Move it away to begin with an empty store, or put a backup in its place`);
  try {
    return open({ ...options, path } as Options);
  } catch (cause) {
    throw trouble(`LMDB could not open ${path}: ${cause instanceof Error ? cause.message : String(cause)}`, cause);
  }
}

function trouble(what: string, cause?: unknown): SojournError {
  return new SojournError("store_unavailable", `The session store is unavailable: ${what}.`, { cause });
}
