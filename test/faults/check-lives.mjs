// What must hold of each session for itself: order, endings, leases, updates, and what its readers see.
import { judge } from "./promises.mjs";
import { greatestUntil } from "./lives.mjs";
import { checkLinear } from "./check-linear.mjs";
import { checkRecords } from "./check-records.mjs";

/** @typedef {import("./types.ts").Life} Life */
/** @typedef {import("./types.ts").Findings} Findings */
/** @typedef {import("./types.ts").RigStore} RigStore */

/**
 * @param {Findings} findings @param {Life} life @param {Pick<RigStore, "lag" | "weak">} store
 * @param {ReadonlySet<string>} closed
 */
export function checkLife(findings, life, store, closed) {
  order(findings, life);
  updates(findings, life);
  ending(findings, life, store);
  fences(findings, life, store);
  refusals(findings, life, store);
  freshness(findings, life, store);
  checkRecords(findings, life, store, closed);
  checkLinear(findings, life, store);
}

/** @param {Findings} findings @param {Life} life */
function order(findings, { id, steps, unsure, reads }) {
  const commits = steps.filter(({ change }) => !change.erase);
  let begun = -Infinity;
  let before = 0;
  let missing = 0;
  for (const { version, began, ended } of commits) {
    judge(findings, "versions", version > before, () => `${id}: two commits were acknowledged as version ${version}`);
    judge(findings, "versions", ended >= begun, () => `${id}: version ${version} was acknowledged before an earlier version was sent`);
    missing += Math.max(0, version - before - 1);
    before = Math.max(before, version);
    begun = Math.max(begun, began);
  }
  const highest = reads.reduce((most, { record }) => Math.max(most, record?.version ?? 0), before);
  missing += highest - before;
  judge(
    findings,
    "versions",
    missing <= unsure.length,
    () => `${id}: ${missing} versions up to ${highest} are of no commit, and only ${unsure.length} are unsure`,
  );
}

/** A compare-and-set that passed came directly after what it compared with. @param {Findings} findings @param {Life} life */
function updates(findings, { id, steps }) {
  for (const { change, version } of steps) {
    if (typeof change.expect !== "number") continue;
    const meant = change.expect + (change.erase ? 0 : 1);
    judge(findings, "updates", version === meant, () => `${id}: a compare-and-set of version ${change.expect} became version ${version}`);
  }
}

/** @param {Findings} findings @param {Life} life @param {Pick<RigStore, "lag" | "weak">} store */
function ending(findings, { id, steps, unsure, reads }, { lag, weak: early }) {
  const end = steps.find(({ change }) => change.ended !== undefined);
  if (end === undefined) return;
  const late = (/** @type {import("sojourn").Change} */ change) => change.erase !== true && !isRearming(change);
  for (const { change, version } of steps) {
    if (version > end.version) judge(findings, "ended", !late(change), () => `${id}: ended at version ${end.version}; version ${version} is ${told(change)}`);
  }
  for (const { change, began, writer, weak } of unsure) {
    if (!weak) continue;
    const heard = end.ended + (writer === end.writer ? 0 : lag);
    judge(
      findings,
      "ended",
      began <= heard || !late(change),
      () => `${id}: ${told(change)} was acknowledged, and was sent ${began - end.ended} µs after the end`,
    );
  }
  for (const { record, reader, began } of reads) {
    if (record === undefined || record.version < end.version) continue;
    // Where some changes are acknowledged early, the version of a record that was read with them is a guess.
    if (early !== undefined && began <= end.ended + lag) continue;
    judge(
      findings,
      "ended",
      record.ended !== undefined,
      () => `${id}: ended at version ${end.version}; ${reader} saw it live at ${record.version}, ${began - end.ended} µs later`,
    );
  }
}

/** @param {import("sojourn").Change} change */
function isRearming(change) {
  return typeof change.expect === "number" && Object.keys(change).every((key) => ["id", "expect", "wake"].includes(key));
}

