import { createHash } from "node:crypto";
import type { Concatenation } from "./segments.ts";

/** One part of a long message, as it came in. */
export interface Part extends Pick<Concatenation, "reference" | "count" | "index"> {
  readonly text: string;
}

/**
 * What is kept between the parts of long messages: plain data, the same after JSON. It is of one sender to one number: keep one of these under exactly these two,
 * both in one normal form (E.164, or as a short code or name is written), since networks write a number in several ways. In it a message is known by its
 * reference and its count.
 */
export interface Held {
  /** Messages with parts missing. */
  readonly open: readonly OpenMessage[];
  /** Messages that were whole not long ago. */
  readonly done: readonly DoneMessage[];
}

export interface OpenMessage {
  readonly reference: number;
  readonly count: number;
  /** When its first part came (epoch ms). */
  readonly since: number;
  /** Index and text, by index. */
  readonly parts: readonly (readonly [index: number, text: string])[];
}

export interface DoneMessage {
  readonly reference: number;
  readonly count: number;
  /** When it was whole (epoch ms). */
  readonly at: number;
  /** Of each part's text, by index. */
  readonly digests: readonly string[];
}

/** Bounds of what is held of one sender to one number. */
export interface JoinLimits {
  /** How long after its first part a message is waited for (ms). The longer, the likelier that a reference used again mixes two messages. */
  readonly keep: number;
  /** How long a message that was whole is known again (ms). 0 for senders that use one reference all the time and repeat themselves. */
  readonly remember: number;
  /** Parts of all open messages. */
  readonly parts: number;
  /** UTF-8 bytes of all that is held, as JSON. A message that would take more is never whole. */
  readonly bytes: number;
}

/** An hour, half an hour, two messages of 255 parts, and what fits one field of a session: any UCS-2 text, 255 parts of plain ASCII. */
export const defaultJoinLimits: JoinLimits = { keep: 3_600_000, remember: 1_800_000, parts: 510, bytes: 60_000 };

/** A message that will not be whole. Its text is gone, and not told: this may be logged. */
export interface Dropped {
  readonly reference: number;
  readonly count: number;
  /** The indexes that had come. */
  readonly have: readonly number[];
  readonly since: number;
  /** `late`: parts are missing after `keep`. `replaced`: another text came for an index that it had. `room`: the oldest, when there was too much. */
  readonly why: "late" | "replaced" | "room";
  /** All that had come of it was also in a message that was whole before: the network had sent that twice, most likely, and nothing is lost. */
  readonly repeated: boolean;
}

export interface Joined {
  /** To be kept in the place of what was held; absent when nothing is. */
  readonly held?: Held | undefined;
  /** The text, when this was the last part of it. */
  readonly whole?: string | undefined;
  /** What became of the part: `dropped` when there was no room for it, `duplicate` when it, or all of its message, had been there. */
  readonly outcome: "whole" | "held" | "duplicate" | "dropped";
  readonly dropped: readonly Dropped[];
}

/**
 * Takes in one part. Pure: keep `held` in the same commit that takes `whole` in, by compare-and-set, or parts that come at once are lost to one another.
 *
 * - Parts may come in any order: the text is the same, and so, but for times, is what is held until then.
 * - A part with a count of 0, or an index of 0 or beyond the count, is a message of its own: the element is to be ignored (3GPP TS 23.040 9.2.3.24.1).
 * - The same text for an index again is a duplicate. So is a whole message whose every part was in one that was whole less than `remember` ago.
 * - The same reference with another count is another message.
 * - Another text for an index is a newer message, since senders use references again: the older one's parts are dropped. Two messages with the same reference and
 *   count of which different parts are missing cannot be told apart, and would be mixed; `keep` bounds how far apart in time they can be.
 * - Beyond the bounds goes what is oldest: first repetitions, then the memory of whole messages, then open messages, and the part's own last of all.
 */
export function join(before: Held | undefined, part: Part, now: number, limits: JoinLimits = defaultJoinLimits): Joined {
  const { held = { open: [], done: [] }, dropped: late } = lapse(before, now, limits);
  if (!isPart(part)) return { ...kept(held), whole: part.text, outcome: "whole", dropped: late };

  const found = held.open.find((message) => isSame(message, part));
  const others = held.open.filter((message) => message !== found);
  const there = found?.parts.find(([index]) => index === part.index);
  if (there?.[1] === part.text) return { ...kept(held), outcome: "duplicate", dropped: late };

  const replaced = found !== undefined && there !== undefined ? [drop(found, "replaced", held.done)] : [];
  const { reference, count } = part;
  const parts = [...(there === undefined ? (found?.parts ?? []) : []), [part.index, part.text] as const].toSorted(([a], [b]) => a - b);
  const message: OpenMessage = { reference, count, since: there === undefined ? Math.min(found?.since ?? now, now) : now, parts };
  const dropped = [...late, ...replaced];

  if (parts.length < count) {
    const fitted = fit({ open: sorted([...others, message]), done: held.done }, message, limits);
    return { ...kept(fitted.held), outcome: fitted.held.open.includes(message) ? "held" : "dropped", dropped: [...dropped, ...fitted.dropped] };
  }
  if (isRepeated(message, held.done)) return { ...kept({ open: others, done: held.done }), outcome: "duplicate", dropped };
  const done: DoneMessage = { reference, count, at: now, digests: parts.map(([, text]) => digest(text)) };
  const fitted = fit({ open: others, done: limits.remember > 0 ? sorted([...held.done, done]) : held.done }, undefined, limits);
  return { ...kept(fitted.held), whole: parts.map(([, text]) => text).join(""), outcome: "whole", dropped: [...dropped, ...fitted.dropped] };
}

