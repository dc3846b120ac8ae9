import { outlivesRequests } from "#platform";
import { storedAliases } from "./claiming.ts";
import { callsOf } from "./calls.ts";
import { checkpointsOf, dropCheckpoint, readCheckpoint, type Checkpoint, type KeptCheckpoint } from "./checkpoints.ts";
import { create } from "./creation.ts";
import { milliseconds, type Duration } from "./duration.ts";
import { endAll, type EndAllOptions, type EndAllTarget } from "./end-all.ts";
import { endEntry } from "./ending.ts";
import { eraseSubject, type Erased } from "./erasure.ts";
import { eventOf, type Engine } from "./engine.ts";
import { entriesOf, own } from "./entry.ts";
import { emitter, type Emitter, type EndReason } from "./events.ts";
import { feed, type FeedEvent, type FeedOptions } from "./feed.ts";
import { feedHub } from "./feed-hub.ts";
import { floorsOf } from "./floors.ts";
import { infoOf, type SessionInfo } from "./info.ts";
import { isPromise } from "./maybe.ts";
import { checkAlias, checkKind, checkSubject, namesOf } from "./names.ts";
import type { Client, Resumable, Visit } from "./resumable.ts";
import type { Cursor, Query, SessionId, SessionRecord } from "./seam.ts";
import { stateInOutage } from "./outage.ts";
import { Session } from "./session.ts";
import { absoluteOf, settingsOf, type SessionsOptions } from "./settings.ts";
import { steadyClock } from "./steady-clock.ts";
import { startSweep, type Sweep } from "./sweep.ts";
import { redeem } from "./tickets.ts";
import { isId, newId } from "./token.ts";
import { live, newState } from "./visit.ts";
import { dueText, wakesOf } from "./wakes.ts";
import { fieldsOf } from "./fields.ts";

/** Whose sessions to list: one subject's, or all of one kind. */
export type Listed = { readonly subject: string } | { readonly kind: string };

/** What a session is to be from the beginning. */
export interface CreateOptions<Data> {
  /** Default: the manager's. */
  readonly kind?: string;
  /** Whose it is, when the caller has already proved that. */
  readonly subject?: string;
  /** Authentication method references (RFC 8176); with a subject only. */
  readonly methods?: readonly string[];
  readonly data?: Partial<Data>;
  readonly idle?: Duration;
  readonly absolute?: Duration;
  readonly client?: Client;
  /** Further names, unique among the tenant's live sessions; see {@link Session.claim}. */
  readonly aliases?: readonly string[];
  /** Epoch ms at which it is woken; see {@link Session.wakeAt}. */
  readonly wakeAt?: number;
}

/** Whose checkpoints: a subject's, or those that belong to a session. */
export type CheckpointOwner = { readonly subject: string } | { readonly id: string };

/** How a session is reached without a token. */
export interface ReachOptions {
  /** Whether this counts as activity of the session. Default true. */
  readonly touch?: boolean;
  /** Epoch ms at which the message came. Default: now. */
  readonly began?: number | undefined;
  readonly client?: Client | undefined;
}

