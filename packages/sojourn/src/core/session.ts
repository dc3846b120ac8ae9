import { claim, release } from "./aliases.ts";
import { announce } from "./announce.ts";
import { authenticate, elevate, isFresh, levelsAt, type AuthenticateOptions } from "./authentication.ts";
import { milliseconds, type Duration } from "./duration.ts";
import { endOwn } from "./end-own.ts";
import type { Engine, Refusal, SessionState } from "./engine.ts";
import { checkpoint, restore, type Checkpoint } from "./checkpoints.ts";
import { deadlineOf, own } from "./entry.ts";
import { dueOf } from "./own-fields.ts";
import { SojournError } from "./errors.ts";
import type { EndReason } from "./events.ts";
import { lease, type Lease, type LeaseOptions } from "./lease.ts";
import { offerSuccessor, persist } from "./persist.ts";
import type { HandBack } from "./resumable.ts";
import type { MaybePromise, SessionId } from "./seam.ts";
import { settle } from "./settle.ts";
import { ticket } from "./tickets.ts";
import type { Token } from "./token.ts";
import { update } from "./update.ts";
import { checkName, textOf } from "./values.ts";
import { dueText } from "./wakes.ts";

type Name<Data> = keyof Data & string;

/**
 * A session as one request sees it. Asking for one creates nothing; the first write does. Writes are deltas: they wait until `commit()`,
 * or until the door commits them before the first byte of the answer. Values are deeply frozen: they may be shared between requests.
 */
export class Session<Data> {
  readonly #engine: Engine;
  readonly #state: SessionState;

  /** Sessions are given by a manager. */
  constructor(engine: Engine, state: SessionState) {
    this.#engine = engine;
    this.#state = state;
  }

  /** Whether there is a session, written or about to be. */
  get exists(): boolean {
    return this.#state.entry !== undefined;
  }

  /** Public name, stable for life, safe to log; `undefined` while there is no session. */
  get id(): SessionId | undefined {
    return this.#state.entry?.record.id;
  }

  get kind(): string {
    const { entry } = this.#state;
    return entry === undefined ? this.#engine.settings.kind : (this.#engine.names.kindOf(entry.record.kind) ?? "");
  }

  /** Whose it is; `undefined` while anonymous. */
  get subject(): string | undefined {
    const subject = this.#state.entry?.record.subject;
    return subject === undefined ? undefined : this.#engine.names.subjectOf(subject);
  }

  /** Grows by one with each commit; 0 while there is no session. */
  get version(): number {
    return this.#state.entry?.record.version ?? 0;
  }

  /** What the client presents to resume. Known only in the request that made or rotated it, or wrote to a sealed session: a store has its hash alone. */
  get token(): Token | undefined {
    return this.#engine.seals === undefined ? this.#state.token : this.#engine.seals.token(this.#state);
  }

  /** Epoch ms of creation. */
  get created(): number | undefined {
    return this.#state.entry?.life.created;
  }

  /** Epoch ms at which it ends if nothing happens until then. */
  get expiresAt(): number | undefined {
    const { entry } = this.#state;
    return entry === undefined ? undefined : deadlineOf(entry);
  }

  /** Epoch ms of the last authentication. */
  get authenticatedAt(): number | undefined {
    return this.#state.entry?.auth?.at;
  }

  /** Authentication method references (RFC 8176) by which the subject proved who it is. */
  get methods(): readonly string[] {
    return this.#state.entry?.auth?.methods ?? [];
  }

