import { randomFill } from "#platform";
import { nonceLength } from "./xaes.ts";

// One call for many: asking the platform for 24 bytes costs as much as asking for thousands.
const pool = new Uint8Array(nonceLength * 160);
let drawn = pool.length;

/** Writes a new random nonce of XAES-256-GCM at that place. Each is given once, and is not kept. */
export function drawNonce(into: Uint8Array, at: number): void {
  if (drawn === pool.length) {
    randomFill(pool);
    drawn = 0;
  }
  for (let i = 0; i < nonceLength; i++, drawn++) {
    into[at + i] = pool[drawn] as number;
    pool[drawn] = 0;
  }
}
