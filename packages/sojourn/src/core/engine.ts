import { apply } from "./apply.ts";
import type { Calls } from "./calls.ts";
import type { Entries, Entry } from "./entry.ts";
import type { Emitter, SessionEvent } from "./events.ts";
import { storeUnavailable, type SojournError } from "./errors.ts";
import type { Fields } from "./fields.ts";
import type { Floors } from "./floors.ts";
import type { Names } from "./names.ts";
import type { HandBack, Visit } from "./resumable.ts";
import type { Change, MaybePromise, SessionRecord } from "./seam.ts";
import type { Settings } from "./settings.ts";
import type { Token } from "./token.ts";
import type { Wakes } from "./wakes.ts";

/** The parts of a manager, handed to each of its acts. */
export interface Engine {
  readonly settings: Settings;
  readonly names: Names;
  readonly calls: Calls;
  readonly entries: Entries;
  readonly events: Emitter;
  readonly floors: Floors;
  /** The manager's name as the holder of leases: another one in each process. */
  readonly owner: string;
  readonly fields: Fields;
  readonly wakes: Wakes;
  /** Where sessions travel with their clients, and do not rest in a store. */
  readonly seals: Seals | undefined;
}

/** How a session that travels is handed to its client. */
export interface Seals {
  /** The session as it is now, for a client that is a program. */
  token(state: SessionState): Token | undefined;
  /** What the client is to keep, once everything is committed. */
  handBack(state: SessionState): MaybePromise<HandBack | undefined>;
}

/** Why a token resumed nothing. For diagnosis and for the owner of the token; a stranger always hears `missing`. */
export type Refusal = "malformed" | "missing" | "ended" | "expired" | "replaced";

/** What a {@link Session} knows. Acts change it; the class only shows it. */
export interface SessionState {
  readonly visit: Visit;
  /** `undefined`: the session does not exist (yet, or any more). */
  entry: Entry | undefined;
  refusal: Refusal | undefined;
  /** The token's session ended, or its secret was replaced, a moment ago: the request was probably sent before that, and its cookie must not take the place of a newer one. */
  late: boolean;
  /** Hash of the secret that the request came with, or replaced it by. Once another request has replaced it at once, this one is handed no other. */
  shown: string | undefined;
  /** Uncommitted fields: text, or `undefined` for one taken away. */
  pending: Map<string, string | undefined> | undefined;
  /** Known only to the request that made or rotated it. */
  token: Token | undefined;
  handBack: HandBack | undefined;
  /** The epoch of the lease under which it writes. */
  fence: number | undefined;
  /** Why it comes from memory and takes no writes: the store could not be read. */
  degraded: SojournError | undefined;
  /** A successor is due. */
  rotating: boolean;
  /** A touch that this request began, to wait for before the version is shown. */
  touched: Promise<unknown> | undefined;
  /** The door has been told that there is something to settle. */
  announced: boolean;
  /** The answer has begun. */
  closed: boolean;
}

/** What an event tells of a record. */
export function eventOf(engine: Engine, record: SessionRecord): SessionEvent {
  const { id, kind, subject } = record;
  return {
    id,
    kind: engine.names.kindOf(kind) ?? kind,
    subject: subject === undefined ? undefined : engine.names.subjectOf(subject),
    at: engine.settings.clock.now(),
  };
}

/** Lets a promise go that nobody waits for; its failure is told as an event. */
export function inBackground(engine: Engine, doing: string, work: Promise<unknown>): Promise<void> {
  return work.then(
    () => undefined,
    (error: unknown) => engine.events.emit("failed", { doing, error: error as SojournError }),
  );
}

/** The record after a commit by a store that does not give it: what this process knew, with the change applied. Others' fields may be older. */
export function assumed(before: SessionRecord | undefined, change: Change, version: number): SessionRecord {
  const known = before === undefined ? undefined : { ...before, version: typeof change.expect === "number" ? change.expect : before.version };
  const applied = apply(known, change);
  if (!applied.ok || applied.next === undefined) throw storeUnavailable("it accepted a change that cannot be applied");
  return { ...applied.next, version };
}

/**
 * The part of a change that keeps it from landing once another holder has the lease; and, as a log-in moves the epoch too, from landing in a
 * session that has got a subject since this request saw it without one.
 */
export function fenceOf({ fence, entry }: SessionState): { readonly fence: number } | undefined {
  if (fence !== undefined) return { fence };
  return entry === undefined || entry.record.subject !== undefined ? undefined : { fence: entry.record.epoch };
}
