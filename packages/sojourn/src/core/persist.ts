import { checkSize, create, type Birth } from "./creation.ts";
import { assumed, eventOf, fenceOf, type Engine, type SessionState } from "./engine.ts";
import type { Entry } from "./entry.ts";
import { own, wakeWith } from "./entry.ts";
import { aliasTaken, leaseLost, SojournError, storeFull } from "./errors.ts";
import { andThen, isPromise } from "./maybe.ts";
import type { Change, Committed, MaybePromise, Outcome, SessionId } from "./seam.ts";
import { isSevered, offer } from "./secrets.ts";
import { hashOf, newSecret } from "./token.ts";

const tries = 20;

/** A new anonymous session by the manager's own policy. */
export function anonymous({ settings }: Engine): Birth {
  return { kind: settings.kind, idle: settings.idle, absolute: settings.absolute };
}

/**
 * Writes what is pending: creates the session, or merges the changed fields into it.
 * @param version compare-and-set instead of a merge.
 * @throws {SojournError} `session_ended`, `stale`, `too_large` …; what was pending stays pending
 */
export function persist(engine: Engine, state: SessionState, version?: number): MaybePromise<void> {
  const { entry, pending } = state;
  if (version !== undefined && version !== entry?.record.version) throw stale(entry?.record.version, version);
  if (pending === undefined) return;
  if (entry === undefined) {
    if (state.late) throw ended();
    if ([...pending.values()].every((text) => text === undefined)) return void (state.pending = undefined);
    return create(engine, state, anonymous(engine));
  }
  const merging = changeOf(entry.record.id, version ?? "live", fenceOf(state), fieldsOf(pending));
  const change = pending.has(own.due) ? { ...merging, ...wakeWith(entry, merging.set) } : merging;
  if (change.set !== undefined) checkGrowth(entry, change.set, engine.settings.bounds.record);
  const outcome = engine.calls.commit(change);
  return isPromise(outcome) ? outcome.then((given) => merged(engine, state, change, given)) : merged(engine, state, change, outcome);
}

function partOf({ id: _id, expect: _expect, fence: _fence, ...part }: Change): Omit<Change, "id" | "expect" | "fence"> {
  return part;
}

/** Written out for what nearly all are: each spread costs a tenth of a commit to memory. */
function changeOf(id: SessionId, expect: Change["expect"], fence: ReturnType<typeof fenceOf>, { set, unset }: Pick<Change, "set" | "unset">): Change {
  if (set !== undefined && unset === undefined) return fence === undefined ? { id, expect, set } : { id, expect, fence: fence.fence, set };
  return { id, expect, ...fence, ...(set === undefined ? undefined : { set }), ...(unset === undefined ? undefined : { unset }) };
}

function fieldsOf(pending: ReadonlyMap<string, string | undefined>): Pick<Change, "set" | "unset"> {
  let set: Record<string, string> | undefined;
  let unset: string[] | undefined;
  for (const [name, text] of pending) {
    if (text === undefined) (unset ??= []).push(name);
    else (set ??= {})[name] = text;
  }
  if (unset === undefined) return set === undefined ? {} : { set };
  return set === undefined ? { unset } : { set, unset };
}

/** Cheap while the record is far from its bound: what was added is counted, and all of it is measured only when that comes near. */
function checkGrowth(entry: Entry, set: Readonly<Record<string, string>>, bound: number): void {
  if (entry.units < 0) entry.units = unitsIn(entry.record.fields);
  if ((entry.units + unitsIn(set)) * 3 <= bound) return;
  checkSize({ ...entry.record.fields, ...set }, bound);
}

function unitsIn(fields: Readonly<Record<string, string>>): number {
  let units = 0;
  for (const name in fields) units += name.length + (fields[name] as string).length;
  return units;
}

function merged(engine: Engine, state: SessionState, change: Change, outcome: Outcome): MaybePromise<void> {
  if (outcome.ok) {
    adopt(engine, state, change, outcome);
    state.pending = undefined;
    return;
  }
  if (change.expect !== "live" || !isOvertaken(state, outcome)) throw refusal(outcome, state, change);
  return reload(engine, state, change)
    .then(() => merge(engine, state, partOf(change)))
    .then(() => void (state.pending = undefined));
}