/** Drops what has waited for too long. For when nothing more comes in, see {@link lapsesAt}; {@link join} does it by itself. */
export function lapse(
  held: Held | undefined,
  now: number,
  limits: Pick<JoinLimits, "keep" | "remember"> = defaultJoinLimits,
): { readonly held?: Held | undefined; readonly dropped: readonly Dropped[] } {
  if (held === undefined) return { dropped: [] };
  const late = held.open.filter(({ since }) => since + limits.keep <= now);
  const open = held.open.filter((message) => !late.includes(message));
  // What is remembered stays as long as an open message may prove to be its repetition.
  const done = held.done.filter((message) => message.at + limits.remember > now || open.some((other) => isSame(message, other)));
  return { ...kept({ open, done }), dropped: late.map((message) => drop(message, "late", held.done)) };
}

/** When an open message will next be late (epoch ms), if no part comes before. Good for a reminder, at which {@link lapse} tells it. What is remembered needs none. */
export function lapsesAt(held: Held | undefined, limits: Pick<JoinLimits, "keep"> = defaultJoinLimits): number | undefined {
  return held?.open.map(({ since }) => since + limits.keep).reduce<number | undefined>((least, at) => Math.min(least ?? at, at), undefined);
}

function isPart({ reference, count, index }: Part): boolean {
  return [reference, count, index].every(Number.isInteger) && reference >= 0 && reference <= 0xffff && index >= 1 && index <= count && count <= 255;
}

function isSame(a: Pick<Part, "reference" | "count">, b: Pick<Part, "reference" | "count">): boolean {
  return a.reference === b.reference && a.count === b.count;
}

/** Nothing at all where nothing is held, so that the field can be removed. */
function kept(held: Held): { readonly held?: Held } {
  return held.open.length + held.done.length > 0 ? { held } : {};
}

/** One order for whatever order things came in. */
function sorted<Message extends OpenMessage | DoneMessage>(messages: readonly Message[]): readonly Message[] {
  return messages.toSorted((a, b) => a.reference - b.reference || a.count - b.count || timeOf(a) - timeOf(b));
}

function timeOf(message: OpenMessage | DoneMessage): number {
  return "at" in message ? message.at : message.since;
}

function drop(message: OpenMessage, why: Dropped["why"], done: readonly DoneMessage[]): Dropped {
  const { reference, count, since } = message;
  return { reference, count, have: message.parts.map(([index]) => index), since, why, repeated: isRepeated(message, done) };
}

function isRepeated(message: OpenMessage, done: readonly DoneMessage[]): boolean {
  return done.some((other) => isSame(message, other) && message.parts.every(([index, text]) => other.digests[index - 1] === digest(text)));
}

/** 48 bits of SHA-256: to know a text again, not to protect it. Over UTF-16, as UTF-8 has no halves of surrogate pairs, which parts of some senders begin with. */
function digest(text: string): string {
  return createHash("sha256").update(text, "utf16le").digest("base64url").slice(0, 8);
}

function fit(held: Held, last: OpenMessage | undefined, limits: JoinLimits): { readonly held: Held; readonly dropped: readonly Dropped[] } {
  const frame = '{"open":[],"done":[]}'.length;
  let bytes = [...held.open, ...held.done].reduce((sum, message) => sum + bytesOf(message), frame);
  let parts = held.open.reduce((sum, message) => sum + message.parts.length, 0);
  const gone = new Set<OpenMessage | DoneMessage>();
  const isOver = (): boolean => bytes > limits.bytes || parts > limits.parts;
  if (!isOver()) return { held, dropped: [] };

  const rank = (message: OpenMessage | DoneMessage): number => {
    if (message === last) return 3;
    if ("at" in message) return 1;
    return isRepeated(message, held.done) ? 0 : 2;
  };
  const queue = [...held.open, ...held.done].map((message) => ({ message, rank: rank(message) }));
  for (const { message } of queue.toSorted((a, b) => a.rank - b.rank || timeOf(a.message) - timeOf(b.message))) {
    if (!isOver()) break;
    gone.add(message);
    bytes -= bytesOf(message);
    if ("parts" in message) parts -= message.parts.length;
  }
  return {
    held: { open: held.open.filter((message) => !gone.has(message)), done: held.done.filter((message) => !gone.has(message)) },
    dropped: held.open.filter((message) => gone.has(message)).map((message) => drop(message, "room", held.done)),
  };
}

/** In JSON, with a comma. */
function bytesOf(message: OpenMessage | DoneMessage): number {
  return Buffer.byteLength(JSON.stringify(message)) + 1;
}
