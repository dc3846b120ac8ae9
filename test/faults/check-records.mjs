// Every record that was seen is held against what its version has to hold: the acknowledged changes up to it, in order.
import { judge } from "./promises.mjs";

/** @typedef {import("./types.ts").Life} Life */
/** @typedef {import("./types.ts").Findings} Findings */
/** @typedef {import("sojourn").SessionRecord} SessionRecord */
/** @typedef {import("sojourn").Change} Change */
/** @typedef {string | number | undefined} Piece the text of a field, a subject, a wake, an epoch, the ending; whether an alias is held is 1 or nothing */

/** The reader of the truth: a store opened afresh after the round. */
export const truthReader = "truth";

/**
 * Where no version is missing, a piece of a record is exactly what the acknowledged changes make of it; else it may also be what an unanswered one gives it.
 * @param {Findings} findings @param {Life} life @param {Pick<import("./types.ts").RigStore, "weak">} store @param {ReadonlySet<string>} closed
 */
export function checkRecords(findings, life, { weak }, closed) {
  const { id, steps, unsure, reads } = life;
  for (const { record, reader } of reads) if (record !== undefined) checkPairs(findings, record, reader);
  // A record with changes that were acknowledged early carries a version that is a guess: only the truth is judged by its version.
  const judged = weak === undefined ? reads : reads.filter(({ reader }) => reader === truthReader);
  const candidates = candidatesOf(unsure, steps);
  const commits = steps.filter(({ change }) => !change.erase);
  const state = emptyState();
  let at = 0;
  let increments = 0;
  const unsureIncrements = unsure.filter(({ change }) => change.set?.["count"] !== undefined).length;
  for (const { record, reader } of judged.toSorted((x, y) => (x.record?.version ?? 0) - (y.record?.version ?? 0))) {
    if (record === undefined) continue;
    for (let step = commits[at]; step !== undefined && step.version <= record.version; step = commits[++at]) {
      makeOf(state, step.change);
      if (step.change.set?.["count"] !== undefined) increments += 1;
    }
    const exact = at === record.version;
    const differs = differences(state, record, exact ? undefined : candidates);
    judge(findings, "kept", differs.length === 0, () => `${id}: ${reader} saw at version ${record.version} ${differs.join(", ")}`);
    const count = Number(record.fields["count"] ?? 0);
    judge(
      findings,
      "updates",
      count >= increments && count <= increments + unsureIncrements,
      () => `${id}: ${increments} increments up to version ${record.version} count ${count}`,
    );
    if (reader === truthReader) {
      const highest = commits.at(-1)?.version ?? 0;
      judge(findings, "kept", record.version >= highest, () => `${id}: version ${highest} was acknowledged, ${record.version} is there`);
      if (record.ended === undefined) checkEarly(findings, record, unsure, closed);
    }
  }
}

/** Both fields of a pair are always set by one change. @param {Findings} findings @param {SessionRecord} record @param {string} reader */
function checkPairs(findings, { id, version, fields }, reader) {
  for (const name of Object.keys(fields)) {
    if (!/^[wt]\d/.test(name)) continue;
    const twin = (name.startsWith("w") ? "t" : "w") + name.slice(1);
    judge(
      findings,
      "whole",
      fields[name] === fields[twin],
      () => `${id}: ${reader} saw half a change at version ${version}: ${name} is ${fields[name]}, ${twin} is ${fields[twin]}`,
    );
  }
}

/**
 * What was acknowledged early, by a process that closed its store in good order, is there as well.
 * @param {Findings} findings @param {SessionRecord} record @param {readonly import("./types.ts").Write[]} unsure @param {ReadonlySet<string>} closed
 */
