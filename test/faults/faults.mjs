// The faults in words, and what each needs of the machine.
import { networksMissing } from "@sojourn/peers/networks";
import { clocksMissing } from "./clocks.mjs";
import { engines } from "./engines.mjs";

/** @typedef {import("./types.ts").Fault} Fault */

/** As the report's columns have them. @type {Readonly<Record<Fault, string>>} */
export const faults = {
  races: "races only",
  kill: "one killed",
  stop: "one stopped",
  blackout: "all killed",
  "engine killed": "engine killed",
  "engine stopped": "engine stopped",
  clocks: "clocks wrong",
  cut: "cables cut",
};

/** What stands against a round here, as the reason of a skip. @param {Fault} fault @param {import("./types.ts").EngineName} [engine] */
export function missingFor(fault, engine) {
  const ofEngine = engine === undefined ? undefined : engines[engine].missing();
  if (ofEngine !== undefined || (fault !== "clocks" && fault !== "cut")) return ofEngine;
  return fault === "clocks" ? clocksMissing() : networksMissing();
}
