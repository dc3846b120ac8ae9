import { chmodSync, closeSync, constants, lstatSync, mkdtempSync, openSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/**
 * A file for its owner's eyes only in the folder for temporary things, for the printed lines to keep a token in. Its name stays the same from start to
 * start, so that lines printed earlier go on working; when somebody else's file has that name, another is taken.
 */
export function scratchFile(name: string): string {
  const file = join(tmpdir(), name);
  try {
    closeSync(openSync(file, constants.O_CREAT | constants.O_EXCL | constants.O_WRONLY, 0o600));
    return file;
  } catch {
    return isOurs(file) ? file : join(mkdtempSync(join(tmpdir(), "sojourn-")), name);
  }
}

function isOurs(file: string): boolean {
  const found = lstatSync(file, { throwIfNoEntry: false });
  if (found === undefined || !found.isFile() || found.uid !== process.getuid?.()) return false;
  chmodSync(file, 0o600);
  return true;
}