/** @param {Findings} findings @param {Life} life @param {Pick<RigStore, "lag">} store */
function fences(findings, { id, steps, unsure }, { lag }) {
  let epoch = 0;
  for (const { change, version } of steps) {
    const { fence } = change;
    if (fence !== undefined) {
      const taken = epoch === fence || (epoch < fence && unsure.some((other) => other.change.epoch === fence));
      judge(findings, "fences", taken, () => `${id}: a change with epoch ${fence} landed as version ${version}, after epoch ${epoch}`);
    }
    if (change.epoch !== undefined) epoch = change.epoch;
  }
  for (const { change, began, writer, weak } of unsure) {
    const { fence } = change;
    if (!weak || fence === undefined) continue;
    const over = steps.find((step) => (step.change.epoch ?? 0) > fence && step.ended + (step.writer === writer ? 0 : lag) < began);
    judge(findings, "fences", over === undefined, () => `${id}: a change with epoch ${fence} was acknowledged after epoch ${over?.change.epoch} had been`);
  }
}

/** A refusal must have a reason. @param {Findings} findings @param {Life} life @param {Pick<RigStore, "lag">} store */
function refusals(findings, { id, steps, unsure, refused }, { lag }) {
  const made = steps.find(({ change }) => change.expect === "absent");
  const writes = [...steps, ...unsure];
  for (const { change, outcome, began, ended = Infinity, writer } of refused) {
    const why = outcome?.ok === false ? outcome.why : "";
    const before = (/** @type {(change: import("sojourn").Change) => boolean} */ of) => writes.some((write) => write.began <= ended && of(write.change));
    if (why === "missing") {
      const there = made !== undefined && made.ended + (made.writer === writer ? 0 : lag) < began;
      judge(findings, "kept", !there || before((other) => other.erase === true), () => `${id}: it was created, and ${told(change)} heard missing`);
    } else if (why === "ended")
      judge(
        findings,
        "kept",
        before((other) => other.ended !== undefined),
        () => `${id}: nobody ended it, and ${told(change)} heard ended`,
      );
    else if (why === "exists")
      judge(
        findings,
        "kept",
        before((other) => other !== change && other.expect === "absent"),
        () => `${id}: a new id exists`,
      );
  }
}

/** @param {Findings} findings @param {Life} life @param {Pick<RigStore, "lag">} store */
function freshness(findings, { id, steps, unsure, reads }, { lag }) {
  if (reads.length === 0) return;
  const commits = steps.filter(({ change }) => !change.erase);
  const acknowledged = commits.map(({ ended, version }) => ({ at: ended, value: version }));
  const byAll = greatestUntil(acknowledged);
  /** @type {Map<string, (typeof commits)[number][]>} */
  const byWriter = new Map();
  for (const step of commits) byWriter.set(step.writer, [...(byWriter.get(step.writer) ?? []), step]);
  const erased = steps.find(({ change }) => change.erase);
  const erasing = [...steps, ...unsure].filter(({ change }) => change.erase).reduce((first, { began }) => Math.min(first, began), Infinity);
  for (const { reader, began, ended, record } of reads) {
    const own = (byWriter.get(reader) ?? []).reduce((most, step) => (step.ended < began ? Math.max(most, step.version) : most), 0);
    const known = Math.max(own, byAll(began - lag - 1));
    if (record === undefined) {
      judge(findings, "kept", known === 0 || erasing <= ended, () => `${id}: ${reader} did not find it, nobody having erased it`);
      continue;
    }
    judge(
      findings,
      "fresh",
      record.version >= known,
      () => `${id}: ${reader} saw version ${record.version}${record.ended === undefined ? ", live" : ""}; ${known} had been acknowledged`,
    );
    if (erased !== undefined) {
      const heard = erased.ended + (erased.writer === reader ? 0 : lag);
      judge(findings, "fresh", began <= heard, () => `${id}: ${reader} saw it ${began - erased.ended} µs after it was erased`);
    }
  }
}

/** A change in few words. @param {import("sojourn").Change} change */
function told({ id: _, ...change }) {
  return JSON.stringify(change);
}
