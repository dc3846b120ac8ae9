import { endEntry } from "./ending.ts";
import { belongsSince, type Entry } from "./entry.ts";
import type { Engine } from "./engine.ts";
import { SojournError } from "./errors.ts";
import type { EndReason } from "./events.ts";
import { checkKind, checkSubject } from "./names.ts";
import type { Cursor, Query, SessionId } from "./seam.ts";

/** Whose sessions end: a subject's but for one, or everyone's. */
export type EndAllTarget = { readonly subject: string; readonly except?: string | undefined } | EndEveryone;

/** Everyone's sessions, of all kinds: none of them is good behind the floor. */
export interface EndEveryone {
  readonly everyone: true;
  /** Epoch ms: what has belonged to its subject, or been there, since that moment or later is spared. Not later than now. Default: now. */
  readonly before?: number | undefined;
  /** Of which kinds each live session is then ended by itself, which gives its places and aliases free and is told as an event. Default: the manager's. */
  readonly kinds?: readonly string[] | undefined;
}

/** How a mass ending is followed. */
export interface EndAllOptions {
  /** Called once the floor stands, and again after each page of sessions, which is waited for. */
  readonly progress?: ((so: EndAllProgress) => void | Promise<void>) | undefined;
  /** Stops it behind the page under way. The floor stays where it is. */
  readonly signal?: AbortSignal | undefined;
}

/** How far a mass ending is. */
export interface EndAllProgress {
  /** Epoch ms: nothing of the target that belongs to it since earlier is good any more. */
  readonly before: number;
  /** Sessions ended so far. */
  readonly ended: number;
}

/**
 * Ends all sessions of a target, behind a floor. Gives how many it ended itself: of a subject all, of everyone those of the kinds.
 * @throws {SojournError} `invalid_option`, naming `before` or a kind
 */
export async function endAll(engine: Engine, target: EndAllTarget, reason: EndReason, by: string | undefined, options: EndAllOptions = {}): Promise<number> {
  const { names, settings, floors } = engine;
  const now = settings.clock.now();
  if ("everyone" in target) {
    const { before, kinds = [settings.kind] } = target;
    const at = before === undefined ? now : checkBefore(before, now);
    const queries = [...new Set(kinds)].map((kind): Query => ({ kind: names.kind(checkKind(kind)) }));
    await floors.raise(undefined, at, []);
    const spared = before === undefined ? beganSince(engine, at) : (entry: Entry): boolean => belongsSince(entry) >= at;
    return endFound(engine, queries, { at, spared, reason, by }, options);
  }
  const { except } = target;
  const subject = names.subject(checkSubject(target.subject));
  await floors.raise(subject, now, except === undefined ? [] : [except as SessionId]);
  return endFound(engine, [{ subject }], { at: now, spared: ({ record }) => record.id === except, reason, by }, options);
}

/** What ends, and how it is written down. */
interface Act {
  readonly at: number;
  readonly spared: (entry: Entry) => boolean;
  readonly reason: EndReason;
  readonly by: string | undefined;
}

async function endFound(engine: Engine, queries: readonly Query[], { at, spared, reason, by }: Act, { progress, signal }: EndAllOptions): Promise<number> {
  let ended = 0;
  await progress?.({ before: at, ended });
  for (const query of queries) {
    let after: Cursor | undefined;
    do {
      if (signal?.aborted === true) return ended;
      const found = await engine.calls.find(query, after === undefined ? {} : { after });
      const done = await Promise.all(
        found.records.map((record) => {
          const entry = record.ended === undefined ? engine.entries.of(record) : undefined;
          return entry === undefined || spared(entry) ? false : endEntry(engine, entry, reason, { by });
        }),
      );
      ended += done.filter(Boolean).length;
      await progress?.({ before: at, ended });
      after = found.next;
    } while (after !== undefined);
  }
  return ended;
}

/**
 * Whether something began while it went on: whoever logs in meanwhile need not do so again, and the end of a busy store is reached. What says that it
 * began later than now was there before, by a clock that went ahead.
 */
function beganSince({ settings }: Engine, at: number): (entry: Entry) => boolean {
  return (entry) => {
    const since = belongsSince(entry);
    return since > at && since <= settings.clock.now();
  };
}

/** The `before` of a mass ending. @throws {SojournError} `invalid_option` when it has not come yet */
export function checkBefore(before: number, now: number): number {
  if (Number.isFinite(before) && before <= now) return before;
  const wrong = Number.isFinite(before) ? `${Math.ceil(before - now)} ms from now` : "no moment";
  throw new SojournError("invalid_option", `before is ${String(before)}, ${wrong}. Give epoch milliseconds that have passed, or leave it out: now.`);
}
