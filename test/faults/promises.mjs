// What the rig holds stores to, and how what it finds is counted.

/** @typedef {import("./types.ts").PromiseName} PromiseName */
/** @typedef {import("./types.ts").Findings} Findings */

/** Each promise in words; `docs/guarantees.md` uses these. @type {Readonly<Record<PromiseName, string>>} */
export const promises = {
  kept: "what was acknowledged is there, and nothing that was never sent",
  whole: "a change lands whole or not at all",
  versions: "a version grows by exactly one, in the order of the acknowledgements",
  updates: "no update is lost",
  ended: "ended is final: no late change revives a session",
  fresh: "a read sees what was acknowledged before it began, an end above all",
  aliases: "an alias has at most one live holder",
  limits: "the limits of a subject and of a kind are never exceeded",
  fences: "a change with the epoch of a lease that was taken over does not land",
  linear: "all that was heard of a session can have happened in one order, each call while it was on its way",
  found: "what a listing gives satisfied its query",
  indexes: "indexes are equal to the truth, in both directions",
  places: "what is free can be taken, and what is held cannot",
  answers: "no call fails, and none hangs",
};

/** @returns {Findings} */
export function noFindings() {
  /** @type {[string, import("./types.ts").Finding][]} */
  const each = Object.keys(promises).map((name) => [name, { judged: 0, broken: [] }]);
  return /** @type {Findings} */ (Object.fromEntries(each));
}

/** Adds what was found elsewhere. @param {Findings} findings @param {Findings} more */
export function addFindings(findings, more) {
  for (const name of /** @type {PromiseName[]} */ (Object.keys(promises))) {
    findings[name].judged += more[name].judged;
    findings[name].broken.push(...more[name].broken);
  }
}

/** Holds one fact against a promise. @param {Findings} findings @param {PromiseName} name @param {boolean} holds @param {() => string} tell */
export function judge(findings, name, holds, tell) {
  findings[name].judged += 1;
  if (!holds) findings[name].broken.push(tell());
}

/** The promises that were broken. @param {Findings} findings @returns {PromiseName[]} */
export function brokenOf(findings) {
  return /** @type {PromiseName[]} */ (Object.keys(promises)).filter((name) => findings[name].broken.length > 0);
}
