import { dropCheckpoints } from "./checkpoints.ts";
import { endAll } from "./end-all.ts";
import type { Engine } from "./engine.ts";
import { checkSubject } from "./names.ts";
import type { Cursor, Query, SessionRecord } from "./seam.ts";

/** What was erased of a subject. */
export interface Erased {
  readonly sessions: number;
  readonly checkpoints: number;
}

const tries = 20;

/**
 * Ends all sessions of a subject and erases what is kept of them: the live ones of every kind, the ended ones of the manager's kind, and the
 * checkpoints. Ended sessions are found by reading all of their kind, for stores index live ones only.
 */
export async function eraseSubject(engine: Engine, given: string): Promise<Erased> {
  const { names, settings } = engine;
  const subject = names.subject(checkSubject(given));
  const theirs = (record: SessionRecord): boolean => record.subject === subject;
  const live: SessionRecord[] = [];
  // Once they have ended they are not found by their subject any more.
  for await (const record of all(engine, { subject })) live.push(record);
  await endAll(engine, { subject: given }, "erased", undefined);
  let sessions = 0;
  for (const record of live) if (await erase(engine, record, theirs)) sessions++;
  for await (const record of all(engine, { kind: names.kind(settings.kind) })) if (theirs(record) && (await erase(engine, record, theirs))) sessions++;
  return { sessions, checkpoints: await dropCheckpoints(engine, names.owner({ id: "" as SessionRecord["id"], subject })) };
}

async function* all(engine: Engine, query: Query): AsyncGenerator<SessionRecord, void, undefined> {
  let after: Cursor | undefined;
  do {
    // The listing goes on behind the page, so its records may be erased meanwhile.
    const found = await engine.calls.find(query, after === undefined ? {} : { after });
    yield* found.records;
    after = found.next;
  } while (after !== undefined);
}

/** Whatever is written to it meanwhile. */
async function erase(engine: Engine, found: SessionRecord, theirs: (record: SessionRecord) => boolean): Promise<boolean> {
  let record: SessionRecord | undefined = found;
  for (let n = 0; n < tries && record !== undefined && theirs(record); n++) {
    if ((await engine.calls.commit({ id: record.id, expect: record.version, erase: true })).ok) return true;
    record = await engine.calls.load(record.id);
  }
  return false;
}
