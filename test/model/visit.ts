import { endExpired, endSession, isKnownBelow, tell } from "./endings.ts";
import { expiryOf, landed, quietly, read, type Request, type Session, type Turn } from "./model.ts";
import { arrived, judge } from "./secrets.ts";

/** What a request shows: a secret by its name, a real id with a secret of the stranger's own making, or no token's shape at all. */
export type Shown = { readonly secret: string } | { readonly forged: string } | "garbage" | undefined;

export interface Arrival {
  readonly process: number;
  readonly browser: number;
  readonly shown: Shown;
  /** How long before now the request began. */
  readonly ago: number;
  readonly rotates: boolean;
}

/** A request arrives. */
export function visit(turn: Turn, arrival: Arrival): Request {
  const { shown } = arrival;
  const request = newRequest(arrival);
  if (shown === undefined) return request;
  if (shown === "garbage") return Object.assign(request, { refusal: "malformed" });
  read(turn);
  if ("forged" in shown) return Object.assign(request, { refusal: "missing" });
  return resume(turn, arrival, request, shown.secret);
}

/** Somebody comes without a token, by another name of the session. */
export function reach(turn: Turn, arrival: Arrival, alias: string, touch: boolean): Request | undefined {
  read(turn);
  const session = [...turn.model.sessions.values()].find(({ aliases }) => aliases.includes(alias));
  if (session === undefined) return undefined;
  const { name } = session.secrets.issued.find(({ is }) => is === "current")!;
  const ago = touch ? arrival.ago : turn.model.now - session.seen;
  const request = alive(turn, { ...arrival, ago }, newRequest(arrival), session, name);
  return request.view === undefined ? undefined : request;
}

function newRequest({ process, browser }: Arrival): Request {
  return {
    process,
    browser,
    view: undefined,
    secret: undefined,
    refusal: undefined,
    late: false,
    pending: undefined,
    token: undefined,
    handBack: undefined,
    rotating: false,
    closed: false,
    fence: undefined,
    leases: [],
  };
}

function resume(turn: Turn, arrival: Arrival, request: Request, secret: string): Request {
  const { process } = arrival;
  const { model } = turn;
  const { now } = model;
  const house = model.houses[process]!;
  const session = model.sessions.get(model.issued.get(secret)!);
  if (session === undefined) return Object.assign(request, { refusal: "missing" });
  const is = judge(session.secrets, secret, now, house.grace);
  if (is === "unknown") return Object.assign(request, { refusal: "missing" });
  if (is === "reuse" && session.ended === undefined && endSession(turn, process, session.name, "reuse")) tell(turn, process, "reuse", session);
  if (is === "reuse" || is === "replaced") return Object.assign(request, { refusal: "replaced", late: true });
  if (session.ended !== undefined) {
    const { at, reason } = session.ended;
    const expired = reason === "idle" || reason === "absolute";
    return Object.assign(request, { refusal: expired ? "expired" : "ended", late: !expired && now - at <= house.grace });
  }
  return alive(turn, arrival, request, session, secret, is === "successor");
}

/** A session that was proven, or needs no proof, and has not ended. */
function alive(turn: Turn, { process, ago, rotates }: Arrival, request: Request, session: Session, secret: string, successor = false): Request {
  const { now } = turn.model;
  const house = turn.model.houses[process]!;
  if (expiryOf(session, now) !== undefined) {
    if (!isForestalled(turn)) quietly(turn, process, () => void endExpired(turn, process, session));
    return Object.assign(request, { refusal: "expired" });
  }
  if (isKnownBelow(turn, process, session)) {
    if (!isForestalled(turn)) quietly(turn, process, () => void endSession(turn, process, session.name, "revoked"));
    return Object.assign(request, { refusal: "ended" });
  }

  const began = now - ago;
  const noted = `${process} ${session.name}`;
  const touchesAfter = (seen: number): boolean => began - Math.max(seen, turn.model.touching.get(noted) ?? 0) > house.touch;
  // Of two that are met at once each may have read it before the other's touch.
  const sawLess = turn.torn && !touchesAfter(session.seen) && touchesAfter(turn.before.sessions.get(session.name)?.seen ?? now);
  const touches = touchesAfter(session.seen) || (sawLess && turn.choose(2) === 1);
  let view = session;
  // That it was seen is written by compare-and-set. If the touch gets there first, the next request tries again.
  if (successor && !((turn.crowded || (touches && turn.disorder)) && turn.choose(2) === 1)) {
    quietly(turn, process, () => void (view = landed(turn, view, { secrets: arrived(view.secrets, secret, now) })));
  }
  // Another one may end the session, or touch it, between the read and this.
  if (touches && !(turn.crowded && turn.choose(2) === 1)) {
    // If it cannot be written the next request tries again.
    quietly(turn, process, () => {
      view = landed(turn, latestOf(turn, view), { seen: began });
      turn.model.touching.set(noted, began);
    });
  }
  const rotating = rotates && !successor && now - session.secrets.last >= house.every;
  return Object.assign(request, { view, secret, rotating });
}

/** Somebody else ends it between the look and the write. Were there nobody, it would be seen afterwards that it still lives. */
function isForestalled(turn: Turn): boolean {
  return turn.torn && turn.choose(2) === 1;
}

/** A merge goes on what is there, not on what was read. */
function latestOf({ model }: Turn, view: Session): Session {
  return model.sessions.get(view.name) ?? view;
}
