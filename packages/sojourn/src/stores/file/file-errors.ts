import { SojournError, storeFull, storeUnavailable } from "../../core/errors.ts";

/** ESTALE has a number and, in Node, no name. Linux's, negated as Node tells it. */
const stale = -116;

/** The `code` of an error of the file system, `""` of any other. */
export function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return "";
  if ("errno" in error && error.errno === stale) return "ESTALE";
  return "code" in error && typeof error.code === "string" ? error.code : "";
}

/** What these say, they say before anything was done. After any other error a step may have been taken, or may be taken later. */
const nothingDone: ReadonlySet<string> = new Set([
  "ENOSPC",
  "EDQUOT",
  "EROFS",
  "EACCES",
  "EPERM",
  "EMLINK",
  "EXDEV",
  "ENAMETOOLONG",
  "ENOTDIR",
  "EMFILE",
  "ENFILE",
]);

/** Whether the error of a step says that the step was not taken. */
export function isRefusal(error: unknown): boolean {
  return nothingDone.has(codeOf(error));
}

const full: ReadonlySet<string> = new Set(["ENOSPC", "EDQUOT"]);

const ways: Readonly<Record<string, string>> = {
  EROFS: "its file system is read-only; mount it so that it can be written",
  EACCES: "this process may not use it; give its user the folder, with mode 0700",
  EPERM: "this process may not use it; give its user the folder, with mode 0700",
  ENOENT: "it is not there, or not a store's any more; is its file system mounted?",
  EEXIST: "a file stands where a folder should",
  ENOTDIR: "a file stands where a folder should",
  ESTALE: "the file server does not know it any more; mount its file system again",
  ENOTCONN: "its file system has lost its server; mount it again",
  EHOSTDOWN: "the file server does not answer",
  ETIMEDOUT: "the file server does not answer",
  EIO: "its disk or file server failed to read or write",
  EMFILE: 'this process has too many files open; raise its limit ("ulimit -n")',
  ENFILE: "this machine has too many files open",
  EMLINK: "its file system allows too few folders in a folder; on ext4 turn dir_nlink on",
};

/** An error of the file system as one of ours, where nothing was written. */
export function explained(folder: string, error: unknown): SojournError {
  if (error instanceof SojournError) return error;
  const code = codeOf(error);
  if (full.has(code)) return storeFull(`the disk of the folder ${folder} has no room left, or its quota is used up`);
  return storeUnavailable(`the folder ${folder}: ${ways[code] ?? (code || (error instanceof Error ? error.message : String(error)))}`, error);
}
