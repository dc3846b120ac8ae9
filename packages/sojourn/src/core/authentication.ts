import { clientField, clearOfFloors, create } from "./creation.ts";
import { milliseconds, type Duration } from "./duration.ts";
import { endEntry } from "./ending.ts";
import { eventOf, fenceOf, type Engine, type SessionState } from "./engine.ts";
import { expiryOf, own, wakeWith, type Entry } from "./entry.ts";
import { SojournError } from "./errors.ts";
import { dueOf, type Authentication, type Life } from "./own-fields.ts";
import { commitWithinLimits } from "./limits.ts";
import { checkSubject } from "./names.ts";
import { adopt, refusal, reload } from "./persist.ts";
import type { Change, SessionRecord } from "./seam.ts";
import { isSevered, sever } from "./secrets.ts";
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
    await endEntry(engine, state.entry, "replaced", fenceOf(state));
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
      return {
        subject: stored,
        // Whoever saw the session without a subject writes to it no more.
        ...(anonymous ? { epoch: entry.record.epoch + 1 } : undefined),
        ...(settings.limit.perSubject === undefined ? undefined : { subjectLimit: settings.limit.perSubject }),
        set: {
          ...(anonymous ? engine.fields.carried(entry, keep) : undefined),
          ...pendingTexts(pending),
          [own.life]: JSON.stringify(renewed),
          [own.seen]: String(now),
          [own.auth]: JSON.stringify(auth),
          ...clientField(state.visit),
        },
        unset: [...(anonymous ? left(entry.record, keep) : []), ...removals(pending)],
        wake: Math.min(now + idle, now + absolute, (anonymous ? undefined : (dueOf(pending?.get(own.due)) ?? entry.due)) ?? Infinity),
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
    const auth: Authentication = { ...before, methods, levels: { ...levelsAt(entry, now), [level]: { at: now, until } } };
    return { set: { ...pendingTexts(state.pending), [own.auth]: JSON.stringify(auth) }, unset: removals(state.pending) };
  });
  engine.events.emit("elevated", { ...eventOf(engine, state.entry.record), level });
}

/** The levels that have been reached and not lapsed. */
export function levelsAt(entry: Entry | undefined, now: number): Authentication["levels"] {
  return Object.fromEntries(Object.entries(entry?.auth?.levels ?? {}).filter(([, { until }]) => until > now));
}

/** Whether the subject, or with a level that one, was proven at most `within` ms ago, and has not lapsed. */
export function isFresh(entry: Entry | undefined, now: number, within: number, level: string | undefined): boolean {
  const at = level === undefined ? entry?.auth?.at : levelsAt(entry, now)[level]?.at;
  return at !== undefined && now - at <= within;
}

/** Replaces the secret at once, together with a change that is made anew from the record whenever somebody else came first. */
async function replaceSecret(engine: Engine, state: SessionState, changeFor: (entry: Entry) => Omit<Change, "id" | "expect">): Promise<void> {
  for (let n = 0; n < tries; n++) {
    const entry = state.entry as Entry;
    const { id, version } = entry.record;
    const now = engine.settings.clock.now();
    // What a long request knows of its session may be old, and others may have kept it alive: only a look tells that its time is over.
    if (n === 0 && expiryOf(entry, now) !== undefined) {
      await reload(engine, state, { id, expect: version });
      continue;
    }
    // It is over by now, or another request replaced the secret that this one came with: it is handed no other.
    if (expiryOf(entry, now) !== undefined || isSevered(entry.secrets, state.shown ?? "")) {
      throw refusal({ ok: false, why: "ended" }, state, { id, expect: version });
    }
    const token = `${id}.${newSecret()}`;
    const hash = await hashOf(token);
    const part = changeFor(entry);
    const change: Change = {
      id,
      expect: version,
      ...fenceOf(state),
      ...wakeWith(entry, part.set),
      ...part,
      set: { ...part.set, [own.secret]: JSON.stringify(sever(entry.secrets, hash, now)) },
    };
    const outcome = change.subjectLimit === undefined ? await engine.calls.commit(change) : await commitWithinLimits(engine, change);
    if (outcome.ok) {
      adopt(engine, state, change, outcome);
      state.shown = hash;
      if (change.epoch !== undefined) state.fence = undefined;
      state.pending = undefined;
      state.rotating = false;
      state.token = token;
      state.handBack = { token, lasts: (state.entry as Entry).life.absolute - now };
      return;
    }
    if (outcome.why !== "stale") throw refusal(outcome, state, change);
    await reload(engine, state, change);
  }
  throw new SojournError("stale", `The session was changed by others ${tries} times in a row; nothing was written. Try again.`);
}

/** What an anonymous session does not take through a log-in: fields, messages, a lease and what was due. */
function left({ fields }: SessionRecord, keep: ReadonlySet<string>): string[] {
  return Object.keys(fields).filter((name) =>
    name.charCodeAt(0) === 36 ? name.startsWith(own.flash) || name === own.lease || name === own.due : !keep.has(name),
  );
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
