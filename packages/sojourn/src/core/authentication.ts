import { clientField, clearOfFloors, create } from "./creation.ts";
import { milliseconds, type Duration } from "./duration.ts";
import { endEntry } from "./ending.ts";
import { eventOf, type Engine, type SessionState } from "./engine.ts";
import { fieldNames, own, type Authentication, type Entry, type Life } from "./entry.ts";
import { SojournError } from "./errors.ts";
import { commitWithinLimits } from "./limits.ts";
import { checkSubject } from "./names.ts";
import { adopt, refusal } from "./persist.ts";
import type { Change } from "./seam.ts";
import { sever } from "./secrets.ts";
import { absoluteOf } from "./settings.ts";
import { hashOf, newSecret } from "./token.ts";

/** How the subject proved who it is, and what follows. */
export interface AuthenticateOptions<Field extends string = string> {
  /** Authentication method references (RFC 8176), such as `["pwd", "otp"]`. Default none. */
  readonly methods?: readonly string[];
  /** Fields of the anonymous session that survive the log-in. Default none. */
  readonly keep?: readonly Field[];
  /** Idle time of this session. Default: as it was, or the manager's for a new one. */
  readonly idle?: Duration;
  /** Absolute lifetime from now. Default: as long as it was given at first, or the manager's for a new one. */
  readonly absolute?: Duration;
}

const tries = 20;

/**
 * Records that a subject proved who it is. The secret is replaced at once, both clocks begin anew. An anonymous session keeps the fields
 * named in `keep`; the session of another subject ends (`replaced`) and a new one begins.
 * @throws {SojournError} `limit_reached`, `session_ended`, `invalid_field`
 */
export async function authenticate(engine: Engine, state: SessionState, subject: string, options: AuthenticateOptions): Promise<void> {
  const { settings, names } = engine;
  const stored = names.subject(checkSubject(subject));
  const now = settings.clock.now();
  const life = state.entry?.life;
  const idle = options.idle === undefined ? (life?.idle ?? settings.idle) : milliseconds(options.idle, "idle");
  const absolute = options.absolute === undefined ? (life === undefined ? settings.absolute : life.lifetime) : absoluteOf(options.absolute);
  const kind = state.entry === undefined ? settings.kind : (names.kindOf(state.entry.record.kind) ?? settings.kind);
  const auth: Authentication = { at: now, methods: [...(options.methods ?? [])], levels: {} };
  const keep = new Set<string>(options.keep);

  if (state.entry !== undefined && state.entry.record.subject !== undefined && state.entry.record.subject !== stored) {
    await endEntry(engine, state.entry, "replaced");
    state.entry = undefined;
    state.pending = undefined;
  }
  if (state.entry === undefined) {
    state.pending = kept(state.pending, keep);
    await create(engine, state, { kind, subject, auth, idle, absolute });
  } else {
    await replaceSecret(engine, state, (entry) => {
      const renewed: Life = { ...entry.life, idle, absolute: now + absolute, lifetime: absolute };
      const anonymous = entry.record.subject === undefined;
      const pending = anonymous ? kept(state.pending, keep) : state.pending;
      const dropped = anonymous ? fieldNames(entry.record).filter((name) => !keep.has(name)) : [];
      return {
        subject: stored,
        ...(settings.limit.perSubject === undefined ? undefined : { subjectLimit: settings.limit.perSubject }),
        set: {
          ...pendingTexts(pending),
          [own.life]: JSON.stringify(renewed),
          [own.seen]: String(state.visit.began ?? now),
          [own.auth]: JSON.stringify(auth),
          ...clientField(state.visit),
        },
        unset: [...dropped, ...removals(pending)],
        wake: now + Math.min(idle, absolute),
      };
    });
    await clearOfFloors(engine, state, state.entry.record);
  }
  const entry = state.entry as Entry;
  engine.events.emit("authenticated", { ...eventOf(engine, entry.record), methods: auth.methods });
}

