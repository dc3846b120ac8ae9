import { storeUnavailable, type SojournError } from "../../core/errors.ts";
import type { Disk } from "./disk.ts";
import { parentOf } from "./paths.ts";

/** Makes a folder two or three below the root, whose first is there always: where it is not, the file system is not mounted, and making it would hide that. */
export async function makeFolder(disk: Disk, folder: string, flush: boolean): Promise<void> {
  const made = await disk.mkdir(folder);
  const parent = parentOf(folder);
  if (made === "absent") {
    if (!parent.includes("/")) throw notMounted();
    await makeFolder(disk, parent, flush);
    return makeFolder(disk, folder, flush);
  }
  if (flush && made === "done") await disk.flush(parent);
}

/** A store has its folders always: where they are not, what is not found is not absent, but out of sight. */
export function notMounted(): SojournError {
  return storeUnavailable("the folder is not there, or no store's any more; is its file system mounted? Nothing was written");
}
