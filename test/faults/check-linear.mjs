// Each session's history, searched for one order in which all of it can have happened.
import { isLinear } from "./linear.mjs";
import { judge } from "./promises.mjs";

/**
 * @param {import("./types.ts").Findings} findings @param {import("./types.ts").Life} life @param {Pick<import("./types.ts").RigStore, "lag" | "weak">} store
 */
export function checkLinear(findings, { id, steps, unsure, refused, reads }, { lag, weak }) {
  // Where a change is acknowledged before it is written, there is no such order, and none is promised.
  if (weak !== undefined) return;
  const answered = [...steps, ...refused].flatMap(({ change, outcome, began, ended }) =>
    ended === undefined || outcome === undefined || (!outcome.ok && outcome.why === "withdrawn") ? [] : [{ change, outcome, began, ended }],
  );
  const verdict = isLinear([
    ...answered,
    ...unsure.map(({ change, began }) => ({ change, began, ended: Infinity })),
    // A read that may lag is one that may have happened a little earlier.
    ...reads.map(({ record, began, ended }) => ({ record, began: began - lag, ended })),
  ]);
  if (verdict !== "undecided")
    judge(
      findings,
      "linear",
      verdict === "yes",
      () => `${id}: no order explains ${answered.length} answers, ${unsure.length} without one and ${reads.length} reads`,
    );
}
