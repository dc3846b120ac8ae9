import { randomFillSync } from "node:crypto";

const base32 = "0123456789abcdefghjkmnpqrstvwxyz";
// One call for many: asking for 24 bytes costs as much as asking for thousands.
const pool = Buffer.alloc(6_144);
let at = pool.length;

/** @param {number} bytes */
function draw(bytes) {
  if (at + bytes > pool.length) {
    randomFillSync(pool);
    at = 0;
  }
  at += bytes;
  return at - bytes;
}

/** 24 random bytes as 32 characters: the id that express-session gives a session. */
export function randomName() {
  const start = draw(24);
  return pool.toString("base64url", start, start + 24);
}

/**
 * The random part of an id of ours.
 * @param {number} length characters.
 */
export function randomBase32(length) {
  const start = draw(length);
  let name = "";
  for (let i = start; i < start + length; i++) name += base32.charAt((pool[i] ?? 0) & 31);
  return name;
}
