import { randomBytes } from "node:crypto";
import { sessionCount } from "../../../lib/payload.mjs";

/** Characters of a value; without a number that of ours in a store. @typedef {number | undefined} Length */

/**
 * Cookies as long as ours, which nobody reads: what is compared must parse the same requests.
 * @param {Length} [length]
 */
export function placeholderCookies(length) {
  const value = () => (length === undefined ? `${randomBytes(13).toString("hex")}.${randomBytes(24).toString("base64url")}` : random(length));
  return Array.from({ length: sessionCount }, () => `__Host-Http-session=${value()}`);
}

/** @param {number} length */
function random(length) {
  return randomBytes(length).toString("base64url").slice(0, length);
}
