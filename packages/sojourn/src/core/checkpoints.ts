import { fenceOf, type Engine, type SessionState } from "./engine.ts";
import { SojournError, storeFull } from "./errors.ts";
import { rawNames } from "./fields.ts";
import { andThen } from "./maybe.ts";
import { ownKind } from "./names.ts";
import { objectOf } from "./own-fields.ts";
import { adopt, persist, refusal, reload } from "./persist.ts";
import type { Change, Cursor, MaybePromise, SessionId, SessionRecord } from "./seam.ts";
import { digestOf } from "./token.ts";

/** A named copy of a session's fields, as it may be shown. */
export interface Checkpoint {
  readonly name: string;
  /** Epoch ms. */
  readonly at: number;
  /** Epoch ms at which it goes. */
  readonly until: number;
  /** Of which session, at which version. */
  readonly session: SessionId;
  readonly version: number;
  /** The names of the fields that it holds. */
  readonly fields: readonly string[];
}

/** The same with the values that it holds. */
export interface KeptCheckpoint<Data> extends Checkpoint {
  /** As `session.data` would have them once it is restored, but for fields declared as `authority`, which are not restored. Frozen. */
  readonly data: Readonly<Partial<Data>>;
}

/** The text of `$checkpoint`. */
type Label = Pick<Checkpoint, "name" | "at" | "session" | "version">;

const labelField = "$checkpoint";
const tries = 20;

/**
 * Keeps a copy of the session's fields under a name, after writing what is pending. It belongs to the session's subject, and can be restored in
 * any later session of that subject; while there is none, to this session alone. Secrets, levels and deadlines are no fields.
 * @throws {SojournError} `session_missing`, `session_ended`, `checkpoint_exists`, `limit_reached`, `invalid_field`
 */
export async function checkpoint(engine: Engine, state: SessionState, name: string): Promise<Checkpoint> {
  const { settings, names } = engine;
  checkCheckpointName(name);
  if (state.entry === undefined && state.pending === undefined) throw missingSession("keep a checkpoint of");
  await persist(engine, state);
  await state.touched;
  // What was pending may have been nothing but fields taken away again.
  if (state.entry === undefined) throw missingSession("keep a checkpoint of");
  await reload(engine, state, { id: state.entry.record.id, expect: "live" });
  const { record, life } = state.entry;
  const owner = names.owner(record);
  const now = settings.clock.now();
  // One of a session without a subject is of no use after it.
  const wake = Math.min(now + settings.checkpoints.keep, record.subject === undefined ? life.absolute : Infinity);
  const label: Label = { name, at: now, session: record.id, version: record.version };
  const set: Record<string, string> = { [labelField]: JSON.stringify(label) };
  for (const field of rawNames(record)) if (!settings.authority.has(field)) set[field] = record.fields[field] as string;
  const change: Change = {
    id: await idOf(owner, name),
    expect: "absent",
    kind: names.kind(ownKind.checkpoint),
    subject: owner,
    subjectLimit: settings.checkpoints.limit,
    wake,
    set,
  };
  for (let n = 0; n < tries; n++) {
    const outcome = await engine.calls.commit(change);
    if (outcome.ok) return shown(set, label, wake);
    if (outcome.why === "exists") {
      const before = await engine.calls.load(change.id);
      // A try whose answer was lost, made again.
      if (before !== undefined && !isOver(engine, before) && isSame(before.fields, set)) return shown(set, label, wake);
      if (before === undefined || !(await eraseIfOver(engine, before))) throw exists(name);
    } else if (outcome.why !== "full" || outcome.of === "store") throw storeFull("the checkpoint was not written");
    else if (!(await eraseOver(engine, owner))) throw tooMany(settings.checkpoints.limit);
  }
  throw exists(name);
}

/**
 * Gives the session the fields of a checkpoint, and takes those away that it does not have. What is pending is dropped. Fields declared as
 * `authority` stay as they are.
 * @throws {SojournError} `session_missing`, `session_ended`, `checkpoint_missing`, `lease_lost`, `stale`
 */
export async function restore(engine: Engine, state: SessionState, name: string): Promise<void> {
  const { authority } = engine.settings;
  if (state.entry === undefined) throw missingSession("restore");
  await state.touched;
  const owner = engine.names.owner(state.entry.record);
  const kept = await keptUnder(engine, owner, name);
  if (kept === undefined) throw new SojournError("checkpoint_missing", `There is no checkpoint ${JSON.stringify(name)} that belongs to this session.`);
  const set = restorable(engine, kept);
  state.pending = undefined;
  for (let n = 0; n < tries; n++) {
    const { record } = state.entry;
    const unset = rawNames(record).filter((field) => !Object.hasOwn(set, field) && !authority.has(field));
    const change: Change = { id: record.id, expect: record.version, ...fenceOf(state), set, unset };
    // Whoever it belonged to when it was looked up must still be the one.
    if (engine.names.owner(record) !== owner) throw new SojournError("stale", "The session has got a subject meanwhile; nothing was restored.");
    const outcome = await engine.calls.commit(change);
    if (outcome.ok) return adopt(engine, state, change, outcome);
    if (outcome.why !== "stale") throw refusal(outcome, state, change);
    await reload(engine, state, change);
  }
  throw new SojournError("stale", `The session was changed by others ${tries} times in a row; nothing was restored. Try again.`);
}