/** A manager of sessions in a store. It opens nothing and starts no timer; only `run()` does. */
export interface Sessions<Data> extends Resumable<Data> {
  /** Begins a session at once; its `token` is for the client. @throws {SojournError} `limit_reached`, `store_full`, `invalid_field`, `too_large`, … */
  create(options?: CreateOptions<Data>): Promise<Session<Data>>;
  /** The session that a token resumes, if it does. For code that holds a token itself; web frameworks have adapters. */
  resume(token: string, client?: Client): Promise<Session<Data> | undefined>;
  /** What is known of a session, live or ended and retained. With a subject: only if it is theirs. */
  info(target: { readonly id: string; readonly subject?: string | undefined }): Promise<SessionInfo | undefined>;
  /** Sessions in the store's order: of a subject the live ones, of a kind the ended ones too. */
  list(query: Listed): AsyncIterable<SessionInfo>;
  /** One page of a listing. `next` is absent on the last; a page may be short without being the last. `limit`: default 100. */
  page(
    query: Listed,
    page?: { readonly after?: string | undefined; readonly limit?: number | undefined },
  ): Promise<{ readonly sessions: readonly SessionInfo[]; readonly next?: string }>;
  /** Ends one session. True when this call did it. Somebody else's id, with the own `subject` given, is as good as missing. */
  end(target: { readonly id: string; readonly subject?: string | undefined }, reason?: EndReason, by?: string): Promise<boolean>;
  /**
   * Ends all sessions of a subject, or with `everyone` of the tenant. A floor is written first, so that a log-in racing with this is dead too; no floor is
   * ever lowered. Gives how many live sessions of the subject (or of the kinds) it ended.
   * @throws {SojournError} `invalid_option` when `before` has not come yet
   */
  endAll(target: EndAllTarget, reason?: EndReason, by?: string, options?: EndAllOptions): Promise<number>;
  /**
   * The live session under an alias or an id, without a token: for a gateway that has authenticated the message itself, and for work in the
   * background. Never for what a client of the web sends.
   */
  reach(target: { readonly alias: string } | { readonly id: string }, options?: ReachOptions): Promise<Session<Data> | undefined>;
  /**
   * The session that a ticket is for (`session.ticket`), with all that it may do; the ticket is used up. `undefined` when it is none, was redeemed before, is
   * too old or for another purpose, or its session is over. Of many at once one has it. What is written to the session needs its `commit()`.
   * @throws {SojournError} `invalid_field`, `store_unavailable`, `outcome_unknown`
   */
  redeem(ticket: string, purpose: string, client?: Client): Promise<Session<Data> | undefined>;
  /** The checkpoints of a subject, or those that belong to a session; the newest first. */
  checkpoints(of: CheckpointOwner): Promise<readonly Checkpoint[]>;
  /** One of them with its values; `undefined` when there is none of that name. To no session is it activity. */
  readCheckpoint(of: CheckpointOwner, name: string): Promise<KeptCheckpoint<Data> | undefined>;
  /** Takes one away. True when this call did it. */
  dropCheckpoint(of: CheckpointOwner, name: string): Promise<boolean>;
  /**
   * Ends all sessions of a subject and erases what is kept of them, checkpoints included. Ended sessions of the manager's kind are found by reading
   * all of that kind; those of other kinds go when their retention is over.
   */
  erase(target: { readonly subject: string }): Promise<Erased>;
  /**
   * What to do for sessions of a kind whose time has come (`session.wakeAt`); gives a function that takes it away. `run()` calls it, in one of the
   * processes that have it, with the session as it is then. At least once: again after 30 seconds when it fails, or its process dies.
   * Once it has resolved, nothing is due any more, unless the session was given another time.
   */
  onWake(kind: string, handler: (session: Session<Data>) => Promise<void>): () => void;
  /** Listens to this process. Gives a function that stops it. */
  readonly on: Emitter["on"];
  /**
   * How many sessions of a kind have not ended; may lag by what the store's page says. `undefined` where the store does not count.
   * @throws {SojournError} `invalid_option`, `store_unavailable`
   */
  count(query: { readonly kind: string }): Promise<number | undefined>;
  /** Listens to everybody on the store. All who listen share one watch of it. */
  feed(options?: FeedOptions): AsyncIterable<FeedEvent>;
  /** From now on this process claims due wakes: it ends what has expired and erases what was retained long enough. Until `close()`. */
  run(): Promise<void>;
  /** Stops `run()`, once the handlers at work are done. The store stays open. */
  close(): Promise<void>;
}

/**
 * A session manager.
 * @throws {SojournError} `invalid_option`, naming the option
 */
