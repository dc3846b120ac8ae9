// Chance that a seed repeats.
import { createHash, getRandomValues } from "node:crypto";

/** @typedef {(below: number) => number} Chance A whole number from 0 to below `below`. */

/** @param {readonly number[]} seeds different ones give unrelated sequences @returns {Chance} */
export function chance(...seeds) {
  let state = createHash("sha256").update(seeds.join()).digest().readUInt32LE();
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below);
  };
}

const letters = "0123456789abcdefghjkmnpqrstvwxyz";

/** An id in the form that a manager would give, and that no other process gives. @returns {import("sojourn").SessionId} */
export function newId() {
  let id = "0";
  for (const byte of getRandomValues(new Uint8Array(25))) id += letters[byte & 31];
  return /** @type {import("sojourn").SessionId} */ (id);
}