function checkEarly(findings, { id, fields }, unsure, closed) {
  for (const { change, weak, writer } of unsure) {
    // A lease that was taken over meanwhile drops a change that carried its epoch.
    if (!weak || !closed.has(writer) || change.fence !== undefined || change.set === undefined) continue;
    for (const [name, text] of Object.entries(change.set)) {
      if (!name.startsWith("w")) continue;
      judge(
        findings,
        "kept",
        Number(fields[name] ?? 0) >= Number(text),
        () => `${id}: ${writer} closed its store after setting ${name} to ${text}; it is ${fields[name]}`,
      );
    }
  }
}

/** @returns {Map<string, Piece>} */
function emptyState() {
  return new Map();
}

/** The pieces that a change touches, with what it makes of them; a wake under "live" only comes nearer. @param {Map<string, Piece>} state @param {Change} change */
function makeOf(state, change) {
  if (change.subject !== undefined) state.set("subject", change.subject ?? undefined);
  if (change.epoch !== undefined) state.set("epoch", change.epoch);
  if (change.wake !== undefined) {
    const before = state.get("wake");
    const nearer = change.expect === "live" && change.ended === undefined && typeof before === "number";
    state.set("wake", nearer ? Math.min(before, change.wake ?? Infinity) : (change.wake ?? undefined));
  }
  for (const name of change.unset ?? []) state.set(`field ${name}`, undefined);
  for (const [name, text] of Object.entries(change.set ?? {})) state.set(`field ${name}`, text);
  for (const alias of change.release ?? []) state.set(`alias ${alias}`, undefined);
  for (const alias of change.claim ?? []) state.set(`alias ${alias}`, 1);
  if (change.ended !== undefined) {
    state.set("ended", change.ended);
    for (const piece of state.keys()) if (piece.startsWith("alias ")) state.set(piece, undefined);
  }
}

/**
 * What unanswered changes may have made of each piece.
 * @param {readonly import("./types.ts").Write[]} unsure @param {readonly import("./types.ts").Step[]} steps @returns {Map<string, Set<Piece>>}
 */
function candidatesOf(unsure, steps) {
  /** @type {Map<string, Set<Piece>>} */
  const candidates = new Map();
  for (const { change } of unsure) {
    const made = emptyState();
    makeOf(made, change);
    for (const [piece, value] of made) candidates.set(piece, (candidates.get(piece) ?? new Set()).add(value));
  }
  // A merge only brings a wake nearer, so what it makes of one depends on the one before: any that was ever sent may stand.
  const wakes = candidates.get("wake");
  for (const { change } of wakes === undefined ? [] : steps) wakes?.add(change.wake ?? undefined);
  return candidates;
}

/** @param {Map<string, Piece>} state @param {SessionRecord} record @param {Map<string, Set<Piece>> | undefined} candidates @returns {string[]} */
function differences(state, record, candidates) {
  const seen = piecesOf(record);
  const differs = [];
  for (const piece of new Set([...state.keys(), ...seen.keys()])) {
    const [is, meant] = [seen.get(piece), state.get(piece)];
    if (is === meant || (piece === "epoch" && (is ?? 0) === (meant ?? 0))) continue;
    // Whether an end stands is judged as "ended is final"; with it the aliases go.
    if (
      piece === "ended"
        ? is === undefined
        : piece.startsWith("alias ") && (is === undefined ? seen : state).get("ended") !== undefined && seen.get("ended") !== state.get("ended")
    )
      continue;
    if (candidates?.get(piece)?.has(is)) continue;
    differs.push(`${piece} is ${is}, not ${meant}`);
  }
  return differs;
}

/** @param {SessionRecord} record @returns {Map<string, Piece>} */
function piecesOf({ subject, epoch, wake, ended, aliases, fields }) {
  return new Map(
    /** @type {[string, Piece][]} */ ([
      ["subject", subject],
      ["epoch", epoch],
      ["wake", wake],
      ["ended", ended],
      ...aliases.map((alias) => [`alias ${alias}`, 1]),
      ...Object.entries(fields).map(([name, text]) => [`field ${name}`, text]),
    ]),
  );
}
