// Judges a round: everything that its processes logged, and the truth that is left.
import { checkLife } from "./check-lives.mjs";
import { checkNames } from "./check-names.mjs";
import { truthReader } from "./check-records.mjs";
import { checkIndexes, checkPlaces } from "./check-truth.mjs";
import { livesOf } from "./lives.mjs";
import { now } from "./log.mjs";
import { judge } from "./promises.mjs";

/**
 * @param {import("./types.ts").Findings} findings @param {import("./types.ts").History} history
 * @param {import("sojourn").Store} store opened afresh where it can be @param {Pick<import("./types.ts").RigStore, "lag" | "weak">} promised
 * @param {import("./types.ts").Names} names
 */
export async function checkRound(findings, history, store, promised, names) {
  const ids = [...new Set(history.writes.map(({ change }) => change.id))];
  const truth = [];
  for (let at = 0; at < ids.length; at += 100) {
    const began = now();
    const loaded = await Promise.all(ids.slice(at, at + 100).map(async (id) => ({ id, record: await store.load(id) })));
    const ended = now();
    for (const { id, record } of loaded) {
      history.reads.push({ reader: truthReader, began, ended, id, record });
      if (record?.kind === names.kind) truth.push(record);
    }
  }
  const lives = livesOf(history);
  for (const life of lives.values()) checkLife(findings, life, promised, history.closed);
  checkNames(findings, history, lives, names, promised.lag);
  await checkIndexes(findings, store, names, truth);
  await checkPlaces(findings, store, names, truth);
  findings.answers.judged += history.writes.length + history.looks.length;
  for (const error of history.errors) judge(findings, "answers", false, () => error);
}

/** @param {import("./types.ts").History} history @returns {Pick<import("./types.ts").Counts, "operations" | "acknowledged" | "refused" | "unknown" | "reads">} */
export function countsOf({ writes, reads }) {
  const answered = writes.filter(({ outcome }) => outcome !== undefined);
  const acknowledged = answered.filter(({ outcome }) => outcome?.ok).length;
  return {
    operations: writes.length + reads.length,
    acknowledged,
    refused: answered.length - acknowledged,
    unknown: writes.length - answered.length,
    reads: reads.length,
  };
}
