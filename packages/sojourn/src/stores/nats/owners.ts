import { recordUnreadable } from "../../core/errors.ts";
import type { SessionId } from "../../core/seam.ts";
import type { Owners } from "../places.ts";
import { commitDocument, rememberedFor, resolveDocument, type SessionDocument } from "../session-document.ts";
import type { Bucket } from "./bucket.ts";
import type { Follow } from "./follow.ts";
import type { InTurn } from "./in-turn.ts";
import { sessionKey } from "./keys.ts";
import type { Learn } from "./learn.ts";
import { overtaken } from "./overtaken.ts";
import type { Replica, SessionCopy } from "./replica.ts";
import { encodeSession, keptAfter, type KeptSession } from "./session-codec.ts";

/** What a step makes of a document: an answer, and what is to stand in its place. */
interface Judged<T> {
  readonly answer: T;
  readonly next: SessionDocument | undefined;
  /** The answer may be given from a copy that others have left behind. */
  readonly lasting: boolean;
  readonly committed: boolean;
}

/** Sessions in documents, changed by compare-and-set: on this member's copy first, which is mostly the newest, and else on what the leader has. */
export function owners(bucket: Bucket, replica: Replica, turn: InTurn, learn: Learn, fresh: Follow["fresh"]): Owners {
  async function read(id: SessionId, deadline: number | undefined): Promise<SessionCopy | undefined> {
    await learn(sessionKey(id), () => replica.session(id)?.revision ?? 0, deadline);
    return replica.session(id);
  }

  function keptOf(id: SessionId, copy: SessionCopy | undefined): KeptSession | undefined {
    if (copy?.unreadable !== undefined) throw recordUnreadable(id, copy.unreadable);
    return copy?.kept;
  }

  function change<T>(id: SessionId, deadline: number | undefined, judge: (document: SessionDocument | undefined) => Judged<T>): Promise<T> {
    const key = sessionKey(id);
    return turn(key, async () => {
      let copy = replica.session(id);
      let proven = false;
      for (let tries = 0; ;) {
        const kept = keptOf(id, copy);
        const { answer, next, lasting, committed } = judge(kept?.document);
        if (next === undefined) {
          if (proven || lasting) return answer;
        } else {
          const after = keptAfter(kept, next, committed);
          const keepFor = next.record === undefined ? 1.2 * rememberedFor : undefined;
          const revision = await bucket.write(key, encodeSession(after), copy?.revision ?? 0, deadline, keepFor);
          if (revision !== undefined) {
            replica.wroteSession(id, revision, after);
            return answer;
          }
          await overtaken(tries++, `session ${id}`);
        }
        copy = await read(id, deadline);
        proven = true;
      }
    });
  }

  return {
    load: async (id, deadline) => keptOf(id, await read(id, deadline))?.document.record,
    commit: (wanted, held, deadline) =>
      change(wanted.id, deadline, (document) => {
        const { landing, next } = commitDocument(document, wanted, held, Date.now());
        return { answer: landing, next, lasting: false, committed: landing.ok };
      }),
    resolve: (entry, place, forbid, deadline) =>
      change(entry.id, deadline, (document) => {
        const { answer, next } = resolveDocument(document, entry, place, forbid, Date.now());
        return { answer, next, lasting: answer === "never", committed: false };
      }),
    live: (kind, deadline) => fresh(() => replica.indexes.live(kind), deadline),
  };
}
