import { sameText } from "./token.ts";

/**
 * The secrets that were issued for one session, as hashes, newest first; the text of the field `$secret`.
 *
 * A rotation without casualties: a successor is offered, the old secret stays good until the successor has been seen, and then for a
 * grace; only after that does showing the old one mean that two parties hold a copy. A secret that was replaced at once (log-in, elevation)
 * is refused from that moment on, and its being shown is judged in the same way.
 */
export interface Secrets {
  /** SHA-256, base64url. At most one that has not been seen, the one in use, and three before it. */
  readonly hashes: readonly string[];
  /** Which of them is the newest that a client has shown. Those before it in the list were offered and not seen yet. */
  readonly seen: number;
  /** Epoch ms at which that one was first shown. */
  readonly since: number;
  /** Epoch ms at which the newest was issued. */
  readonly issued: number;
  /** From this place in the list on they were replaced at once and have no grace. */
  readonly severed: number;
}

const kept = 3;

/** The secrets of a new session. */
export function firstSecret(hash: string, now: number): Secrets {
  return { hashes: [hash], seen: 0, since: now, issued: now, severed: 1 };
}

/**
 * What a presented secret is: the one in use (`current`), an offered one that shows itself for the first time (`successor`), one that was
 * replaced a moment ago and is still good (`grace`), one that is good no more (`replaced`), one that betrays a copy (`reuse`), or none of ours.
 */
export type Presented = "current" | "successor" | "grace" | "replaced" | "reuse" | "unknown";

/** @param grace ms for which a replaced secret may still be on its way. */
export function judge(secrets: Secrets, hash: string, now: number, grace: number): Presented {
  const place = placeOf(secrets, hash);
  if (place < 0) return "unknown";
  if (place === secrets.seen) return "current";
  if (place < secrets.seen) return "successor";
  if (now > secrets.since + grace) return "reuse";
  return place < secrets.severed ? "grace" : "replaced";
}

function placeOf({ hashes }: Secrets, hash: string): number {
  let place = -1;
  for (let i = 0; i < hashes.length; i++) if (sameText(hashes[i] as string, hash) && place < 0) place = i;
  return place;
}

/** With a successor that is to be offered to the client. An earlier one that was never shown is forgotten when a third would be open. */
export function offer(secrets: Secrets, hash: string, now: number): Secrets {
  const forgotten = Math.max(0, secrets.seen - 1);
  const hashes = [hash, ...secrets.hashes.slice(0, secrets.seen - forgotten), ...secrets.hashes.slice(secrets.seen)];
  const shift = 1 - forgotten;
  return trimmed({ ...secrets, hashes, seen: secrets.seen + shift, severed: secrets.severed + shift, issued: now });
}

/** After an offered secret was shown. */
export function seen(secrets: Secrets, hash: string, now: number): Secrets {
  const place = placeOf(secrets, hash);
  return place < 0 || place >= secrets.seen ? secrets : trimmed({ ...secrets, seen: place, since: now });
}

/** Whether a secret was replaced at once, or so long ago that it is forgotten. */
export function isSevered(secrets: Secrets, hash: string): boolean {
  const place = placeOf(secrets, hash);
  return place < 0 || place >= secrets.severed;
}

/** With all former secrets replaced at once: what an attacker may have planted or seen is worth nothing from now on. */
export function sever(secrets: Secrets, hash: string, now: number): Secrets {
  return trimmed({ hashes: [hash, ...secrets.hashes], seen: 0, since: now, issued: now, severed: 1 });
}

function trimmed(secrets: Secrets): Secrets {
  return { ...secrets, hashes: secrets.hashes.slice(0, secrets.seen + 1 + kept) };
}
