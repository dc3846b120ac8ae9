import { begin, clearOfFloors, makeRoom, merged } from "./begin.ts";
import { endSession, tell } from "./endings.ts";
import { expiryOf, land, landed, quietly, read, Trouble, type HandBack, type Request, type Session, type Turn } from "./model.ts";
import { isSevered, offer, sever } from "./secrets.ts";
import { announce, commit, isFenced, latest, live, over, refused, underLease } from "./writing.ts";

export function value(request: Request, name: string): unknown {
  return request.pending !== undefined && name in request.pending ? request.pending[name] : request.view?.fields[name];
}

export function write(request: Request, name: string, given: unknown): void {
  if (given === undefined && value(request, name) === undefined && !(request.pending !== undefined && name in request.pending)) return;
  announce(request);
  request.pending = { ...request.pending, [name]: given };
}

/** Compare-and-set of one field. */
export function update(turn: Turn, request: Request, name: string, fn: (value: unknown) => unknown): unknown {
  announce(request);
  commit(turn, request);
  if (request.view === undefined) {
    const next = fn(undefined);
    request.pending = { [name]: next };
    commit(turn, request);
    return next;
  }
  const session = latest(turn, request);
  const next = fn(session.fields[name]);
  underLease(turn, request, session);
  request.view = landed(turn, session, { fields: { ...session.fields, [name]: next } });
  return next;
}

/** For acts that hand out a secret: whoever came with one that was replaced at once meanwhile gets no other. */
function own(turn: Turn, request: Request): Session {
  // Others may have kept it alive: only a look tells that its time is over.
  if (expiryOf(request.view!, turn.model.now) !== undefined) {
    read(turn);
    request.view = live(turn, request);
  }
  const session = latest(turn, request);
  if (isSevered(session.secrets, request.secret!) || expiryOf(session, turn.model.now) !== undefined) over(request, session);
  underLease(turn, request, session);
  return session;
}

export interface LogIn {
  readonly subject: string;
  readonly keep: readonly string[];
  readonly idle?: number | undefined;
  readonly absolute?: number | undefined;
}

export function authenticate(turn: Turn, request: Request, { subject, keep, idle: idleGiven, absolute: absoluteGiven }: LogIn): void {
  announce(request);
  const { model } = turn;
  const { now } = model;
  const house = model.houses[request.process]!;
  const { view } = request;
  const kept = request.pending && Object.fromEntries(Object.entries(request.pending).filter(([name]) => keep.includes(name)));
  const idle = idleGiven ?? view?.idle ?? house.idle;
  const absolute = absoluteGiven ?? view?.lifetime ?? house.absolute;
  const auth = { at: now, methods: ["pwd"], levels: {} };
  if (view?.subject !== undefined && view.subject !== subject) {
    const there = model.sessions.get(view.name);
    if (there !== undefined && there.ended === undefined) underLease(turn, request, there);
    endSession(turn, request.process, view.name, "replaced");
    request.view = undefined;
    request.pending = undefined;
  }
  if (request.view === undefined) {
    request.pending = request.pending && kept;
    begin(turn, request, { subject, auth, idle, absolute });
  } else {
    const session = own(turn, request);
    const anonymous = session.subject === undefined;
    const before = anonymous ? Object.fromEntries(Object.entries(session.fields).filter(([name]) => keep.includes(name))) : session.fields;
    if (anonymous) makeRoom(turn, request.process, subject, false);
    replaceSecret(turn, request, {
      subject,
      fields: merged(before, anonymous ? kept : request.pending),
      idle,
      absolute: now + absolute,
      lifetime: absolute,
      seen: now,
      auth,
      wake: now + Math.min(idle, absolute),
      // Whoever saw the session without a subject writes to it no more.
      ...(anonymous && { epoch: session.epoch + 1, lease: undefined }),
    });
    if (anonymous) request.fence = undefined;
    clearOfFloors(turn, request);
  }
  tell(turn, request.process, "authenticated", request.view as Session);
}

export function elevate(turn: Turn, request: Request, level: string, lasts: number): void {
  announce(request);
  if (request.view?.auth === undefined) throw new Trouble("not_authenticated");
  const { now } = turn.model;
  const session = own(turn, request);
  const auth = session.auth!;
  const levels = Object.fromEntries(Object.entries(auth.levels).filter(([, until]) => until > now));
  replaceSecret(turn, request, {
    fields: merged(session.fields, request.pending),
    auth: { ...auth, methods: [...new Set([...auth.methods, "otp"])], levels: { ...levels, [level]: now + lasts } },
  });
  tell(turn, request.process, `elevated`, request.view);
}

function replaceSecret(turn: Turn, request: Request, change: Partial<Session>): void {
  const { model } = turn;
  // Making room for a log-in may have ended it.
  const session = live(turn, request);
  const secret = `T${turn.name}`;
  const next = landed(turn, session, { ...change, secrets: sever(session.secrets, secret, model.now) }, secret);
  Object.assign(request, {
    view: next,
    secret,
    pending: undefined,
    rotating: false,
    token: secret,
    handBack: { token: secret, lasts: next.absolute - model.now },
  } satisfies Partial<Request>);
}

export function rotate(turn: Turn, request: Request): void {
  if (request.view === undefined) throw new Trouble("session_missing");
  announce(request);
  commit(turn, request);
  offerSuccessor(turn, request);
}

/** By compare-and-set: whoever does not win hands back nothing. */
function offerSuccessor(turn: Turn, request: Request): void {
  const { model } = turn;
  const { view } = request;
  request.rotating = false;
  if (view === undefined) return;
  const session = model.sessions.get(view.name);
  // Of several that try at once one wins, and whoever else writes meanwhile makes it lose.
  const beaten = turn.crowded && turn.choose(2) === 1;
  const may =
    !beaten &&
    session !== undefined &&
    session.ended === undefined &&
    session.version === view.version &&
    !isFenced(request, session) &&
    !isSevered(session.secrets, request.secret!);
  const secret = `T${turn.name}`;
  if (!may) return land(turn, () => undefined);
  request.view = landed(turn, session, { secrets: offer(session.secrets, secret, model.now) }, secret);
  Object.assign(request, { token: secret, handBack: { token: secret, lasts: view.absolute - model.now } } satisfies Partial<Request>);
  tell(turn, request.process, "rotated", view);
}

export function end(turn: Turn, request: Request): void {
  request.pending = undefined;
  if (request.view === undefined) return;
  announce(request);
  const there = turn.model.sessions.get(request.view.name);
  if (there !== undefined && there.ended === undefined && isFenced(request, there)) {
    refused(turn);
    if (request.fence !== undefined) throw new Trouble("lease_lost");
    read(turn);
    request.view = live(turn, request);
  }
  endSession(turn, request.process, request.view.name, "closed", request.view.subject);
  Object.assign(request, { view: undefined, fence: undefined, token: undefined, rotating: false, handBack: { token: undefined } } satisfies Partial<Request>);
}

/** The answer begins: what is pending is committed, and the browser is handed what there is for it. */
export function settle(turn: Turn, request: Request): HandBack | undefined {
  request.closed = true;
  commit(turn, request);
  // Nobody asked for it, and the old secret is as good as it was: it is no reason to refuse the answer.
  if (request.rotating) quietly(turn, request.process, () => offerSuccessor(turn, request));
  return request.handBack;
}
