import { isForgotten, writtenFor, type SessionDocument } from "../session-document.ts";
import type { Cells, Content } from "./cells.ts";
import { decodeDocument, encodeDocument, type FileDocument } from "./document-codec.ts";
import { afterwards, turns } from "./turns.ts";
import { UnreadableFile } from "./frame.ts";
import { isOver, late } from "./file-places.ts";
import type { Indexes } from "./indexes.ts";
import { recordCell } from "./paths.ts";

/** What somebody wants of a session's document. Pure, and may be asked several times. */
export interface Wish<T> {
  judge(document: SessionDocument | undefined, now: number): { readonly answer: T; readonly next: SessionDocument | undefined };
  readonly deadline: number | undefined;
}

/** The documents of all sessions, by name, each a cell, with their entries in the indexes. */
export interface Documents {
  read(name: string): Promise<FileDocument | undefined>;
  change<T>(name: string, wish: Wish<T>): Promise<T>;
  idle(): Promise<void>;
}

/** Characters of documents that are kept decoded. A generation never changes: the listing of its folder tells whether one is still the newest. */
const mostKept = 16 * 1024 * 1024;

interface Kept {
  readonly content: Content;
  readonly document: FileDocument;
}

export function documents(cells: Cells, index: Indexes, now: () => number): Documents {
  const kept = new Map<string, Kept>();
  let size = 0;

  function documentIn(name: string, content: Content): FileDocument {
    const known = kept.get(name);
    if (known?.content.generation === content.generation) return known.document;
    return keep(name, content, decodeDocument(name, content.payload));
  }

  function keep(name: string, content: Content, document: FileDocument): FileDocument {
    drop(name);
    kept.set(name, { content, document });
    size += content.payload.length;
    for (const oldest of kept.keys()) {
      if (size <= mostKept) break;
      drop(oldest);
    }
    return document;
  }

  function drop(name: string): void {
    size -= kept.get(name)?.content.payload.length ?? 0;
    kept.delete(name);
  }

  const bySession = turns<Wish<unknown>, unknown>(async (name, wishes) => {
    let was: FileDocument | undefined;
    let next: FileDocument | undefined;
    let wrote = false;
    /** Those that were in time when it was last decided: the others have had their answer, and hold nobody up. */
    let inTime = wishes;
    const {
      answer,
      content: newest,
      tidy,
    } = await cells.update(recordCell(name), {
      decide(content, mark) {
        const before = content && documentIn(name, content);
        was = before;
        inTime = wishes.filter(({ deadline }) => !isOver(deadline));
        const { answers, after } = together(before, wishes, mark, now());
        wrote = after !== undefined;
        if (after === undefined) return { answer: answers, next: undefined };
        const document = after.forgotten ? undefined : after.document;
        next = document;
        return {
          answer: answers,
          next: document === undefined ? "" : encodeDocument(document),
          prepare: () => index.before(name, before, document),
          undo: () => index.takeBack(name, before, document),
        };
      },
      known: kept.get(name)?.content,
      isLate: () => inTime.some(({ deadline }) => isOver(deadline)),
    });
    if (!wrote) return { answers: answer, after: afterwards(tidy) };
    if (newest === undefined) drop(name);
    else if (next !== undefined) keep(name, newest, next);
    const [old, made] = [was, next];
    return { answers: answer, after: afterwards(tidy, () => index.after(name, old, made)) };
  });

  return {
    async read(name) {
      const content = await cells.read(recordCell(name), kept.get(name)?.content);
      return content === undefined ? undefined : documentIn(name, content);
    },
    change: <T>(name: string, wish: Wish<T>) => bySession.take(name, wish) as Promise<T>,
    idle: () => bySession.idle(),
  };
}

interface Together {
  readonly answers: readonly unknown[];
  /** `undefined`: nothing changes. */
  readonly after: { readonly document: FileDocument; readonly forgotten: boolean } | undefined;
}

/** Several wishes, one after the other. */
function together(before: FileDocument | undefined, wishes: readonly Wish<unknown>[], attempt: string, now: number): Together {
  let session: SessionDocument | undefined = before;
  let mark = before?.mark;
  const answers = wishes.map(({ judge, deadline }) => {
    if (isOver(deadline)) return late();
    const { answer, next } = judge(session, now);
    if (next === undefined) return answer;
    if (next.record === undefined) mark = undefined;
    else if (session?.record === undefined) mark = attempt;
    session = next;
    return answer;
  });
  if (session === undefined || session === before) return { answers, after: undefined };
  const { record, holds, forbidden } = session;
  const at = record === undefined ? Math.max(...forbidden.values()) + writtenFor + 1 : record.wake;
  const alarm = at === undefined ? undefined : before?.alarm?.at === at ? before.alarm : { at, mark: attempt };
  return { answers, after: { document: { record, holds, forbidden, mark, alarm }, forgotten: isForgotten(session, now) } };
}

/** The document, or that its file cannot be read: which concerns nobody who looks for others. */
export async function readable(from: Documents, name: string): Promise<FileDocument | undefined | "unreadable"> {
  try {
    return await from.read(name);
  } catch (error) {
    if (error instanceof UnreadableFile) return "unreadable";
    throw error;
  }
}
