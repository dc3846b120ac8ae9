import { callsOf, type Calls } from "../core/calls.ts";
import { create } from "../core/creation.ts";
import { milliseconds } from "../core/duration.ts";
import { endEntry } from "../core/ending.ts";
import type { Engine } from "../core/engine.ts";
import { entriesOf } from "../core/entry.ts";
import { emitter, type Emitter, type EndReason } from "../core/events.ts";
import { SojournError } from "../core/errors.ts";
import { fieldsOf } from "../core/fields.ts";
import type { Floors } from "../core/floors.ts";
import { isPromise } from "../core/maybe.ts";
import { checkSubject, namesOf } from "../core/names.ts";
import type { Client, Resumable, Visit } from "../core/resumable.ts";
import type { SessionId, Store } from "../core/seam.ts";
import { Session } from "../core/session.ts";
import { absoluteOf, settingsOf, type SessionsOptions } from "../core/settings.ts";
import { steadyClock } from "../core/steady-clock.ts";
import { startSweep, type Sweep } from "../core/sweep.ts";
import { isId } from "../core/token.ts";
import { wakesOf } from "../core/wakes.ts";
import { checkBefore, endAll, type EndAllTarget, type EndEveryone } from "../core/end-all.ts";
import type { CreateOptions } from "../core/sessions.ts";
import { asideStore } from "./aside.ts";
import { boxOf } from "./box.ts";
import { compression } from "./compression.ts";
import { keyring, type Keyring } from "./keys.ts";
import type { SealedParts } from "./parts.ts";
import { placesOf } from "./places.ts";
import { revocationsOf } from "./revocations.ts";
import type { RevocableOptions, SealedOptions } from "./sealed-options.ts";
import { sealedVisit } from "./sealed-session.ts";

/** A manager of sessions that travel with their clients. Without `revocations` it cannot end what it does not see. */
export interface SealedSessions<Data> extends Resumable<Data> {
  /** Begins a session at once; its `token` is for the client. @throws {SojournError} `limit_reached`, `invalid_field`, `too_large`, … */
  create(options?: Omit<CreateOptions<Data>, "kind" | "aliases" | "wakeAt">): Promise<Session<Data>>;
  /** The session that a token resumes, if it does. `place`: the name of the cookie that it came in; a token of `session.token` has none. */
  resume(token: string, options?: { readonly place?: string; readonly client?: Client }): Promise<Session<Data> | undefined>;
  /** The keys, to be replaced while the process runs. */
  readonly keys: Keyring;
  /** Listens to this process. Gives a function that stops it. */
  readonly on: Emitter["on"];
  /** Begins to follow `revocations`, and to erase what is over in the stores that were given. Visits begin the first of these by themselves. */
  run(): Promise<void>;
  /** Stops that. The stores stay open. */
  close(): Promise<void>;
}

/** The same where it is kept what has ended. */
export interface RevocableSessions<Data> extends SealedSessions<Data> {
  /**
   * Ends a session on every node: as soon as each hears of it, and one that hears nothing for `silence` serves no session that has a subject. With a subject: only if it is theirs. True when this call wrote it down, which is no word on whether there was
   * such a session.
   */
  end(target: { readonly id: string; readonly subject?: string | undefined }, reason?: EndReason, by?: string): Promise<boolean>;
  /** Ends all sessions of a subject, or with `everyone` of the tenant, on every node; a log-in racing with this is dead too. @throws {SojournError} `invalid_option` when `before` has not come yet */
  endAll(target: Exclude<EndAllTarget, EndEveryone> | Omit<EndEveryone, "kinds">, reason?: EndReason, by?: string): Promise<void>;
}

const noFloors: Floors = { raise: () => Promise.reject(new TypeError("there are no floors")), below: () => false, belowKnown: () => false };

/**
 * A manager of sessions that travel, sealed, with their clients: the server keeps keys and no sessions. Handlers and web adapters are those of sessions in a store.
 * @throws {SojournError} `invalid_option`, naming the option
 */