/**
 * Writes a part of the session that a request sees, whatever else others change.
 * @param commit for changes that may have to be tried again where they are refused for want of room.
 * @throws {SojournError} `session_ended`, `lease_lost`, `alias_taken` …
 */
export async function merge(
  engine: Engine,
  state: SessionState,
  part: Omit<Change, "id" | "expect">,
  commit: (change: Change) => MaybePromise<Outcome> = engine.calls.commit,
): Promise<void> {
  for (let n = 0; n < tries && state.entry !== undefined; n++) {
    const change: Change = { id: state.entry.record.id, expect: "live", ...fenceOf(state), ...part };
    const outcome = await commit(change);
    if (outcome.ok) return adopt(engine, state, change, outcome);
    if (!isOvertaken(state, outcome)) throw refusal(outcome, state, change);
    await reload(engine, state, change);
  }
  throw stale(undefined, "the one seen");
}

/** Whether somebody took a lease, or logged in, since a request that has no lease saw the session without a subject. Which of the two, a look tells. */
function isOvertaken(state: SessionState, outcome: Outcome): boolean {
  return !outcome.ok && outcome.why === "fenced" && state.fence === undefined;
}

/** Reads the session of a state again. @throws {SojournError} `session_ended` when it is no more */
export async function reload(engine: Engine, state: SessionState, change: Change): Promise<void> {
  const record = await engine.calls.load(change.id);
  const entry = record === undefined || record.ended !== undefined ? undefined : engine.entries.of(record);
  // Another request of the same visitor logged in meanwhile: what this one may see ends there.
  if (entry === undefined || entry.record.subject !== state.entry?.record.subject) {
    throw refusal({ ok: false, why: record === undefined ? "missing" : "ended" }, state, change);
  }
  state.entry = entry;
}

/** Takes over what a commit made of the session. */
export function adopt(engine: Engine, state: SessionState, change: Change, outcome: Committed): void {
  const before = state.entry;
  const record = outcome.record ?? assumed(before?.record, change, outcome.version);
  const entry = engine.entries.of(record);
  if (entry === undefined) return;
  if (before !== undefined && before.units >= 0) entry.units = before.units + (change.set === undefined ? 0 : unitsIn(change.set));
  state.entry = entry;
}

/** What a refused change means to whoever made it. */
export function refusal(outcome: Outcome & { ok: false }, state: SessionState, change: Change): SojournError {
  switch (outcome.why) {
    case "ended":
    case "missing":
      state.entry = undefined;
      state.late = true;
      state.refusal = outcome.why;
      return ended();
    case "stale":
      return stale(undefined, change.expect);
    case "full":
      return storeFull("the change was not written");
    case "taken":
      return aliasTaken();
    case "fenced":
      return leaseLost();
    default:
      return new SojournError("store_unavailable", `The session store refused the change as ${JSON.stringify(outcome.why)}.`);
  }
}

/** What a write hears that came too late. */
export function ended(): SojournError {
  return new SojournError("session_ended", "The session ended while the request was under way; nothing was written.");
}

function stale(version: number | undefined, expected: unknown): SojournError {
  return new SojournError(
    "stale",
    `The session is not at version ${String(expected)} any more${version === undefined ? "" : ` but at ${version}`}; nothing was written. Read it again.`,
  );
}

/**
 * Offers the client a successor of its secret. Of several requests that try at once one wins; the others keep the old secret, which stays
 * good, and send nothing.
 */
export function offerSuccessor(engine: Engine, state: SessionState): MaybePromise<void> {
  const entry = state.entry;
  state.rotating = false;
  if (entry === undefined || isSevered(entry.secrets, state.shown ?? "")) return;
  const { id, version } = entry.record;
  const now = engine.settings.clock.now();
  const token = `${id}.${newSecret()}`;
  return andThen(hashOf(token), (hash) => {
    const change: Change = { id, expect: version, ...fenceOf(state), set: { [own.secret]: JSON.stringify(offer(entry.secrets, hash, now)) } };
    return andThen<Outcome, void>(engine.calls.commit(change), (outcome) => {
      if (!outcome.ok) return;
      adopt(engine, state, change, outcome);
      state.token = token;
      state.handBack = { token, lasts: entry.life.absolute - now };
      engine.events.emit("rotated", eventOf(engine, entry.record));
    });
  });
}
