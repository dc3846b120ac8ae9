import { getRandomValues } from "node:crypto";
import type { SessionId } from "../core/seam.ts";

const letters = "0123456789abcdefghjkmnpqrstvwxyz";

/** A fresh id in the form that a manager would give: 26 characters. */
export function newId(): SessionId {
  let id = "0";
  for (const byte of getRandomValues(new Uint8Array(25))) id += letters[byte & 31];
  return id as SessionId;
}
