import { randomName } from "../../../lib/random-names.mjs";

/** Servers share one engine and no sessions. */
export function ownPrefix() {
  return `sj${randomName().replaceAll(/\W/g, "").slice(0, 4)}`;
}
