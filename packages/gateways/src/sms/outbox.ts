import type { SmsSession } from "./dialogue-record.ts";
import { json, outsOf } from "./dialogue-record.ts";
import { grace } from "./conversation.ts";
import { TransportFailure, type Transport } from "./transport.ts";

/** What sending goes by. */
export interface Sending {
  readonly transport: Transport;
  /** Epoch ms. */
  readonly now: () => number;
  /** Epoch ms at which a person may be written to. */
  readonly allowed: (now: number) => number;
  /** Takes a place in the rate of a number. */
  readonly reserve?: ((number: string) => Promise<number>) | undefined;
  /** Told of a message that the network will never take. */
  readonly refused: (reference: string, error: unknown) => void;
}

/** What is waited for on the spot (ms). */
const moment = 250;
/** Longest pause between two tries (ms). */
const longest = 600_000;
/** How long a message is tried (ms). */
const patience = 86_400_000;

/**
 * Hands over what a session has said, in order, and takes it away with the next commit. A message is left to whoever said it for a while, so that two processes seldom send the
 * same one; when a process dies between handing over and writing that down, the message goes out again under the same reference.
 * Gives the epoch ms of the next try, if anything is left.
 */
export async function flush(
  session: SmsSession,
  to: string,
  { transport, now, allowed, reserve, refused }: Sending,
  own: (n: number) => boolean,
): Promise<number | undefined> {
  for (const [n, waiting] of outsOf(session)) {
    let out = waiting;
    const at = now();
    if (!own(n) && out.next <= out.at && at - out.at < grace) {
      return out.at + grace;
    }
    let when = Math.max(out.next, allowed(at));
    if (when <= at && reserve !== undefined && out.reserved !== true) {
      out = { ...out, next: await reserve(out.from), reserved: true };
      when = out.next;
      session.set(`out.${n}`, json(out));
    }
    if (when > at && when - at <= moment) await new Promise((resolve) => setTimeout(resolve, when - at));
    else if (when > at) return when;
    const reference = `${session.id}-${n}`;
    try {
      await transport.send({ reference, from: out.from, to, text: out.text });
    } catch (error) {
      if (isTemporary(error) && at - out.at < patience) {
        // What comes after it would overtake it.
        const next = at + pauseAfter(out.tries, error);
        session.set(`out.${n}`, json({ ...out, next, tries: out.tries + 1 }));
        return next;
      }
      refused(reference, error);
    }
    session.delete(`out.${n}`);
  }
  return undefined;
}

function isTemporary(error: unknown): boolean {
  return !(error instanceof TransportFailure) || error.temporary;
}

function pauseAfter(tries: number, error: unknown): number {
  const asked = error instanceof TransportFailure ? error.after : undefined;
  return asked ?? Math.min(longest, 1_000 * 2 ** tries);
}
