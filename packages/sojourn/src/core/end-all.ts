import { endEntry } from "./ending.ts";
import type { Engine } from "./engine.ts";
import type { EndReason } from "./events.ts";
import { checkSubject } from "./names.ts";
import type { Cursor, Query, SessionId } from "./seam.ts";

/** Whose sessions end: a subject's but for one, or everyone's. */
export type EndAllTarget = { readonly subject: string; readonly except?: string | undefined } | { readonly everyone: true };

/** Ends all sessions of a target, behind a floor. Gives how many it ended itself: of a subject all, of everyone those of the manager's kind. */
export async function endAll(engine: Engine, target: EndAllTarget, reason: EndReason, by: string | undefined): Promise<number> {
  const { names, settings, floors } = engine;
  const now = settings.clock.now();
  if ("everyone" in target) {
    await floors.raise(undefined, now, []);
    return endFound(engine, { kind: names.kind(settings.kind) }, undefined, reason, by);
  }
  const subject = names.subject(checkSubject(target.subject));
  await floors.raise(subject, now, target.except === undefined ? [] : [target.except as SessionId]);
  return endFound(engine, { subject }, target.except, reason, by);
}

async function endFound(engine: Engine, query: Query, except: string | undefined, reason: EndReason, by: string | undefined): Promise<number> {
  let ended = 0;
  let after: Cursor | undefined;
  do {
    const found = await engine.calls.find(query, after === undefined ? {} : { after });
    const done = await Promise.all(
      found.records.map((record) => {
        const entry = record.ended === undefined && record.id !== except ? engine.entries.of(record) : undefined;
        return entry === undefined ? false : endEntry(engine, entry, reason, { by });
      }),
    );
    ended += done.filter(Boolean).length;
    after = found.next;
  } while (after !== undefined);
  return ended;
}