/**
 * Raises what the session may do, for a time, after the subject proved more. The secret is replaced at once.
 * @throws {SojournError} `not_authenticated`, `session_ended`
 */
export async function elevate(
  engine: Engine,
  state: SessionState,
  level: string,
  options: { readonly methods?: readonly string[]; readonly for?: Duration },
): Promise<void> {
  if (typeof level !== "string" || !/^[\w:.-]{1,64}$/.test(level)) {
    throw new SojournError("invalid_field", `${JSON.stringify(level)} cannot name a level. Use 1 to 64 letters, digits, "_", "-", "." and ":".`);
  }
  if (state.entry?.auth === undefined)
    throw new SojournError("not_authenticated", "Only a session that has a subject can be elevated. Call authenticate() first.");
  const now = engine.settings.clock.now();
  const until = now + milliseconds(options.for ?? "10m", "for");
  await replaceSecret(engine, state, (entry) => {
    const before = entry.auth as Authentication;
    const methods = [...new Set([...before.methods, ...(options.methods ?? [])])];
    const auth: Authentication = { ...before, methods, levels: { ...current(before.levels, now), [level]: { at: now, until } } };
    return { set: { ...pendingTexts(state.pending), [own.auth]: JSON.stringify(auth) }, unset: removals(state.pending) };
  });
  engine.events.emit("elevated", { ...eventOf(engine, state.entry.record), level });
}

function current(levels: Authentication["levels"], now: number): Authentication["levels"] {
  return Object.fromEntries(Object.entries(levels).filter(([, { until }]) => until > now));
}

/** Replaces the secret at once, together with a change that is made anew from the record whenever somebody else came first. */
async function replaceSecret(engine: Engine, state: SessionState, changeFor: (entry: Entry) => Omit<Change, "id" | "expect">): Promise<void> {
  for (let n = 0; n < tries; n++) {
    const entry = state.entry as Entry;
    const { id, version } = entry.record;
    const now = engine.settings.clock.now();
    const token = `${id}.${newSecret()}`;
    const part = changeFor(entry);
    const change: Change = { id, expect: version, ...part, set: { ...part.set, [own.secret]: JSON.stringify(sever(entry.secrets, await hashOf(token), now)) } };
    const outcome = change.subjectLimit === undefined ? await engine.calls.commit(change) : await commitWithinLimits(engine, change);
    if (outcome.ok) {
      adopt(engine, state, change, outcome);
      state.pending = undefined;
      state.rotating = false;
      state.token = token;
      state.handBack = { token, absolute: (state.entry as Entry).life.absolute };
      return;
    }
    if (outcome.why !== "stale") throw refusal(outcome, state, change);
    await reload(engine, state, change);
  }
  throw new SojournError("stale", `The session was changed by others ${tries} times in a row; nothing was written. Try again.`);
}

/** Reads the session of a state again. @throws {SojournError} `session_ended` when it is no more */
export async function reload(engine: Engine, state: SessionState, change: Change): Promise<void> {
  const record = await engine.calls.load(change.id);
  const entry = record === undefined || record.ended !== undefined ? undefined : engine.entries.of(record);
  if (entry === undefined) throw refusal({ ok: false, why: record === undefined ? "missing" : "ended" }, state, change);
  state.entry = entry;
}

function kept(pending: SessionState["pending"], keep: ReadonlySet<string>): SessionState["pending"] {
  return pending === undefined ? undefined : new Map([...pending].filter(([name]) => keep.has(name)));
}

function pendingTexts(pending: SessionState["pending"]): Record<string, string> {
  const set: Record<string, string> = {};
  for (const [name, text] of pending ?? []) if (text !== undefined) set[name] = text;
  return set;
}

function removals(pending: SessionState["pending"]): string[] {
  return [...(pending ?? [])].filter(([, text]) => text === undefined).map(([name]) => name);
}
