import type { Choose } from "./explore.ts";
import type { House } from "./houses.ts";
import type { Secrets } from "./secrets.ts";

export type Fields = Readonly<Record<string, unknown>>;

/** A session as DESIGN says it: facts and policies, no caches, no versions of other people's making. */
export interface Session {
  readonly name: string;
  readonly subject?: string | undefined;
  readonly fields: Fields;
  readonly created: number;
  readonly seen: number;
  readonly idle: number;
  readonly absolute: number;
  readonly lifetime: number;
  readonly retention: number;
  readonly auth?: { readonly at: number; readonly methods: readonly string[]; readonly levels: Readonly<Record<string, number>> } | undefined;
  readonly secrets: Secrets;
  readonly version: number;
  readonly wake: number;
  /** Names beside its id, unique among those that live. */
  readonly aliases: readonly string[];
  /** Moved by every lease that is taken, and by a log-in. */
  readonly epoch: number;
  readonly lease?: { readonly by: string; readonly until: number } | undefined;
  readonly ended?: { readonly at: number; readonly reason: string; readonly by?: string } | undefined;
}

export interface Checkpoint {
  readonly name: string;
  readonly owner: string;
  readonly at: number;
  readonly until: number;
  readonly session: string;
  readonly version: number;
  readonly fields: Fields;
}

/** A lease as whoever took it knows it. */
export interface Held {
  readonly session: string;
  readonly epoch: number;
  readonly by: string;
}

/** What a browser is to keep from now on, and for how long at most. */
export interface HandBack {
  readonly token: string | undefined;
  readonly lasts?: number;
}

/** One request: what it saw of the session, and what it has not committed. Its own model's, so it may be changed. */
export interface Request {
  readonly process: number;
  readonly browser: number;
  /** The session as this request last saw it. */
  view: Session | undefined;
  /** The secret that it came with, or replaced it by. */
  secret: string | undefined;
  refusal: string | undefined;
  /** It came with what was good a moment ago: it begins no session. */
  late: boolean;
  /** `undefined`: taken away. */
  pending: Readonly<Record<string, unknown>> | undefined;
  token: string | undefined;
  handBack: HandBack | undefined;
  rotating: boolean;
  closed: boolean;
  /** The epoch of the lease under which it writes. */
  fence: number | undefined;
  /** The leases that it took, newest first. */
  leases: readonly Held[];
}

/** "Nothing of this subject (of the tenant: `undefined`) that came before is live." */
export interface Floor {
  readonly at: number;
  readonly except: string | undefined;
  /** Who knows it for certain. */
  readonly by: number | undefined;
  readonly raised: number;
}

/** Everything that is so. Sessions in it are replaced, never changed. */
export interface Model {
  now: number;
  /** The clock was put back at some time. */
  jumped: boolean;
  readonly houses: readonly House[];
  readonly sessions: Map<string, Session>;
  readonly floors: Map<string | undefined, Floor>;
  /** By owner and name. */
  readonly checkpoints: Map<string, Checkpoint>;
  /** Name of a secret → name of its session. */
  readonly issued: Map<string, string>;
  readonly requests: Map<number, Request>;
  /** What the browsers were handed, newest first. `undefined`: told to forget. */
  readonly jars: Map<number, readonly (string | undefined)[]>;
  /** When a process last meant to note activity: it throttles by that too. */
  readonly touching: Map<string, number>;
}

export function newModel(now: number, houses: readonly House[]): Model {
  return {
    now,
    jumped: false,
    houses,
    sessions: new Map(),
    floors: new Map(),
    checkpoints: new Map(),
    issued: new Map(),
    requests: new Map(),
    jars: new Map(),
    touching: new Map(),
  };
}

export function copyOf(model: Model): Model {
  return {
    ...model,
    sessions: new Map(model.sessions),
    floors: new Map(model.floors),
    checkpoints: new Map(model.checkpoints),
    issued: new Map(model.issued),
    requests: new Map([...model.requests].map(([slot, request]) => [slot, { ...request }])),
    jars: new Map(model.jars),
    touching: new Map(model.touching),
  };
}

/** A command being carried out on the model. */
export interface Turn {
  readonly model: Model;
  /** As it was when all that is carried out at once was begun: browsers show what they held then. */
  readonly before: Model;
  readonly choose: Choose;
  /** Names what it makes: session `S<name>`, secret `T<name>`. */
  readonly name: string;
  /** Calls to the store may overtake each other. */
  readonly disorder: boolean;
  /** Other commands are under way. */
  readonly crowded: boolean;
  /** And what they do lies between this one's looks and its writes. */
  readonly torn: boolean;
  /** A store call of this command may go wrong. */
  armed: boolean;
  readonly told: string[];
}

/** What a command comes to when it is refused. */
export class Trouble extends Error {
  override readonly name = "Trouble";
  readonly code: string;

  constructor(code: string) {
    super(code);
    this.code = code;
  }
}

/** A read from the store. */
export function read(turn: Turn): void {
  if (!turn.armed || turn.choose(2) === 0) return;
  turn.armed = false;
  throw new Trouble("store_unavailable");
}

/** A write to the store: it lands; or fails; or lands and nobody is told. */
export function land(turn: Turn, effect: () => void): void {
  const fate = turn.armed ? turn.choose(3) : 0;
  if (fate !== 1) effect();
  if (fate === 0) return;
  turn.armed = false;
  throw new Trouble(fate === 1 ? "store_unavailable" : "outcome_unknown");
}

/** Does something with each in turn, in the order in which the store has them; which that is matters only where it breaks off. */
export function inAnyOrder<T>(turn: Turn, items: readonly T[], act: (item: T) => void): void {
  const left = [...items];
  while (left.length > 0) act(left.splice(turn.armed ? turn.choose(left.length) : 0, 1)[0] as T);
}

/** A write that nobody waits for. */
export function quietly(turn: Turn, process: number, write: () => void): void {
  try {
    write();
  } catch (error) {
    if (!(error instanceof Trouble)) throw error;
    turn.told.push(`${process} failed`);
  }
}

export function put(model: Model, session: Session, change: Partial<Session>): Session {
  const next = { ...session, ...change, version: session.version + 1 };
  model.sessions.set(session.name, next);
  return next;
}

/** The session as it is after a change, if its caller hears that it landed. */
export function landed(turn: Turn, session: Session, change: Partial<Session>, secret?: string): Session {
  let next = session;
  land(turn, () => {
    if (secret !== undefined) turn.model.issued.set(secret, session.name);
    next = put(turn.model, session, change);
  });
  return next;
}

export function deadlineOf({ seen, idle, absolute }: Session): number {
  return Math.min(seen + idle, absolute);
}

export function expiryOf(session: Session, now: number): "idle" | "absolute" | undefined {
  if (now < deadlineOf(session)) return undefined;
  return session.seen + session.idle < session.absolute ? "idle" : "absolute";
}

/** Since when it has belonged to its subject. */
export function belongsSince({ auth, created }: Session): number {
  return auth?.at ?? created;
}