  /** Levels reached by `elevate()` that have not lapsed. */
  get levels(): readonly string[] {
    return Object.keys(levelsAt(this.#state.entry, this.#engine.settings.clock.now()));
  }

  /** Why the token that came with the request resumed nothing. For logs and for its owner's error text; never a reason to hand back a cookie. */
  get refusal(): Refusal | undefined {
    return this.#state.refusal;
  }

  /**
   * True while the store cannot be read and this is what the process remembers (`outage: { serve }`): good a moment ago, and read-only. Every write
   * throws `store_unavailable`; a message of `flash` is given and stays. What must not rest on a memory asks for this first.
   */
  get degraded(): boolean {
    return this.#state.degraded !== undefined;
  }

  /** The value of a field, frozen; what this request has set already included. */
  get<K extends Name<Data>>(name: K): Data[K] | undefined {
    return this.#engine.fields.value(this.#state, name) as Data[K] | undefined;
  }

  /** All fields as a frozen snapshot without a prototype. */
  get data(): Readonly<Partial<Data>> {
    return this.#engine.fields.data(this.#state) as Readonly<Partial<Data>>;
  }

  /**
   * Sets a field. The last commit wins for this field; other fields are not touched.
   * @throws {SojournError} `invalid_field`, `too_large`, `response_started`
   */
  set<K extends Name<Data>>(name: K, value: Data[K]): void {
    this.#put(name, this.#engine.fields.text(name, value));
  }

  /** Takes a field away. @throws {SojournError} `invalid_field`, `response_started` */
  delete(name: Name<Data>): void {
    checkName(name);
    const { entry, pending } = this.#state;
    if (pending?.has(name) || this.#engine.fields.has(entry, name)) this.#put(name, this.#engine.fields.removal(entry));
  }

  /**
   * Changes a field by a function of its value; written at once, by compare-and-set with retries, so that of many at once none is lost. The function
   * may be called several times. @throws {SojournError} `session_ended`, `invalid_field`, `too_large`, `response_started`, `stale` after 100 tries
   */
  async update<K extends Name<Data>>(name: K, fn: (value: Data[K] | undefined) => Data[K] | Promise<Data[K]>): Promise<Data[K]> {
    checkName(name);
    announce(this.#state);
    return (await update(this.#engine, this.#state, name, fn as (value: unknown) => unknown)) as Data[K];
  }

  /**
   * A message for the next time: with a value it is kept, without one it is given and taken away.
   * Two requests that ask at the same moment may both be given it.
   */
  flash(name: string, value?: unknown): unknown {
    checkName(name);
    const field = own.flash + name;
    const kept = value === undefined ? this.#engine.fields.value(this.#state, field) : undefined;
    if (value !== undefined) this.#put(field, textOf(name, value, this.#engine.settings.bounds));
    else if (kept !== undefined && !this.degraded) this.#put(field, undefined);
    return kept;
  }

  /**
   * Records that `subject` proved who it is; checking the proof is the application's. Written at once. Replaces the secret, so that a token
   * known before is worth nothing (session fixation), and begins both clocks anew. An anonymous session keeps only the fields named in
   * `keep`; the session of another subject ends (`replaced`) and a new one begins.
   * @throws {SojournError} `limit_reached`, `session_ended`, `invalid_field`, `invalid_option`, `response_started`
   */
  async authenticate(subject: string, options: AuthenticateOptions<Name<Data>> = {}): Promise<void> {
    announce(this.#state);
    await this.#state.touched;
    await authenticate(this.#engine, this.#state, subject, options);
  }

  /**
   * Raises the level of authorisation for a time (default 10 minutes), after the subject proved more. Written at once; replaces the secret.
   * @throws {SojournError} `not_authenticated`, `session_ended`, `invalid_field`, `response_started`
   */
  async elevate(level: string, options: { readonly methods?: readonly string[]; readonly for?: Duration } = {}): Promise<void> {
    announce(this.#state);
    await this.#state.touched;
    await elevate(this.#engine, this.#state, level, options);
  }

  /** Whether the subject proved who it is at most `within` ago; with a level, whether it was reached at most that long ago and has not lapsed. */
  isFresh(within: Duration, level?: string): boolean {
    return isFresh(this.#state.entry, this.#engine.settings.clock.now(), milliseconds(within, "within"), level);
  }

  /**
   * Offers the client a new secret; the old one stays good until the new one has been seen, and for a grace after that. Written at once.
   * Of several requests that rotate at the same moment one hands back a token.
   * @throws {SojournError} `session_missing`, `response_started`
   */
  async rotate(): Promise<void> {
    if (this.#state.entry === undefined) throw new SojournError("session_missing", "There is no session to rotate.");
    announce(this.#state);
    await persist(this.#engine, this.#state);
    await this.#state.touched;
    await offerSuccessor(this.#engine, this.#state);
  }

  /**
   * Gives the session further names by which a gateway finds it (`sessions.reach`), unique among the tenant's live sessions. All of them or none;
   * written at once. They prove nothing, and only their digests are stored.
   * @throws {SojournError} `alias_taken`, `too_large`, `invalid_field`, `session_ended`, `response_started`
   */
  async claim(...aliases: readonly string[]): Promise<void> {
    announce(this.#state);
    await claim(this.#engine, this.#state, aliases);
  }

  /** Takes names away; written at once. @throws {SojournError} `session_ended`, `response_started` */
  async release(...aliases: readonly string[]): Promise<void> {
    announce(this.#state);
    await release(this.#engine, this.#state, aliases);
  }

  /** Epoch ms at which the session asked to be woken, if it did. */
  get wakesAt(): number | undefined {
    return this.#state.pending?.has(own.due) === true ? dueOf(this.#state.pending.get(own.due)) : this.#state.entry?.due;
  }

  /**
   * Asks for a moment at which the handler of its kind is called (`sessions.onWake`), in any process; `undefined` takes it back. One at a time; the
   * deadlines go on. Written with the other fields. @throws {SojournError} `invalid_field`, `response_started`
   */
  wakeAt(at: number | undefined): void {
    if (at !== undefined || this.wakesAt !== undefined) this.#put(own.due, at === undefined ? undefined : dueText(at));
  }

  /**
   * Takes the right to act for the session; `undefined` while another holds it. Until it is released, all that this object writes is refused
   * (`lease_lost`) once another has taken it over.
   * @throws {SojournError} `session_missing`, `session_ended`, `response_started`
   */
  async lease(options: LeaseOptions = {}): Promise<Lease | undefined> {
    announce(this.#state);
    return lease(this.#engine, this.#state, options);
  }

  /**
   * Keeps a copy of the fields under a name, for good until its time is over; what is pending is written first. It belongs to the subject, who can
   * restore it in any later session; while there is none, to this session alone.
   * @throws {SojournError} `checkpoint_exists`, `limit_reached`, `session_missing`, `session_ended`, `response_started`
   */
  async checkpoint(name: string): Promise<Checkpoint> {
    announce(this.#state);
    return checkpoint(this.#engine, this.#state, name);
  }

  /**
   * Gives the session the fields of a checkpoint, and no others; what is pending is dropped. Secrets, subject, levels, deadlines and fields declared
   * as `authority` stay as they are. Written at once.
   * @throws {SojournError} `checkpoint_missing`, `session_missing`, `session_ended`, `response_started`
   */
  async restore(name: string): Promise<void> {
    announce(this.#state);
    await restore(this.#engine, this.#state, name);
  }

  /**
   * A text that works once, for one purpose, until the session's next log-in or end: see `sessions.redeem`. Written at once. `lasts`: default 1 minute.
   * @throws {SojournError} `session_missing`, `session_ended`, `limit_reached` (32 at a time), `invalid_field`, `response_started`
   */
  async ticket(purpose: string, options: { readonly lasts?: Duration } = {}): Promise<string> {
    announce(this.#state);
    return ticket(this.#engine, this.#state, purpose, milliseconds(options.lasts ?? "1m", "lasts"));
  }

  /** Ends the session, at once and for good; what was not committed is dropped. A write after it begins another session. */
  async end(reason: EndReason = "closed"): Promise<void> {
    this.#state.pending = undefined;
    if (this.#state.entry === undefined) return;
    announce(this.#state);
    await endOwn(this.#engine, this.#state, reason);
  }

  /**
   * Writes what is pending now, instead of with the answer. With `ifVersion` only if the session is still at that version.
   * @throws {SojournError} `stale`, `session_ended`, `too_large`, `store_unavailable`, `outcome_unknown`
   */
  async commit(options: { readonly ifVersion?: number } = {}): Promise<void> {
    await this.#state.touched;
    await persist(this.#engine, this.#state, options.ifVersion);
  }

  #put(name: string, text: string | undefined): void {
    announce(this.#state);
    (this.#state.pending ??= new Map()).set(name, text);
  }

  /**
   * What a door keeps of its own in a session, under a name that no field of an application has; with a text it is put, as `set` does.
   * @throws {SojournError} `response_started`
   */
  static own(session: Session<never>, name: `$${string}`, text?: string): string | undefined {
    if (text !== undefined) session.#put(name, text);
    return session.#state.pending?.get(name) ?? session.#state.entry?.record.fields[name];
  }

  /** For managers: see {@link settle}. */
  static settle(session: Session<never>): MaybePromise<HandBack | undefined> {
    return settle(session.#engine, session.#state);
  }
}
