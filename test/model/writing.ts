import { begin, freeNames, merged, present } from "./begin.ts";
import { land, landed, read, Trouble, type Request, type Session, type Turn } from "./model.ts";

/** Writes are told before anything else: after the answer began there are none. */
export function announce(request: Request): void {
  if (request.closed) throw new Trouble("response_started");
}

/** The session that a request writes to. Ended, gone or somebody else's by now: it is over for this request, which begins no other by the way. */
export function live(turn: Turn, request: Request): Session {
  const session = turn.model.sessions.get(request.view!.name);
  if (session !== undefined && session.ended === undefined && session.subject === request.view!.subject) return session;
  return over(request, session);
}

export function over(request: Request, session: Session | undefined): never {
  Object.assign(request, { view: undefined, late: true, refusal: session === undefined ? "missing" : "ended" } satisfies Partial<Request>);
  throw new Trouble("session_ended");
}

/** A write that the store refuses. */
export function refused(turn: Turn): void {
  land(turn, () => undefined);
}

/**
 * Whoever has a lease writes to nothing of which another has taken it since; whoever saw a session without a subject, to nothing that has moved on
 * since then.
 */
export function isFenced({ fence, view }: Request, there: Session): boolean {
  const epoch = fence ?? (view!.subject === undefined ? view!.epoch : undefined);
  return epoch !== undefined && epoch !== there.epoch;
}

/** What a compare-and-set finds: if the request's own view is out of date it is read again. */
export function latest(turn: Turn, request: Request): Session {
  if (turn.model.sessions.get(request.view!.name)?.version !== request.view!.version) {
    refused(turn);
    read(turn);
    request.view = live(turn, request);
  }
  return live(turn, request);
}

/** Before a compare-and-set of one's own lands. */
export function underLease(turn: Turn, request: Request, there: Session): void {
  if (!isFenced(request, there)) return;
  refused(turn);
  throw new Trouble("lease_lost");
}

/** Writes a part, whatever else others change. A lease that somebody took is no concern of those without one: they look, and write all the same. */
export function merge(turn: Turn, request: Request, change: (there: Session) => Partial<Session>): void {
  const { model } = turn;
  for (;;) {
    const there = model.sessions.get(request.view!.name);
    if (there === undefined || there.ended !== undefined) {
      refused(turn);
      over(request, there);
    }
    if (isFenced(request, there)) {
      refused(turn);
      if (request.fence !== undefined) throw new Trouble("lease_lost");
      read(turn);
      request.view = live(turn, request);
      continue;
    }
    const part = change(there);
    if (part.aliases !== undefined) freeNames(turn, request.process, { name: there.name, aliases: part.aliases });
    request.view = landed(turn, there, part);
    return;
  }
}

/** Commits what is pending. */
export function commit(turn: Turn, request: Request, onlyAt?: number): void {
  const { model } = turn;
  const { view, pending } = request;
  if (onlyAt !== undefined && onlyAt !== view?.version) throw new Trouble("stale");
  if (pending === undefined) return;
  if (view === undefined) {
    if (request.late) throw new Trouble("session_ended");
    if (Object.keys(present(pending)).length === 0) request.pending = undefined;
    else begin(turn, request, model.houses[request.process]!);
    return;
  }
  const there = model.sessions.get(view.name);
  if (onlyAt !== undefined && there !== undefined && there.ended === undefined) {
    if (there.version !== onlyAt) {
      refused(turn);
      throw new Trouble("stale");
    }
    underLease(turn, request, there);
  }
  merge(turn, request, (session) => ({ fields: merged(session.fields, pending) }));
  request.pending = undefined;
}
