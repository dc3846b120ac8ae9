import { randomBytes } from "node:crypto";
import { sessionCount } from "../../../lib/payload.mjs";

/** Cookies as long as ours, which nobody reads: what is compared must parse the same requests. */
export function placeholderCookies() {
  return Array.from({ length: sessionCount }, () => `__Host-Http-session=${randomBytes(13).toString("hex")}.${randomBytes(24).toString("base64url")}`);
}
