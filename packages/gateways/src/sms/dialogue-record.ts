import type { Session, Sessions } from "sojourn";
import type { Json, Step, Wait } from "../replay.ts";

/** The sessions of text messages: each field by its own name, so that what one step changes is all that is written. */
export type SmsSessions = Sessions<Record<string, Json>>;
export type SmsSession = Session<Record<string, Json>>;

/** What a dialogue is, from its beginning. The field `dialogue`. */
export interface Origin {
  readonly name: string;
  readonly version: number;
  readonly args: Json;
  /** E.164. */
  readonly handset: string;
}

/** A message that the network has not taken yet. A field `out.<n>`. */
export interface Out {
  readonly from: string;
  readonly text: string;
  /** Epoch ms at which it was said. */
  readonly at: number;
  /** Epoch ms before which it is not tried (again). */
  readonly next: number;
  readonly tries: number;
  /** It has its place in the rate of its number: `next`. */
  readonly reserved?: boolean;
}

/** How a dialogue has come to its end. The field `over`; the session ends once all that it said is with the network. */
export interface Over {
  /** `done` · `timeout` · `misunderstood` · `failed` · `changed`. */
  readonly reason: string;
  readonly result?: Json;
}

/** Where a dialogue's steps are: `turn.<first>` up to `turn.<next>`, that one not included; some were put together in the one before. The field `turns`. */
export interface Turns {
  readonly first: number;
  readonly next: number;
}

/** A field that is text. */
export function textIn(session: SmsSession, name: string): string | undefined {
  const value = session.get(name);
  return typeof value === "string" ? value : undefined;
}

export function originOf(session: SmsSession): Origin | undefined {
  return session.get("dialogue") as Origin | undefined;
}

export function overOf(session: SmsSession): Over | undefined {
  return session.get("over") as Over | undefined;
}

export function waitOf(session: SmsSession): Wait | undefined {
  return session.get("wait") as Wait | undefined;
}

export function turnsOf(session: SmsSession): Turns {
  return (session.get("turns") as Turns | undefined) ?? { first: 0, next: 0 };
}

export function journalOf(session: SmsSession, { first, next }: Turns = turnsOf(session)): Step[] {
  const steps: Step[] = [];
  for (let n = first; n < next; n++) steps.push(...((session.get(`turn.${n}`) as readonly Step[] | undefined) ?? []));
  return steps;
}

/** Fields of turns that are put together as one: a record of hundreds of fields is slow to change. */
const folded = 16;
/** Longest text of turns put together: a field has 64 kB. */
const longestFold = 16_000;

/** Keeps the steps of one more turn with the next commit. */
export function keep(session: SmsSession, { first, next }: Turns, steps: readonly Step[]): void {
  const after = steps.length > 0 ? next + 1 : next;
  if (steps.length > 0) session.set(`turn.${next}`, steps as unknown as Json);
  session.set("turns", json({ first, next: after }));
  const from = after - folded;
  if (after === next || from < first || (after - first) % folded !== 0) return;
  const all = journalOf(session, { first: from, next: after });
  if (JSON.stringify(all).length > longestFold) return;
  session.set(`turn.${from}`, all as unknown as Json);
  for (let n = from + 1; n < after; n++) session.delete(`turn.${n}`);
}

/** The messages that wait, in the order in which they were said. */
export function outsOf(session: SmsSession): (readonly [n: number, out: Out])[] {
  const outs: (readonly [number, Out])[] = [];
  // They are taken away in that order too, so behind a gap there is nothing that waits.
  for (let n = saidBy(session) - 1; n >= 0; n--) {
    const out = session.get(`out.${n}`) as Out | undefined;
    if (out === undefined) break;
    outs.unshift([n, out]);
  }
  return outs;
}

/** How many messages a session has said: the number of the next. */
export function saidBy(session: SmsSession): number {
  return Number(session.get("said") ?? 0);
}

/** Says something with the next commit. */
export function say(session: SmsSession, from: string, texts: readonly string[], now: number): void {
  let n = saidBy(session);
  for (const text of texts) session.set(`out.${n++}`, { from, text, at: now, next: now, tries: 0 });
  session.set("said", n);
}

/** A field's value, as the sessions of text messages keep it: what was typed here is plain data. */
export function json(value: object): Json {
  return value as unknown as Json;
}
