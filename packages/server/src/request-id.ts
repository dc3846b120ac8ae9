import { randomFillSync } from "node:crypto";

const bytes = 9;
const pool = Buffer.alloc(bytes * 256);
let used = pool.length;

/** A name for one request: 72 random bits, of which 256 are fetched at a time, for a call costs the same whatever its size. */
export function requestId(): string {
  if (used === pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  used += bytes;
  return pool.toString("base64url", used - bytes, used);
}
