import { belongsSince, deadlineOf, expiryOf, land, put, read, type Floor, type Session, type Turn } from "./model.ts";

export function tell(turn: Turn, process: number, what: string, session: Session): void {
  turn.told.push(`${process} ${what} ${session.name}`);
}

/** Ends a session, unless it has ended. The process that did it is told so, once. */
export function endSession(turn: Turn, process: number, name: string, reason: string, by?: string): boolean {
  const { model } = turn;
  let done = false;
  land(turn, () => {
    const session = model.sessions.get(name);
    if (session === undefined || session.ended !== undefined) return;
    put(model, session, { aliases: [], ended: { at: model.now, reason, ...(by !== undefined && { by }) }, wake: model.now + session.retention });
    done = true;
  });
  if (done) tell(turn, process, `ended ${reason}`, model.sessions.get(name) as Session);
  return done;
}

/** Ends it if its deadline has passed. */
export function endExpired(turn: Turn, process: number, session: Session): boolean {
  const reason = expiryOf(session, turn.model.now);
  return reason !== undefined && endSession(turn, process, session.name, reason);
}

function isUnder(session: Session, floor: Floor | undefined): boolean {
  return floor !== undefined && belongsSince(session) < floor.at && floor.except !== session.name;
}

/** A log-in looks at the floors themselves. */
export function isBelow(turn: Turn, session: Session): boolean {
  read(turn);
  return isUnder(session, turn.model.floors.get(undefined)) || (session.subject !== undefined && isUnder(session, turn.model.floors.get(session.subject)));
}

/** A resume may look at a copy that is `floorLag` old, except in the process that raised the floor. */
export function isKnownBelow(turn: Turn, process: number, session: Session): boolean {
  const { model } = turn;
  const { floorLag } = model.houses[process]!;
  read(turn);
  const over = [model.floors.get(undefined), session.subject === undefined ? undefined : model.floors.get(session.subject)];
  return over.some((floor) => {
    if (!isUnder(session, floor)) return false;
    const unheard = floor!.by !== process && (model.jumped || model.now - floor!.raised < floorLag);
    return !unheard || turn.choose(2) === 0;
  });
}

/** Nothing of the subject, or of anyone, that came before is live. */
export function raiseFloor(turn: Turn, process: number, subject: string | undefined, except: string | undefined): void {
  const { model } = turn;
  const raise = (by: number | undefined): void => {
    const at = Math.max(model.now, model.floors.get(subject)?.at ?? 0);
    model.floors.set(subject, { at, except, by, raised: model.now });
  };
  // Announcing it, whatever becomes of that, ends nothing.
  read(turn);
  read(turn);
  land(turn, () => raise(undefined));
  raise(process);
  // The mark beside it.
  read(turn);
  land(turn, () => undefined);
}

/** Ends all of a subject, or of everyone; the floor comes first. */
export function endAll(turn: Turn, process: number, subject: string | undefined, except: string | undefined, reason = "revoked"): number {
  const { model } = turn;
  raiseFloor(turn, process, subject, except);
  read(turn);
  let ended = 0;
  const over = [...model.sessions.values()].filter(
    (session) => session.ended === undefined && session.name !== except && (subject === undefined || session.subject === subject),
  );
  const doings = over.map((session) => ({ contested: true, act: () => void (endSession(turn, process, session.name, reason) && ended++) }));
  sideBySide(turn, doings);
  return ended;
}

interface Doing {
  act(): void;
  /** Another command might do it first. */
  readonly contested: boolean;
}

/** Each is done by itself; but if one fails, some of the others may not have been begun yet. */
function sideBySide(turn: Turn, doings: readonly Doing[]): void {
  const shaky = turn.armed;
  let trouble: Error | undefined;
  let left = false;
  for (const { act, contested } of doings) {
    if (shaky && turn.choose(2) === 1) {
      left = true;
      continue;
    }
    // Were there nobody else to do it, it would be seen afterwards that it was not done.
    if (contested && turn.torn && turn.choose(2) === 1) continue;
    try {
      act();
    } catch (error) {
      trouble = error as Error;
    }
  }
  if (trouble !== undefined) throw trouble;
  // None is left out when all went well.
  if (left) turn.told.push("this cannot be");
}

/** What is due is ended, looked at again later, or erased. */
export function sweep(turn: Turn, process: number): void {
  const { model } = turn;
  read(turn);
  const due = [...model.sessions.values()].filter((session) => session.wake <= model.now);
  const gone = [...model.checkpoints].filter(([, { until }]) => until <= model.now);
  sideBySide(turn, [
    ...due.map((session) => {
      const contested = session.ended === undefined && expiryOf(session, model.now) !== undefined;
      return { contested, act: () => (contested ? void endExpired(turn, process, session) : landLater(turn, session)) };
    }),
    ...gone.map(([key]) => ({ contested: false, act: () => land(turn, () => void model.checkpoints.delete(key)) })),
  ]);
}

function landLater(turn: Turn, session: Session): void {
  const { model } = turn;
  land(turn, () => void (session.ended === undefined ? put(model, session, { wake: deadlineOf(session) }) : model.sessions.delete(session.name)));
}
