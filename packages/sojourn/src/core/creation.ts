import { commitClaiming } from "./claiming.ts";
import { bytesOf } from "./values.ts";
import { own } from "./entry.ts";
import { dueOf, type Authentication, type Life } from "./own-fields.ts";
import { assumed, eventOf, inBackground, type Engine, type SessionState } from "./engine.ts";
import { endEntry } from "./ending.ts";
import { outcomeUnknown, SojournError, storeFull } from "./errors.ts";
import { isPromise } from "./maybe.ts";
import type { Visit } from "./resumable.ts";
import type { Change, MaybePromise, Outcome, SessionRecord } from "./seam.ts";
import { firstSecret } from "./secrets.ts";
import { hashOf, newId, newSecret } from "./token.ts";

/** What a new session is to be. Durations in ms. */
export interface Birth {
  readonly kind: string;
  readonly subject?: string | undefined;
  readonly auth?: Authentication | undefined;
  /** Aliases as stores know them. */
  readonly claims?: readonly string[] | undefined;
  readonly idle: number;
  readonly absolute: number;
}

/**
 * Creates the session of a state, with its pending fields, and gives the state its token.
 * @throws {SojournError} `limit_reached`, `alias_taken`, `store_full`, `session_ended` when a mass ending overtook it
 */
export function create(engine: Engine, state: SessionState, birth: Birth): MaybePromise<void> {
  const { settings, names, calls } = engine;
  const now = settings.clock.now();
  const id = newId(now);
  const token = `${id}.${newSecret()}`;
  const hash = hashOf(token);
  if (isPromise(hash)) return hash.then((text) => begin(text));
  return begin(hash);

  function begin(text: string): MaybePromise<void> {
    const life: Life = { created: now, idle: birth.idle, absolute: now + birth.absolute, lifetime: birth.absolute, retention: settings.retention };
    const set: Record<string, string> = {
      [own.life]: JSON.stringify(life),
      [own.seen]: String(now),
      [own.secret]: JSON.stringify(firstSecret(text, now)),
      ...clientField(state.visit),
      ...(birth.auth === undefined ? undefined : { [own.auth]: JSON.stringify(birth.auth) }),
    };
    for (const [name, value] of state.pending ?? []) if (value !== undefined) set[name] = value;
    checkSize(set, settings.bounds.record);
    const change: Change = {
      id,
      expect: "absent",
      kind: names.kind(birth.kind),
      set,
      wake: Math.min(now + birth.idle, now + birth.absolute, dueOf(set[own.due]) ?? Infinity),
      ...(birth.subject === undefined ? undefined : { subject: names.subject(birth.subject) }),
      ...(birth.subject === undefined || settings.limit.perSubject === undefined ? undefined : { subjectLimit: settings.limit.perSubject }),
      ...(settings.limit.total === undefined ? undefined : { kindLimit: settings.limit.total }),
      ...(birth.claims === undefined || birth.claims.length === 0 ? undefined : { claim: birth.claims }),
    };
    const contested = change.subjectLimit !== undefined || change.kindLimit !== undefined || change.claim !== undefined;
    const outcome: MaybePromise<Outcome> = contested ? commitClaiming(engine, change) : calls.commit(change);
    return isPromise(outcome) ? outcome.then((given) => done(change, given, text)) : done(change, outcome, text);
  }

  function done(change: Change, outcome: Outcome, text: string): MaybePromise<void> {
    if (!outcome.ok) throw refusedCreation(outcome);
    const record = outcome.record ?? assumed(undefined, change, outcome.version);
    const entry = engine.entries.of(record);
    if (entry === undefined) throw new SojournError("store_unavailable", "The session store gave back a record that it had not been given.");
    state.entry = entry;
    state.shown = text;
    state.pending = undefined;
    state.fence = undefined;
    state.refusal = undefined;
    state.token = token;
    state.handBack = { token, lasts: entry.life.absolute - now };
    engine.events.emit("created", eventOf(engine, record));
    if (birth.subject !== undefined) return clearOfFloors(engine, state, record);
  }
}

/** A mass ending that began before this log-in was committed may not have seen it. Looks at the floor afterwards: one of the two sees the other. */
export async function clearOfFloors(engine: Engine, state: SessionState, record: SessionRecord): Promise<void> {
  const entry = state.entry;
  if (entry === undefined) return;
  let below: boolean;
  try {
    below = await engine.floors.below(entry, engine.settings.clock.now(), true);
  } catch (error) {
    // It was written, and nobody can say whether it may live. Nobody is given its token, and it shall not keep a place.
    Object.assign(state, nothing);
    void inBackground(engine, "end a log-in that could not be checked", (async () => endEntry(engine, entry, "revoked"))());
    throw outcomeUnknown("the log-in was written, but whether a mass ending overtook it is not known", error);
  }
  if (!below) return;
  await endEntry(engine, entry, "revoked");
  Object.assign(state, nothing);
  throw new SojournError(
    "session_ended",
    `All sessions ${record.subject === undefined ? "" : "of the subject "}were ended while this one began. Log in again.`,
  );
}

const nothing = { entry: undefined, token: undefined, handBack: undefined } satisfies Partial<SessionState>;

function refusedCreation(outcome: Outcome & { ok: false }): SojournError {
  if (outcome.why === "full") return storeFull("the session was not created");
  return new SojournError("store_unavailable", `The session store refused a new session as ${JSON.stringify(outcome.why)}.`);
}

/** The field that keeps who the client seems to be. */
export function clientField({ client: given }: Visit): Readonly<Record<string, string>> | undefined {
  const client = typeof given === "function" ? given() : given;
  if (client === undefined || (client.address === undefined && client.agent === undefined)) return undefined;
  return { [own.client]: JSON.stringify(client) };
}

/** @throws {SojournError} `too_large` when the fields together are over the bound (bytes) */
export function checkSize(fields: Readonly<Record<string, string>>, bound: number): void {
  let units = 0;
  for (const name in fields) units += name.length + (fields[name] as string).length;
  if (units * 3 <= bound) return;
  let bytes = 0;
  for (const name in fields) bytes += bytesOf(name) + bytesOf(fields[name] as string);
  if (bytes > bound)
    throw new SojournError("too_large", `The session would take ${bytes} bytes; the bound is ${bound}. Keep large things elsewhere and their keys here.`);
}