export function sealedSessions<Data extends object = Record<string, unknown>>(options: RevocableOptions<Data>): RevocableSessions<Data>;
export function sealedSessions<Data extends object = Record<string, unknown>>(options: SealedOptions<Data>): SealedSessions<Data>;
export function sealedSessions<Data extends object>(options: SealedOptions<Data> & Partial<RevocableOptions<Data>>): RevocableSessions<Data> {
  const { revocations: kept, overflow, shared = [] } = options;
  if (shared.length > 0 && overflow === undefined)
    throw new SojournError("invalid_option", "shared is given without overflow. Give the store in which shared fields rest: overflow: lmdbStore(…).");
  if (options.limit !== undefined && kept === undefined)
    throw new SojournError("invalid_option", "limit is given without revocations. What is to be counted has to be written down: revocations: lmdbStore(…).");
  const settings = settingsOf(
    options as unknown as SessionsOptions<Data>,
    steadyClock((jump) => events.emit("clock", jump)),
  );
  const longest = options.longest === undefined ? Math.max(settings.absolute, 30 * 86_400_000) : absoluteOf(options.longest);
  const names = namesOf(settings.tenant);
  const events = emitter();
  const ring = "replace" in options.keys ? options.keys : keyring(options.keys);
  const contexts = new Map<string | undefined, string>();
  const callsTo = (store: Store): Calls => callsOf(store, settings, (of, outage) => events.emit("outage", { of, ...outage }));
  const keptCalls = kept === undefined ? undefined : callsTo(kept);
  const overflowCalls = overflow === undefined ? undefined : overflow === kept ? keptCalls : callsTo(overflow);
  const revocations =
    kept === undefined || keptCalls === undefined
      ? undefined
      : revocationsOf(kept, keptCalls, names, {
          clock: settings.clock,
          floorLag: settings.floorLag,
          silence: milliseconds(options.silence ?? "5s", "silence"),
          unheard: options.unheard ?? "refuse",
        });
  const shareOfEngine: SealedParts["engine"] = {
    settings,
    names,
    events,
    fields: fieldsOf(settings, ({ id, kind, subject }, field) =>
      events.emit("unreadable", {
        id,
        kind: names.kindOf(kind) ?? kind,
        subject: subject === undefined ? undefined : names.subjectOf(subject),
        at: settings.clock.now(),
        field,
      }),
    ),
    floors: revocations?.floors ?? noFloors,
    wakes: wakesOf(() => engineFor(keptCalls ?? (overflowCalls as Calls))),
  };
  /** For what is done in a store itself: sweeping, counting. */
  function engineFor(calls: Calls): Engine {
    return { ...shareOfEngine, calls, owner: "", entries: entriesOf(1_000), seals: undefined };
  }
  const keptEngine = keptCalls === undefined ? undefined : engineFor(keptCalls);
  const places =
    keptEngine === undefined || revocations === undefined || settings.limit.perSubject === undefined ? undefined : placesOf(keptEngine, revocations, settings);

  const parts: SealedParts = {
    settings,
    names,
    events,
    box: boxOf(ring, "session"),
    asynchronous: isPromise(ring.ids),
    context(place) {
      let context = contexts.get(place);
      if (context === undefined) {
        context = `${settings.tenant}\n${settings.kind}\n${place ?? ""}`;
        // Names of cookies are few; whoever asks by hand for more gets them all the same.
        if (contexts.size < 100) contexts.set(place, context);
      }
      return context;
    },
    packing: options.compress === undefined ? undefined : { fields: new Set(options.compress.fields), compression: compression(options.compress) },
    readers: options.readers ?? [],
    revocations,
    places,
    aside: overflowCalls === undefined ? undefined : asideStore(overflowCalls, names, shared),
    longest,
    engine: shareOfEngine,
  };
  let sweeps: readonly Sweep[] | undefined;

  function visit(given: Visit): ReturnType<Resumable<Data>["visit"]> {
    const arrived = sealedVisit(parts, given);
    return isPromise(arrived) ? arrived.then(({ engine, state }) => new Session<Data>(engine, state)) : new Session<Data>(arrived.engine, arrived.state);
  }

  return {
    visit,
    settle: Session.settle,
    async create(init = {}) {
      const { engine, state } = await sealedVisit(parts, { client: init.client });
      const fields = Object.entries(init.data ?? {}).filter(([, value]) => value !== undefined);
      if (fields.length > 0) state.pending = new Map(fields.map(([name, value]) => [name, engine.fields.text(name, value)]));
      const now = settings.clock.now();
      await create(engine, state, {
        kind: settings.kind,
        ...(init.subject === undefined
          ? undefined
          : { subject: checkSubject(init.subject), auth: { at: now, methods: [...(init.methods ?? [])], levels: {} } }),
        idle: init.idle === undefined ? settings.idle : milliseconds(init.idle, "idle"),
        absolute: init.absolute === undefined ? settings.absolute : absoluteOf(init.absolute),
      });
      return new Session<Data>(engine, state);
    },
    async resume(token, { place, client } = {}) {
      const session = await visit({ token, place, client });
      return session.exists ? session : undefined;
    },
    keys: ring,
    on: events.on,
    async run() {
      const engines = [keptEngine, overflowCalls === undefined || overflowCalls === keptCalls ? undefined : engineFor(overflowCalls)];
      sweeps ??= engines.flatMap((engine) => (engine === undefined ? [] : [startSweep(engine)]));
      await revocations?.follow();
    },
    async close() {
      await Promise.all((sweeps ?? []).map((sweep) => sweep.stop()));
      sweeps = undefined;
      await revocations?.stop();
    },
    async end({ id, subject }, reason = "revoked", by) {
      if (revocations === undefined || !isId(id)) return false;
      const stored = subject === undefined ? undefined : names.subject(checkSubject(subject));
      const until = settings.clock.now() + longest;
      const done = await revocations.end(id, {
        reason,
        until,
        ...(by === undefined ? undefined : { by }),
        ...(stored === undefined ? undefined : { subject: stored }),
      });
      if (done) events.emit("ended", { id, kind: settings.kind, subject, at: settings.clock.now(), reason, by });
      await giveUpPlace(id, stored, reason, by);
      return done;
    },
    async endAll(target, reason = "revoked", by) {
      if (revocations === undefined) return;
      // Tokens tell whole milliseconds. Whoever logged in during this one is not spared: nobody goes through a list here.
      const now = settings.clock.now();
      const at = "everyone" in target && target.before !== undefined ? checkBefore(target.before, now) : Math.floor(now) + 1;
      if ("everyone" in target) await revocations.floors.raise(undefined, at, []);
      else await revocations.floors.raise(names.subject(checkSubject(target.subject)), at, target.except === undefined ? [] : [target.except as SessionId]);
      if (keptEngine !== undefined && places !== undefined) await endAll(keptEngine, target, reason, by);
    },
  };

  async function giveUpPlace(id: SessionId, subject: string | undefined, reason: EndReason, by: string | undefined): Promise<void> {
    if (keptEngine === undefined || places === undefined) return;
    const record = await keptEngine.calls.load(id);
    const entry = record === undefined || (subject !== undefined && record.subject !== subject) ? undefined : keptEngine.entries.of(record);
    if (entry !== undefined) await endEntry(keptEngine, entry, reason, { by });
  }
}
