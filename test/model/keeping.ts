import { endAll } from "./endings.ts";
import { inAnyOrder, land, landed, read, Trouble, type Checkpoint, type Fields, type Model, type Request, type Session, type Turn } from "./model.ts";
import { announce, commit, latest, live, refused, underLease } from "./writing.ts";

/** How many one may have, and for how long (ms); and the field that grants something. */
export const checkpoints = { limit: 2, keep: 20 * 60_000, authority: "theme" } as const;

export const ownerOf = ({ subject, name }: Pick<Session, "subject" | "name">): string => (subject === undefined ? name : `the subject ${subject}`);
const keyOf = (owner: string, name: string): string => `${name} of ${owner}`;
const isOver = (model: Model, { until }: Checkpoint): boolean => until <= model.now;

export function checkpoint(turn: Turn, request: Request, name: string): unknown {
  announce(request);
  if (request.view === undefined && request.pending === undefined) throw new Trouble("session_missing");
  commit(turn, request);
  if (request.view === undefined) throw new Trouble("session_missing");
  read(turn);
  const session = (request.view = live(turn, request));
  const { model } = turn;
  const owner = ownerOf(session);
  const fields = Object.fromEntries(Object.entries(session.fields).filter(([field]) => !field.startsWith("$") && field !== checkpoints.authority));
  const until = Math.min(model.now + checkpoints.keep, session.subject === undefined ? session.absolute : Infinity);
  const made: Checkpoint = { name, owner, at: model.now, until, session: session.name, version: session.version, fields };
  const key = keyOf(owner, name);
  for (;;) {
    const before = model.checkpoints.get(key);
    const kept = [...model.checkpoints].filter(([, other]) => other.owner === owner);
    const room = before === undefined && kept.length < checkpoints.limit;
    land(turn, () => void (room && model.checkpoints.set(key, made)));
    if (room) return shown(made);
    read(turn);
    if (before !== undefined && isOver(model, before)) land(turn, () => void model.checkpoints.delete(key));
    else if (before !== undefined) {
      // As if its answer had been lost.
      if (isSame(before, made)) return shown(made);
      throw new Trouble("checkpoint_exists");
    } else {
      const over = kept.filter(([, other]) => isOver(model, other));
      if (over.length === 0) throw new Trouble("limit_reached");
      for (const [other] of over) land(turn, () => void model.checkpoints.delete(other));
    }
  }
}

function isSame(one: Checkpoint, other: Checkpoint): boolean {
  return one.session === other.session && one.version === other.version && JSON.stringify(sorted(one.fields)) === JSON.stringify(sorted(other.fields));
}

const sorted = (fields: Fields): [string, unknown][] => Object.entries(fields).toSorted(([one], [other]) => (one < other ? -1 : 1));

function shown({ name, at, until, session, version, fields }: Checkpoint): unknown {
  return { name, at, until, session, version, fields: Object.keys(fields).toSorted() };
}

export function restore(turn: Turn, request: Request, name: string): void {
  announce(request);
  if (request.view === undefined) throw new Trouble("session_missing");
  read(turn);
  const { model } = turn;
  const kept = model.checkpoints.get(keyOf(ownerOf(request.view), name));
  if (kept === undefined || isOver(model, kept)) throw new Trouble("checkpoint_missing");
  request.pending = undefined;
  const session = latest(turn, request);
  underLease(turn, request, session);
  const stay = Object.entries(session.fields).filter(([field]) => field.startsWith("$") || field === checkpoints.authority);
  request.view = landed(turn, session, { fields: { ...Object.fromEntries(stay), ...kept.fields } });
}

/** Those of an owner, the newest first. */
export function keptOf({ model }: Turn, owner: string): unknown {
  return [...model.checkpoints.values()]
    .filter((one) => one.owner === owner && !isOver(model, one))
    .toSorted((one, other) => other.at - one.at || (one.name < other.name ? -1 : 1))
    .map(shown);
}

export function drop(turn: Turn, owner: string, name: string): boolean {
  read(turn);
  const key = keyOf(owner, name);
  if (!turn.model.checkpoints.has(key)) return false;
  land(turn, () => void turn.model.checkpoints.delete(key));
  return true;
}

/** Ends all of a subject and forgets it: each in turn, in the order in which the store has them. */
export function erase(turn: Turn, process: number, subject: string): unknown {
  const { model } = turn;
  const theirs = (): Session[] => [...model.sessions.values()].filter((session) => session.subject === subject);
  read(turn);
  const were = theirs().filter(({ ended }) => ended === undefined);
  endAll(turn, process, subject, undefined, "erased");
  let sessions = 0;
  const gone = ({ name }: Session): void => {
    land(turn, () => void model.sessions.delete(name));
    sessions++;
  };
  inAnyOrder(turn, were, (session) => {
    refused(turn);
    read(turn);
    gone(session);
  });
  read(turn);
  inAnyOrder(turn, theirs(), gone);
  read(turn);
  const kept = [...model.checkpoints].filter(([, { owner }]) => owner === ownerOf({ subject, name: "" }));
  inAnyOrder(turn, kept, ([key]) => land(turn, () => void model.checkpoints.delete(key)));
  return { sessions, checkpoints: kept.length };
}
