import { makeFolder } from "./folders.ts";
import type { Disk } from "./disk.ts";
import type { FileDocument } from "./document-codec.ts";
import { kindPath, parentOf, wakePath } from "./paths.ts";

/**
 * The entries by which sessions are found: empty files whose names say all. Each bears the mark of the attempt that put it, and the document says which marks are its own. So two
 * attempts never share an entry, and what a sleeper takes away is its own.
 *
 * Of a kind: `a` from before the record is made until after it is erased. `l` from after it was made until after it ended. `d` from before it ends. So `l` without `d` is live, `d` without `l`
 * has ended, and of everything else the record is asked: in between, or where a process died.
 */
export interface Indexes {
  /** Puts what the next document needs to be found by, before it lands. */
  before(name: string, was: FileDocument | undefined, next: FileDocument | undefined): Promise<void>;
  /** Takes away what the landed document needs no more, and puts what is only for speed. */
  after(name: string, was: FileDocument | undefined, next: FileDocument | undefined): Promise<void>;
  /** Takes back what was put for an attempt that never lands. */
  takeBack(name: string, was: FileDocument | undefined, next: FileDocument | undefined): Promise<void>;
  put(path: string): Promise<void>;
  /** Takes a session of a kind out, in an order in which it is never taken for a live one. */
  leave(kind: string, name: string, mark: string): Promise<void>;
}

/** Whether the record, by which it is found as live, has not ended. */
export function isLive(document: FileDocument | undefined): boolean {
  return document?.record !== undefined && document.record.ended === undefined;
}

export function indexes(disk: Disk, flush: boolean): Indexes {
  async function put(path: string): Promise<void> {
    for (let tries = 0; (await disk.touch(path)) === "absent"; tries++) {
      // Who sweeps takes empty folders away.
      await makeFolder(disk, parentOf(path), flush);
      if (tries === 20) throw new Error(`the folder of an entry goes as often as it is made`);
    }
    if (flush) await disk.flush(parentOf(path));
  }

  async function leave(kind: string, name: string, mark: string): Promise<void> {
    for (const flag of ["l", "a", "d"] as const) await disk.unlink(kindPath(kind, name, mark, flag));
  }

  return {
    put,
    leave,
    async before(name, was, next) {
      const puts: Promise<void>[] = [];
      const { mark, record, alarm } = next ?? {};
      if (record !== undefined && mark !== undefined && mark !== was?.mark) puts.push(put(kindPath(record.kind, name, mark, "a")));
      if (alarm !== undefined && alarm.mark !== was?.alarm?.mark) puts.push(put(wakePath(alarm.at, name, alarm.mark)));
      if (was?.record !== undefined && was.mark !== undefined && isLive(was) && !(isLive(next) && mark === was.mark)) {
        const { kind } = was.record;
        const own = was.mark;
        // In this order: `d` alone would say that it has ended already.
        puts.push(put(kindPath(kind, name, own, "l")).then(() => put(kindPath(kind, name, own, "d"))));
      }
      await Promise.all(puts);
    },
    async after(name, was, next) {
      const { mark, record, alarm } = next ?? {};
      if (was?.alarm !== undefined && was.alarm.mark !== alarm?.mark) await disk.unlink(wakePath(was.alarm.at, name, was.alarm.mark));
      if (was?.record !== undefined && was.mark !== undefined) {
        if (was.mark !== mark) await leave(was.record.kind, name, was.mark);
        else if (isLive(was) && !isLive(next)) await disk.unlink(kindPath(was.record.kind, name, was.mark, "l"));
      }
      if (record !== undefined && mark !== undefined && mark !== was?.mark) await put(kindPath(record.kind, name, mark, isLive(next) ? "l" : "d"));
    },
    async takeBack(name, was, next) {
      const { mark, record, alarm } = next ?? {};
      if (record !== undefined && mark !== undefined && mark !== was?.mark) await disk.unlink(kindPath(record.kind, name, mark, "a"));
      if (alarm !== undefined && alarm.mark !== was?.alarm?.mark) await disk.unlink(wakePath(alarm.at, name, alarm.mark));
    },
  };
}
