// Sorts a history by sessions: what is certain of each, in the order of its versions, and what may have happened beside it.

/** @typedef {import("./types.ts").Life} Life */
/** @typedef {import("./types.ts").Step} Step */
/** @typedef {import("./types.ts").Write} Write */
/** @typedef {import("./types.ts").Read} Read */

/** @param {import("./types.ts").History} history @returns {Map<string, Life>} */
export function livesOf({ writes, reads }) {
  /** @type {Map<string, { id: string, steps: Step[], unsure: Write[], refused: Write[], reads: Read[] }>} */
  const lives = new Map();
  /** @param {string} id */
  const lifeOf = (id) => {
    const life = lives.get(id) ?? { id, steps: [], unsure: [], refused: [], reads: [] };
    lives.set(id, life);
    return life;
  };
  for (const write of writes) {
    const life = lifeOf(write.change.id);
    const { ended, outcome } = write;
    if (ended === undefined || outcome === undefined || write.weak) life.unsure.push(write);
    else if (outcome.ok) life.steps.push({ ...write, ended, version: outcome.version });
    else life.refused.push(write);
  }
  for (const read of reads) lifeOf(read.id).reads.push(read);
  // An erase keeps the version of what it erased.
  for (const { steps } of lives.values()) steps.sort((x, y) => x.version - y.version || Number(x.change.erase ?? false) - Number(y.change.erase ?? false));
  return lives;
}

/** Whether the change takes the alias away from who holds it. @param {import("sojourn").Change} change @param {string} alias */
export function losesAlias(change, alias) {
  return ends(change) || (change.release?.includes(alias) === true && change.claim?.includes(alias) !== true);
}

/** @param {import("sojourn").Change} change */
export function ends(change) {
  return change.ended !== undefined || change.erase === true;
}

/**
 * The times in which a session certainly held something: from the acknowledgement of what gave it to the beginning of the first change that may have taken it away.
 * @param {Life} life @param {(change: import("sojourn").Change) => boolean} gains @param {(change: import("sojourn").Change) => boolean} loses
 * @returns {{ id: string, from: number, to: number }[]}
 */
export function certainTimes({ id, steps, unsure }, gains, loses) {
  const sure = unsure.filter(({ change }) => loses(change)).reduce((first, { began }) => Math.min(first, began), Infinity);
  const times = [];
  for (const [i, { change, ended }] of steps.entries()) {
    if (!gains(change) || ends(change)) continue;
    const loss = steps.slice(i + 1).find((later) => loses(later.change));
    const to = Math.min(sure, loss?.began ?? Infinity);
    if (ended < to) times.push({ id, from: ended, to });
  }
  return merged(times);
}

/** Claiming again what one holds begins no second time. @param {{ id: string, from: number, to: number }[]} times */
function merged(times) {
  /** @type {typeof times} */
  const apart = [];
  for (const time of times.toSorted((x, y) => x.from - y.from)) {
    const last = apart.at(-1);
    if (last !== undefined && time.from <= last.to) last.to = Math.max(last.to, time.to);
    else apart.push(time);
  }
  return apart;
}

/** Sorted numbers: the greatest `value` of the items whose `at` is not after `time`. @param {readonly { at: number, value: number }[]} items @returns {(time: number) => number} */
export function greatestUntil(items) {
  const sorted = items.toSorted((x, y) => x.at - y.at);
  /** @type {number[]} */
  const greatest = [];
  for (const { value } of sorted) greatest.push(Math.max(value, greatest.at(-1) ?? 0));
  return (time) => {
    let [low, high] = [0, sorted.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (/** @type {{ at: number }} */ (sorted[middle]).at <= time) low = middle + 1;
      else high = middle;
    }
    return greatest[low - 1] ?? 0;
  };
}