export function createSessions<Data extends object = Record<string, unknown>>(options: SessionsOptions<Data>): Sessions<Data> {
  const settings = settingsOf(
    options,
    steadyClock((jump) => events.emit("clock", jump)),
  );
  const names = namesOf(settings.tenant);
  const events = emitter();
  const calls = callsOf(options.store, settings, (of, outage) => events.emit("outage", { of, ...outage }));
  const floors = floorsOf(calls, names, settings);
  const engine: Engine = {
    settings,
    names,
    calls,
    entries: entriesOf(10_000),
    events,
    floors,
    // While modules load, which is when most managers are made, Workers give no random bytes yet.
    get owner() {
      return (ownName ??= newId(Date.now()));
    },
    fields: fieldsOf(settings, (record, field) => events.emit("unreadable", { ...eventOf(engine, record), field })),
    wakes: wakesOf(() => engine),
    seals: undefined,
  };
  // Workers let nothing that one request began tell another.
  const hub = feedHub(engine, options.store);
  let ownName: string | undefined;
  let sweep: Sweep | undefined;

  function visit(given: Visit): ReturnType<Resumable<Data>["visit"]> {
    const state = stateInOutage(engine, given);
    return isPromise(state) ? state.then((arrived) => new Session<Data>(engine, arrived)) : new Session<Data>(engine, state);
  }

  async function known(id: string, subject: string | undefined): Promise<SessionRecord | undefined> {
    if (!isId(id)) return undefined;
    const record = await calls.load(id);
    if (record === undefined || names.kindOf(record.kind) === undefined) return undefined;
    return subject === undefined || record.subject === names.subject(subject) ? record : undefined;
  }

  function queryOf(listed: Listed): Query {
    return "subject" in listed ? { subject: names.subject(checkSubject(listed.subject)) } : { kind: names.kind(checkKind(listed.kind)) };
  }

  async function page(
    listed: Listed,
    { after, limit }: { readonly after?: string | undefined; readonly limit?: number | undefined } = {},
  ): ReturnType<Sessions<Data>["page"]> {
    const found = await calls.find(queryOf(listed), {
      ...(after === undefined ? undefined : { after: after as Cursor }),
      ...(limit === undefined ? undefined : { limit }),
    });
    const sessions: SessionInfo[] = [];
    for (const record of found.records) {
      const entry = engine.entries.of(record);
      const info = entry === undefined ? undefined : infoOf(engine, entry, floors.knownAbove(entry));
      if (info !== undefined && ("kind" in listed || info.ended === undefined)) sessions.push(info);
    }
    return found.next === undefined ? { sessions } : { sessions, next: found.next };
  }

  async function* list(listed: Listed): AsyncGenerator<SessionInfo, void, undefined> {
    let after: string | undefined;
    do {
      const found = await page(listed, { after });
      yield* found.sessions;
      after = found.next;
    } while (after !== undefined);
  }

  async function holderOf(alias: string): Promise<SessionRecord | undefined> {
    const { records } = await calls.find({ alias: await names.alias(checkAlias(alias)) });
    return records.find((record) => names.kindOf(record.kind) !== undefined);
  }

  async function ownerOf(of: CheckpointOwner): Promise<string | undefined> {
    const record = "subject" in of ? { id: "" as SessionId, subject: names.subject(checkSubject(of.subject)) } : await known(of.id, undefined);
    return record === undefined ? undefined : names.owner(record);
  }

  return {
    visit,
    settle: Session.settle,
    async create(init = {}) {
      const state = newState({ client: init.client }, undefined, undefined);
      const fields = Object.entries(init.data ?? {}).filter(([, value]) => value !== undefined);
      if (fields.length > 0) state.pending = new Map(fields.map(([name, value]) => [name, engine.fields.text(name, value)]));
      if (init.wakeAt !== undefined) (state.pending ??= new Map()).set(own.due, dueText(init.wakeAt));
      const now = settings.clock.now();
      await create(engine, state, {
        kind: init.kind === undefined ? settings.kind : checkKind(init.kind),
        ...(init.subject === undefined
          ? undefined
          : { subject: checkSubject(init.subject), auth: { at: now, methods: [...(init.methods ?? [])], levels: {} } }),
        idle: init.idle === undefined ? settings.idle : milliseconds(init.idle, "idle"),
        absolute: init.absolute === undefined ? settings.absolute : absoluteOf(init.absolute),
        claims: init.aliases === undefined ? undefined : await storedAliases(engine, init.aliases),
      });
      state.handBack = undefined;
      return new Session<Data>(engine, state);
    },
    async resume(token, client) {
      const session = await visit({ token, client });
      return session.exists ? session : undefined;
    },
    async info({ id, subject }) {
      const record = await known(id, subject);
      const entry = record === undefined ? undefined : engine.entries.of(record);
      return entry === undefined ? undefined : infoOf(engine, entry, floors.knownAbove(entry));
    },
    list,
    page,
    async end({ id, subject }, reason = "revoked", by) {
      const record = await known(id, subject);
      const entry = record === undefined || record.ended !== undefined ? undefined : engine.entries.of(record);
      return entry === undefined ? false : endEntry(engine, entry, reason, { by });
    },
    endAll: (target, reason = "revoked", by, following) => endAll(engine, target, reason, by, following),
    async reach(target, { touch = true, ...knock } = {}) {
      const record = "alias" in target ? await holderOf(target.alias) : await known(target.id, undefined);
      const entry = record === undefined ? undefined : engine.entries.of(record);
      if (entry === undefined) return undefined;
      const state = await live(engine, { ...knock, began: touch ? knock.began : entry.seen }, entry);
      return state.entry === undefined ? undefined : new Session<Data>(engine, state);
    },
    async redeem(text, purpose, client) {
      const state = await redeem(engine, text, purpose, { client });
      return state === undefined ? undefined : new Session<Data>(engine, state);
    },
    async checkpoints(of) {
      const owner = await ownerOf(of);
      return owner === undefined ? [] : checkpointsOf(engine, owner);
    },
    async readCheckpoint(of, name) {
      const owner = await ownerOf(of);
      return owner === undefined ? undefined : ((await readCheckpoint(engine, owner, name)) as KeptCheckpoint<Data> | undefined);
    },
    async dropCheckpoint(of, name) {
      const owner = await ownerOf(of);
      return owner === undefined ? false : dropCheckpoint(engine, owner, name);
    },
    erase: ({ subject }) => eraseSubject(engine, subject),
    onWake: (kind, handler) => engine.wakes.handle(names.kind(checkKind(kind)), (state) => handler(new Session<Data>(engine, state))),
    on: events.on,
    count: async ({ kind }) => calls.count?.({ kind: names.kind(checkKind(kind)) }),
    feed: (feedOptions = {}) => feed(engine, options.store, outlivesRequests ? hub : feedHub(engine, options.store), feedOptions),
    run() {
      sweep ??= startSweep(engine);
      return Promise.resolve();
    },
    async close() {
      await sweep?.stop();
      sweep = undefined;
      await engine.wakes.idle();
    },
  };
}
