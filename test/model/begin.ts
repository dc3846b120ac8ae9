import { endExpired, endSession, isBelow, tell } from "./endings.ts";
import { belongsSince, expiryOf, inAnyOrder, land, read, Trouble, type Fields, type Model, type Request, type Session, type Turn } from "./model.ts";
import type { House } from "./houses.ts";
import { first } from "./secrets.ts";

export interface Birth {
  readonly subject?: string | undefined;
  readonly auth?: Session["auth"];
  readonly idle: number;
  readonly absolute: number;
  readonly claims?: readonly string[] | undefined;
}

/** Begins a session with what is pending. */
export function begin(turn: Turn, request: Request, birth: Birth): void {
  const { model } = turn;
  const house = model.houses[request.process]!;
  const name = `S${turn.name}`;
  const secret = `T${turn.name}`;
  const { now } = model;
  const session: Session = {
    name,
    subject: birth.subject,
    fields: present(request.pending),
    created: now,
    seen: now,
    idle: birth.idle,
    absolute: now + birth.absolute,
    lifetime: birth.absolute,
    retention: house.retention,
    auth: birth.auth,
    secrets: first(secret, now),
    version: 1,
    wake: now + Math.min(birth.idle, birth.absolute),
    aliases: birth.claims ?? [],
    epoch: 0,
  };
  freeNames(turn, request.process, session);
  makeRoom(turn, request.process, birth.subject, true);
  land(turn, () => {
    model.sessions.set(name, session);
    model.issued.set(secret, name);
  });
  Object.assign(request, {
    view: session,
    secret,
    pending: undefined,
    fence: undefined,
    refusal: undefined,
    token: secret,
    handBack: { token: secret, lasts: birth.absolute },
  } satisfies Partial<Request>);
  tell(turn, request.process, "created", session);
  if (birth.subject !== undefined) clearOfFloors(turn, request);
}

/** A log-in that a mass ending overtook is dead. So is one of which that cannot be found out: nobody is handed its token. */
export function clearOfFloors(turn: Turn, request: Request): void {
  const session = request.view as Session;
  let below: boolean;
  try {
    below = isBelow(turn, session);
  } catch {
    Object.assign(request, { view: undefined, token: undefined, handBack: undefined } satisfies Partial<Request>);
    endSession(turn, request.process, session.name, "revoked");
    throw new Trouble("outcome_unknown");
  }
  if (!below) return;
  endSession(turn, request.process, session.name, "revoked");
  Object.assign(request, { view: undefined, token: undefined, handBack: undefined } satisfies Partial<Request>);
  throw new Trouble("session_ended");
}

/** Of subject and kind: first what has expired goes; then the oldest, or the newcomer is refused. */
export function makeRoom(turn: Turn, process: number, subject: string | undefined, anew: boolean): void {
  const { model } = turn;
  const { whenFull, ...most } = model.houses[process]!;
  // Found full, and looked into after others had made room: what is there all the same goes.
  let late = turn.torn ? crowdOf(turn.before, most, subject, anew) : undefined;
  for (;;) {
    let full = crowdOf(model, most, subject, anew);
    if (full === undefined && late !== undefined && turn.choose(2) === 1) {
      full = late.flatMap(({ name }) => model.sessions.get(name) ?? []).filter(({ ended }) => ended === undefined);
      late = undefined;
      if (full.length === 0) return;
    }
    if (full === undefined) return;
    land(turn, () => undefined);
    read(turn);
    const expired = full.filter((session) => expiryOf(session, model.now) !== undefined);
    if (expired.length > 0) {
      inAnyOrder(turn, expired, (session) => void endExpired(turn, process, session));
      continue;
    }
    if (whenFull !== "end-oldest") throw new Trouble("limit_reached");
    const since = Math.min(...full.map(belongsSince));
    const oldest = full.filter((session) => belongsSince(session) === since);
    endSession(turn, process, oldest[oldest.length === 1 ? 0 : turn.choose(oldest.length)]!.name, "limit");
  }
}

/** The live ones that leave no room for one more. */
function crowdOf(model: Model, { perSubject, total }: Pick<House, "perSubject" | "total">, subject: string | undefined, anew: boolean): Session[] | undefined {
  const live = [...model.sessions.values()].filter((session) => session.ended === undefined);
  const theirs = subject === undefined || perSubject === undefined ? [] : live.filter((session) => session.subject === subject);
  if (theirs.length >= (perSubject ?? Infinity)) return theirs;
  return anew && live.length >= (total ?? Infinity) ? live : undefined;
}

/** Whoever holds a name that a session is to have gives way if its time is over, or if it lies below a floor. */
export function freeNames(turn: Turn, process: number, { name, aliases }: Pick<Session, "name" | "aliases">): void {
  const { model } = turn;
  for (;;) {
    const holders = aliases.flatMap((alias) => [...model.sessions.values()].filter((other) => other.name !== name && other.aliases.includes(alias)));
    const [holder] = holders;
    if (holder === undefined) return;
    land(turn, () => undefined);
    read(turn);
    if (expiryOf(holder, model.now) !== undefined) endExpired(turn, process, holder);
    else if (isBelow(turn, holder)) endSession(turn, process, holder.name, "revoked");
    else throw new Trouble("alias_taken");
  }
}

export function present(fields: Request["pending"]): Fields {
  return Object.fromEntries(Object.entries(fields ?? {}).filter(([, value]) => value !== undefined));
}

/** A session's fields with the pending ones over them. */
export function merged(fields: Fields, pending: Request["pending"]): Fields {
  return present({ ...fields, ...pending });
}
