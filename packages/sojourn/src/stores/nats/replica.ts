import type { SessionId, SessionRecord } from "../../core/seam.ts";
import { rememberedFor } from "../session-document.ts";
import type { Stored } from "./bucket.ts";
import type { Feed } from "./feed.ts";
import { indexes, type Indexes } from "./indexes.ts";
import { isPlaceKey, sessionKey, sessionOf } from "./keys.ts";
import { commitsSince, toldNothing, toldOf, type Told } from "./missed-commits.ts";
import { decodePlace, type KeptPlace } from "./place-codec.ts";
import { decodeSession, type KeptSession } from "./session-codec.ts";

/** A session's document as this member has it. */
export interface SessionCopy {
  readonly revision: number;
  /** Absent where it was deleted with another tool, or cannot be read. */
  readonly kept?: KeptSession;
  readonly unreadable?: Error;
}
export interface PlaceCopy extends KeptPlace {
  readonly revision: number;
}

/** Everything in the bucket, in memory: fed by the stream, and by what this member itself reads and writes. The newer revision stays. */
export interface Replica {
  session(id: SessionId): SessionCopy | undefined;
  record(id: SessionId): SessionRecord | undefined;
  place(key: string): PlaceCopy | undefined;
  readonly indexes: Indexes;
  /** A message of the stream, in its order. `quiet`: of before this member was there, and nothing to tell of. */
  arrived(key: string, stored: Stored, before: number, quiet: boolean): void;
  /**
   * What the stream's leader has of a key; `than`: the revision of the copy of before it was asked.
   * @returns false when the leader has an older one: it is not the stream that the copies are of.
   */
  learnt(key: string, stored: Stored | undefined, than: number): boolean;
  wroteSession(id: SessionId, revision: number, kept: KeptSession): void;
  wrotePlace(key: string, revision: number, place: KeptPlace): void;
  /** Keys of which nothing is left that anybody needs; each is given once. */
  forgettable(now: number): { readonly key: string; readonly revision: number }[];
  sessions(): Iterable<[SessionId, SessionCopy]>;
  places(): Iterable<PlaceCopy>;
  clear(): void;
}

export function replica(feed: Feed): Replica {
  const sessions = new Map<SessionId, SessionCopy>();
  const places = new Map<string, PlaceCopy>();
  /** How far the stream has told of sessions that this member knows more of. */
  const told = new Map<SessionId, Told>();
  /** Documents that hold nothing, and when they can go. */
  const husks = new Map<string, { readonly revision: number; readonly due: number }>();
  const record = (id: SessionId): SessionRecord | undefined => sessions.get(id)?.kept?.document.record;
  const index = indexes(record);

  function putSession(id: SessionId, copy: SessionCopy, mine: boolean): void {
    const was = sessions.get(id);
    if (was !== undefined && was.revision >= copy.revision) return;
    if (!told.has(id)) told.set(id, was?.kept === undefined ? toldNothing : toldOf(was.kept));
    sessions.set(id, copy);
    index.moved(was?.kept?.document.record, copy.kept?.document.record);
    markHusk(sessionKey(id), copy.revision, copy.unreadable === undefined && copy.kept?.document.record === undefined, mine);
  }

  function putPlace(key: string, copy: PlaceCopy, mine: boolean): void {
    const was = places.get(key);
    if (was !== undefined && was.revision >= copy.revision) return;
    places.set(key, copy);
    markHusk(key, copy.revision, copy.entries.length === 0, mine);
  }

  /** Who left it takes it away; others only long after, in case that one is no more. */
  function markHusk(key: string, revision: number, is: boolean, mine: boolean): void {
    if (is) husks.set(key, { revision, due: performance.now() + rememberedFor * (mine ? 1.1 : 2 + Math.random()) });
    else husks.delete(key);
  }

  function copyOf(id: SessionId, { revision, data }: Stored): SessionCopy {
    if (data.length === 0) return { revision };
    try {
      return { revision, kept: decodeSession(id, data) };
    } catch (error) {
      return { revision, unreadable: error as Error };
    }
  }

  function put(key: string, stored: Stored): void {
    const id = sessionOf(key);
    const was = id === undefined ? places.get(key) : sessions.get(id);
    if (was !== undefined && was.revision >= stored.revision) return;
    if (id !== undefined) putSession(id, copyOf(id, stored), false);
    else if (isPlaceKey(key)) putPlace(key, { ...decodePlace(stored.data), revision: stored.revision }, false);
  }

  function drop(key: string, revision: number): void {
    const id = sessionOf(key);
    const copy = id === undefined ? places.get(key) : sessions.get(id);
    if (copy === undefined || copy.revision > revision) return;
    husks.delete(key);
    if (id === undefined) return void places.delete(key);
    index.moved(record(id), undefined);
    sessions.delete(id);
    told.delete(id);
  }

  return {
    session: (id) => sessions.get(id),
    record,
    place: (key) => places.get(key),
    indexes: index,
    arrived(key, stored, before, quiet) {
      const id = sessionOf(key);
      if (id === undefined) return put(key, stored);
      const was = sessions.get(id);
      // What this member wrote itself is here already, and need not be read again.
      const copy = was?.revision === stored.revision ? was : copyOf(id, stored);
      putSession(id, copy, false);
      const so = told.get(id) ?? (was?.kept === undefined ? toldNothing : toldOf(was.kept));
      const { kept } = copy;
      if (sessions.get(id) === copy) told.delete(id);
      else told.set(id, kept === undefined ? toldNothing : toldOf(kept));
      if (quiet) return;
      const { gap, events } = kept === undefined ? { gap: true, events: [] } : commitsSince(so, kept);
      if (gap) feed.gap();
      feed.tell(id, events, stored.revision, before);
    },
    learnt(key, stored, than) {
      if (stored === undefined) drop(key, than);
      else if (stored.revision < than) return false;
      else put(key, stored);
      return true;
    },
    wroteSession: (id, revision, kept) => putSession(id, { revision, kept }, true),
    wrotePlace: (key, revision, place) => putPlace(key, { ...place, revision }, true),
    forgettable(now) {
      const due = [...husks].filter(([, husk]) => husk.due <= now).map(([key, { revision }]) => ({ key, revision }));
      for (const { key, revision } of due) drop(key, revision);
      return due;
    },
    sessions: () => sessions,
    places: () => places.values(),
    clear() {
      for (const map of [sessions, places, told, husks]) map.clear();
      index.clear();
    },
  };
}
