// Whether what all processes heard about one session can have happened in one order, each call at one moment between its beginning and its end: the search
// of Wing and Gong (1993) with the memory of Lowe (2017). Sessions are independent of each other, so each is searched for itself.
import { apply } from "sojourn";

/** @typedef {import("sojourn").SessionRecord} SessionRecord */
/** @typedef {import("sojourn").Change} Change */

/**
 * A call and what was heard of it. `ended` is `Infinity` when no answer came: it happened at any time afterwards, or never.
 * @typedef {{ began: number, ended: number } & ({ change: Change, outcome?: import("sojourn").Outcome | undefined } | { record: SessionRecord | undefined })} Call
 */

/** Steps of the search after which it gives up. */
const patience = 10_000;

/**
 * @param {readonly Call[]} calls of one session
 * @returns {"yes" | "no" | "undecided"} `undecided`: the search took too long
 */
export function isLinear(calls) {
  const sorted = calls.toSorted((x, y) => x.began - y.began);
  const answered = sorted.filter((call) => call.ended !== Infinity).length;
  const seen = new Set();
  /** Those that have happened in the order that is tried, as bits. */
  const done = new Uint32Array(Math.ceil(sorted.length / 32));
  let steps = 0;

  /** @param {SessionRecord | undefined} state @param {number} left how many with an answer are still to come @returns {boolean} */
  function goesOn(state, left) {
    if (left === 0) return true;
    const where = `${done.join()} ${keyOf(state)}`;
    if (seen.has(where)) return false;
    seen.add(where);
    if ((steps += 1) > patience) throw new TooLong();
    // What has ended before another begins comes first.
    let first = Infinity;
    for (const [i, call] of sorted.entries()) {
      if (call.began > first) break;
      if (isDone(i)) continue;
      const next = after(state, call);
      if (next !== impossible) {
        flip(i);
        if (goesOn(next, left - Number(call.ended !== Infinity))) return true;
        flip(i);
      }
      first = Math.min(first, call.ended);
    }
    return false;
  }

  /** @param {number} i */
  function isDone(i) {
    return ((done[i >> 5] ?? 0) & (1 << (i & 31))) !== 0;
  }

  /** @param {number} i */
  function flip(i) {
    done[i >> 5] = (done[i >> 5] ?? 0) ^ (1 << (i & 31));
  }

  try {
    return goesOn(undefined, answered) ? "yes" : "no";
  } catch (error) {
    if (error instanceof TooLong) return "undecided";
    throw error;
  }
}

class TooLong extends Error {}

const impossible = "impossible";

/** What the call makes of the session, if it happens now and its answer is true. @param {SessionRecord | undefined} state @param {Call} call @returns {SessionRecord | undefined | typeof impossible} */
function after(state, call) {
  if ("record" in call) return keyOf(call.record) === keyOf(state) ? state : impossible;
  const { change, outcome } = call;
  const applied = apply(state, change);
  // Without an answer, what is refused leaves no trace, and need not be tried.
  if (outcome === undefined) return applied.ok ? applied.next : impossible;
  if (outcome.ok) return applied.ok && applied.version === outcome.version ? applied.next : impossible;
  // Names and limits are judged beside the record.
  if (outcome.why === "taken" || outcome.why === "full") return applied.ok ? state : impossible;
  return !applied.ok && applied.why === outcome.why ? state : impossible;
}

/** @type {WeakMap<SessionRecord, string>} */
const keys = new WeakMap();

/** The same text for the same record, and for no other. @param {SessionRecord | undefined} record */
function keyOf(record) {
  if (record === undefined) return "";
  let key = keys.get(record);
  if (key === undefined) {
    const { fields, aliases, ...rest } = record;
    const head = Object.entries({ ...rest, aliases: aliases.toSorted() }).toSorted(([x], [y]) => (x < y ? -1 : 1));
    key = JSON.stringify([head, Object.entries(fields).toSorted(([x], [y]) => (x < y ? -1 : 1))]);
    keys.set(record, key);
  }
  return key;
}
