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

/** Where a dialogue's steps are: `turn.<first>` up to `turn.<next>`, that one not included. The field `turns`. */
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

export function journalOf(session: SmsSession): Step[] {
  const { first, next } = turnsOf(session);
  const steps: Step[] = [];
  for (let n = first; n < next; n++) steps.push(...((session.get(`turn.${n}`) as readonly Step[] | undefined) ?? []));
  return steps;
}

/** The messages that wait, in the order in which they were said. */
export function outsOf(session: SmsSession): (readonly [n: number, out: Out])[] {
  return Object.entries(session.data)
    .filter(([name]) => name.startsWith("out."))
    .map(([name, out]) => [Number(name.slice(4)), out as unknown as Out] as const)
    .toSorted(([a], [b]) => a - b);
}

/** Says something with the next commit. */
export function say(session: SmsSession, from: string, texts: readonly string[], now: number): void {
  let n = Number(session.get("said") ?? 0);
  for (const text of texts) session.set(`out.${n++}`, { from, text, at: now, next: now, tries: 0 });
  session.set("said", n);
}

/** A field's value, as the sessions of text messages keep it: what was typed here is plain data. */
export function json(value: object): Json {
  return value as unknown as Json;
}
