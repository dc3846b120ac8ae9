// Faults that stores have had, each planted in the plain store, and the promise that it breaks. What the rig cannot see here, it would not see elsewhere.
import { apply } from "sojourn";
import { delayed } from "sojourn/testing";
import { inProcessRound } from "./in-process.mjs";
import { plainStore } from "./plain-store.mjs";
import { brokenOf } from "./promises.mjs";

/** @typedef {import("./types.ts").PromiseName} PromiseName */
/** @typedef {import("sojourn").Change} Change */

/** Every so many times that it could. @param {number} times @param {(change: Change) => boolean} could @returns {(change: Change) => boolean} */
function every(times, could) {
  let seen = 0;
  return (change) => could(change) && (seen += 1) % times === 0;
}

const setsPair = (/** @type {Change} */ { set }) => set !== undefined && set["count"] === undefined;
const claimsOnly = (/** @type {Change} */ { claim, kindLimit }) => claim !== undefined && kindLimit === undefined;

/** @param {import("sojourn").SessionRecord | undefined} record @param {Change} change */
function revive(record, change) {
  if (record?.ended === undefined || change.expect !== "live") return apply(record, change);
  const { ended: _, ...alive } = record;
  return apply(alive, change);
}

/**
 * `also`: what cannot stay whole when this is broken.
 * @typedef {{ fault: string, breaks: PromiseName, also?: readonly PromiseName[], plant: () => import("./plain-store.mjs").PlainFault }} Planted
 */

/** @type {readonly Planted[]} */
export const planted = [
  { fault: "epochs are not compared", breaks: "fences", plant: () => ({ change: ({ fence: _, ...change }) => change }) },
  {
    fault: "the last write wins: versions are not compared",
    breaks: "updates",
    also: ["fences"],
    plant: () => ({ change: (change, current) => (typeof change.expect === "number" && current ? { ...change, expect: current.version } : change) }),
  },
  {
    fault: "what a change sets is lost, though it was acknowledged",
    breaks: "kept",
    plant() {
      const lost = every(10, setsPair);
      return { next: (next, change, current) => (current && lost(change) ? { ...next, fields: current.fields } : next) };
    },
  },
  {
    fault: "a whole change is lost, though it was acknowledged",
    breaks: "fresh",
    also: ["kept", "versions", "updates", "fences"],
    plant: () => ({ loseWrite: 10 }),
  },
  {
    fault: "a touch overwrites the wake",
    breaks: "kept",
    plant: () => ({ next: (next, { wake }) => (typeof wake === "number" ? { ...next, wake } : next) }),
  },
  {
    fault: "half of a change lands",
    breaks: "whole",
    also: ["kept"],
    plant() {
      const torn = every(10, setsPair);
      return {
        next(next, change, current) {
          if (!torn(change)) return next;
          const halves = Object.entries(next.fields).filter(([name]) => !name.startsWith("t") || change.set?.[name] === undefined);
          return {
            ...next,
            fields: { ...Object.fromEntries(halves), ...Object.fromEntries(Object.entries(current?.fields ?? {}).filter(([name]) => name.startsWith("t"))) },
          };
        },
      };
    },
  },
  {
    fault: "versions jump",
    breaks: "versions",
    plant: () => ({ next: (next, { expect }) => (expect === "live" ? { ...next, version: next.version + 1 } : next) }),
  },
  { fault: "a late change revives what has ended", breaks: "ended", also: ["limits"], plant: () => ({ judge: revive }) },
  {
    fault: "an acknowledged end is forgotten",
    breaks: "ended",
    plant() {
      const forgotten = every(3, ({ ended }) => ended !== undefined);
      return {
        next(next, change, current) {
          if (!forgotten(change)) return next;
          const { ended: _, ...alive } = next;
          return { ...alive, aliases: current?.aliases ?? [] };
        },
      };
    },
  },
  { fault: "reads lag behind", breaks: "fresh", plant: () => ({ hiddenFor: () => true }) },
  { fault: "reads learn of ends late", breaks: "fresh", plant: () => ({ hiddenFor: (record) => record?.ended !== undefined }) },
  { fault: "an alias is judged first and written later", breaks: "aliases", also: ["indexes", "places"], plant: () => ({ raced: claimsOnly }) },
  {
    fault: "the limit of a subject is judged first and written later",
    breaks: "limits",
    plant: () => ({ raced: ({ subjectLimit, kindLimit }) => subjectLimit !== undefined && kindLimit === undefined }),
  },
  {
    fault: "the limit of a kind is judged first and written later",
    breaks: "limits",
    plant: () => ({ raced: ({ claim, subject, kindLimit }) => !claim && !subject && kindLimit !== undefined }),
  },
  {
    fault: "a change is refused as stale, though nobody wrote",
    breaks: "linear",
    plant() {
      const wrong = every(10, ({ expect }) => typeof expect === "number");
      return { judge: (record, change) => (wrong(change) ? { ok: false, why: "stale" } : apply(record, change)) };
    },
  },
  { fault: "a listing loads later what it found, and does not look again", breaks: "found", plant: () => ({ findLater: true }) },
  { fault: "the index loses an alias", breaks: "indexes", also: ["aliases", "places"], plant: () => ({ loseAlias: 4 }) },
  { fault: "the index loses a subject's session", breaks: "indexes", plant: () => ({ loseSubject: 4 }) },
  { fault: "a released alias stays in the index", breaks: "places", plant: () => ({ keepAlias: 1 }) },
  { fault: "a call fails", breaks: "answers", plant: () => ({ throws: 50 }) },
];

const attempts = 8;

/**
 * Runs short rounds on a store with the fault until its promise is seen to break.
 * @param {Planted} fault @param {number} seed
 * @returns {Promise<{ broken: readonly PromiseName[], first: string | undefined }>} `broken` by the round in which it was
 */
export async function findPlanted({ breaks, plant }, seed) {
  /** @type {readonly PromiseName[]} */
  let broken = [];
  for (let attempt = 0; attempt < attempts; attempt++) {
    const { findings } = await inProcessRound(delayed(plainStore(plant())), { seed: seed + attempt, steps: 40 + 10 * attempt });
    broken = brokenOf(findings);
    if (broken.includes(breaks)) return { broken, first: findings[breaks].broken[0] };
  }
  return { broken, first: undefined };
}
