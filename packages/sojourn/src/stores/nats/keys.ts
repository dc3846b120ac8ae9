import { createHash } from "node:crypto";
import type { SessionId } from "../../core/seam.ts";
import type { Place } from "../places.ts";

/** Where the layout's number stands. */
export const metaKey = "meta";

/** Ids of managers are such words; a key's other characters have a meaning in NATS. */
const plain = /^[\w-]{1,200}$/;

/** The key of a session's document: one subject of the stream. */
export function sessionKey(id: SessionId): string {
  return plain.test(id) ? `s.${id}` : `t.${Buffer.from(id).toString("base64url")}`;
}

/** The session of a key, or `undefined` when it is another's. */
export function sessionOf(key: string): SessionId | undefined {
  if (key.startsWith("s.")) return key.slice(2) as SessionId;
  if (key.startsWith("t.")) return Buffer.from(key.slice(2), "base64url").toString() as SessionId;
  return undefined;
}

/** The key of a place's list. Names may be long, and subjects are seen by whoever looks at the server: hashed. */
export function placeKey(place: Place): string {
  return `p.${createHash("sha256").update(place).digest("base64url")}`;
}

export function isPlaceKey(key: string): boolean {
  return key.startsWith("p.");
}
