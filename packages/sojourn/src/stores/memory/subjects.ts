import { column } from "./column.ts";
import { slotIndex } from "./slot-index.ts";

/** Which sessions are a subject's: a linked list per subject through two columns, and an index of the lists' first members. */
export interface Subjects {
  add(hash: number, session: number, isOfSubject: (session: number) => boolean): void;
  remove(hash: number, session: number): void;
  /** The subject's sessions, at most so many, in no order. */
  members(hash: number, isOfSubject: (session: number) => boolean, most?: number): number[];
  readonly bytes: number;
  /** Most bytes that one insertion can add. */
  readonly growth: number;
}

export function subjects(): Subjects {
  const firsts = slotIndex();
  const nexts = column(Uint32Array);
  const previous = column(Uint32Array);

  return {
    add(hash, session, isOfSubject) {
      const first = firsts.find(hash, isOfSubject);
      if (first === 0) firsts.insert(hash, session);
      else {
        firsts.replace(hash, first, session);
        previous.set(first, session);
      }
      nexts.set(session, first);
      previous.set(session, 0);
    },
    remove(hash, session) {
      const [before, after] = [previous.get(session), nexts.get(session)];
      if (before !== 0) nexts.set(before, after);
      else if (after !== 0) firsts.replace(hash, session, after);
      else firsts.remove(hash, session);
      if (after !== 0) previous.set(after, before);
    },
    members(hash, isOfSubject, most = Infinity) {
      const found: number[] = [];
      for (let session = firsts.find(hash, isOfSubject); session !== 0 && found.length < most; session = nexts.get(session)) found.push(session);
      return found;
    },
    get bytes() {
      return firsts.bytes + nexts.bytes + previous.bytes;
    },
    get growth() {
      return firsts.growth + 2 * 4096;
    },
  };
}
