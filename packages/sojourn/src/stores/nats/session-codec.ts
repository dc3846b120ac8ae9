import type { SessionId, SessionRecord } from "../../core/seam.ts";
import type { Place } from "../places.ts";
import type { SessionDocument } from "../session-document.ts";

/** What is kept of a session: its document, and what a feed needs to tell of commits whose own document was overwritten before it was seen. */
export interface KeptSession {
  readonly document: SessionDocument;
  /** Commits so far, erasures and the lives before them too. */
  readonly commits: number;
  /** The version with which the record ended, where it has. */
  readonly endedAt: number | undefined;
  /** The version that the record had when it was erased; where there is none. */
  readonly erasedAt: number | undefined;
}

interface Written {
  readonly r?: {
    readonly v: number;
    readonly k: string;
    readonly u?: string;
    readonly w?: number;
    readonly p?: number;
    readonly e?: string;
    readonly a?: readonly string[];
    readonly f: Record<string, string>;
  };
  readonly h?: Record<Place, string>;
  readonly x?: Record<string, number>;
  readonly c: number;
  readonly z?: number;
  readonly g?: number;
}

export function encodeSession({ document: { record, holds, forbidden }, commits, endedAt, erasedAt }: KeptSession): string {
  const written: Written = {
    ...(record && {
      r: {
        v: record.version,
        k: record.kind,
        ...(record.subject !== undefined && { u: record.subject }),
        ...(record.wake !== undefined && { w: record.wake }),
        ...(record.epoch !== 0 && { p: record.epoch }),
        ...(record.ended !== undefined && { e: record.ended }),
        ...(record.aliases.length > 0 && { a: record.aliases }),
        f: record.fields,
      },
    }),
    ...(holds.size > 0 && { h: Object.fromEntries(holds) }),
    ...(forbidden.size > 0 && { x: Object.fromEntries(forbidden) }),
    c: commits,
    ...(endedAt !== undefined && { z: endedAt }),
    ...(erasedAt !== undefined && { g: erasedAt }),
  };
  return JSON.stringify(written);
}

const none: readonly string[] = Object.freeze([]);

/** @throws {Error} saying what is wrong with it. */
export function decodeSession(id: SessionId, data: Uint8Array): KeptSession {
  const { r, h, x, c, z, g } = JSON.parse(text.decode(data)) as Partial<Written>;
  if (typeof c !== "number") throw new Error("it is no document of a session");
  if (r !== undefined && (typeof r.v !== "number" || typeof r.k !== "string" || typeof r.f !== "object"))
    throw new Error("its record lacks what every record has");
  const record: SessionRecord | undefined = r && {
    id,
    version: r.v,
    kind: r.k,
    ...(r.u !== undefined && { subject: r.u }),
    ...(r.w !== undefined && { wake: r.w }),
    epoch: r.p ?? 0,
    ...(r.e !== undefined && { ended: r.e }),
    aliases: r.a ?? none,
    // A field named __proto__ is one like others: JSON.parse defines it.
    fields: Object.setPrototypeOf(r.f, null) as Record<string, string>,
  };
  const document = { record, holds: new Map(entriesOf(h)) as ReadonlyMap<Place, string>, forbidden: new Map(entriesOf(x)) };
  return { document, commits: c, endedAt: z, erasedAt: g };
}

const text = new TextDecoder();
function entriesOf<T>(object: Record<string, T> | undefined): readonly [string, T][] {
  return object === undefined ? [] : Object.entries(object);
}

/** What is kept after a change of the document; `committed`: a commit made it, of which watchers are told. */
export function keptAfter(before: KeptSession | undefined, document: SessionDocument, committed: boolean): KeptSession {
  const was = before?.document.record;
  const { record } = document;
  return {
    document,
    commits: (before?.commits ?? 0) + (committed ? 1 : 0),
    endedAt: record === undefined || was?.ended !== undefined ? before?.endedAt : record.ended === undefined ? undefined : record.version,
    erasedAt: record === undefined ? (was?.version ?? before?.erasedAt) : undefined,
  };
}