/** One of an owner's with the values that it holds; `undefined` when there is none of that name. */
export async function readCheckpoint(engine: Engine, owner: string, name: string): Promise<KeptCheckpoint<Record<string, unknown>> | undefined> {
  const kept = await keptUnder(engine, owner, name);
  const label = kept === undefined ? undefined : labelOf(kept);
  if (kept === undefined || label === undefined) return undefined;
  // A field that cannot be read is told as the session's that it was copied from.
  const { subject: _, ...rest } = kept;
  const record: SessionRecord = { ...rest, id: label.session, kind: ownKind.checkpoint, fields: restorable(engine, kept) };
  const data = engine.fields.data({ entry: { record, values: new Map(), migrated: undefined }, pending: undefined });
  const values = Object.entries(data).filter(([field]) => !engine.settings.authority.has(field));
  const bare = Object.assign(Object.create(null) as Record<string, unknown>, Object.fromEntries(values));
  return { ...shown(kept.fields, label, kept.wake ?? Infinity), data: Object.freeze(bare) };
}

/** The checkpoints of an owner, the newest first. */
export async function checkpointsOf(engine: Engine, owner: string): Promise<Checkpoint[]> {
  const found: Checkpoint[] = [];
  for await (const record of recordsOf(engine, owner)) {
    const label = isOver(engine, record) ? undefined : labelOf(record);
    if (label !== undefined) found.push(shown(record.fields, label, record.wake ?? Infinity));
  }
  return found.toSorted((a, b) => b.at - a.at || (a.name < b.name ? -1 : 1));
}

/** Takes one away. True when this call did it. */
export async function dropCheckpoint(engine: Engine, owner: string, name: string): Promise<boolean> {
  const record = await engine.calls.load(await idOf(owner, name));
  return record?.subject === owner && erased(engine, record);
}

/** Takes all of an owner's away; gives how many. */
export async function dropCheckpoints(engine: Engine, owner: string): Promise<number> {
  let dropped = 0;
  for await (const record of recordsOf(engine, owner)) if (await erased(engine, record)) dropped++;
  return dropped;
}

async function keptUnder(engine: Engine, owner: string, name: string): Promise<SessionRecord | undefined> {
  const kept = await engine.calls.load(await idOf(owner, name));
  return kept?.subject === owner && !isOver(engine, kept) ? kept : undefined;
}

/** The texts that a restore gives back. */
function restorable({ settings: { authority } }: Engine, kept: SessionRecord): Record<string, string> {
  const set: Record<string, string> = {};
  for (const field of rawNames(kept)) if (!authority.has(field)) set[field] = kept.fields[field] as string;
  return set;
}

/** No token can name it: ":" is in no id. */
function idOf(owner: string, name: string): MaybePromise<SessionId> {
  return andThen<string, SessionId>(digestOf(`${owner}\n${name}`), (digest) => `checkpoint:${digest}` as SessionId);
}

async function* recordsOf(engine: Engine, owner: string): AsyncGenerator<SessionRecord, void, undefined> {
  let after: Cursor | undefined;
  do {
    const found = await engine.calls.find({ subject: owner }, after === undefined ? {} : { after });
    yield* found.records;
    after = found.next;
  } while (after !== undefined);
}

/** A checkpoint whose time has passed is gone, whatever the sweep has done. */
function isOver(engine: Engine, { wake }: SessionRecord): boolean {
  return wake !== undefined && wake <= engine.settings.clock.now();
}

async function eraseIfOver(engine: Engine, record: SessionRecord): Promise<boolean> {
  return isOver(engine, record) && erased(engine, record);
}

async function eraseOver(engine: Engine, owner: string): Promise<boolean> {
  let some = false;
  for await (const record of recordsOf(engine, owner)) if (await eraseIfOver(engine, record)) some = true;
  return some;
}

async function erased(engine: Engine, { id, version }: SessionRecord): Promise<boolean> {
  return (await engine.calls.commit({ id, expect: version, erase: true })).ok;
}

function labelOf(record: SessionRecord): Label | undefined {
  try {
    const { name, at, session, version } = objectOf(record.fields[labelField]);
    return { name: String(name), at: Number(at) || 0, session: String(session) as SessionId, version: Number(version) || 0 };
  } catch {
    return undefined;
  }
}

function shown(fields: Readonly<Record<string, string>>, { name, at, session, version }: Label, until: number): Checkpoint {
  return { name, at, until, session, version, fields: Object.keys(fields).filter((field) => field !== labelField) };
}

/** But for the moment at which it was made. */
function isSame(a: Readonly<Record<string, string>>, b: Readonly<Record<string, string>>): boolean {
  const plain = (fields: Readonly<Record<string, string>>): string => {
    const { at: _, ...label } = JSON.parse(fields[labelField] ?? "{}") as Partial<Label>;
    return JSON.stringify([
      label,
      Object.entries(fields)
        .filter(([name]) => name !== labelField)
        .toSorted(([x], [y]) => (x < y ? -1 : 1)),
    ]);
  };
  return plain(a) === plain(b);
}

function checkCheckpointName(name: string): void {
  if (typeof name === "string" && name.length > 0 && name.length <= 256) return;
  throw new SojournError("invalid_field", "The name of a checkpoint is not a text of 1 to 256 characters.");
}

function missingSession(act: string): SojournError {
  return new SojournError("session_missing", `There is no session to ${act}. The first write begins one.`);
}

function exists(name: string): SojournError {
  return new SojournError(
    "checkpoint_exists",
    `There is a checkpoint ${JSON.stringify(name)} already, and checkpoints do not change. Choose another name, or drop that one.`,
  );
}

function tooMany(limit: number): SojournError {
  return new SojournError("limit_reached", `There are ${limit} checkpoints already, as many as may be. Drop one first, or raise checkpoints.limit.`);
}
