import { nextTurn } from "../../lib/pauses.mjs";
import { handsetOf, openSurveys } from "./survey.mjs";
import { spread } from "./steps.mjs";
import { underWay } from "./under-way.mjs";

/** How far a dialogue is, and over which of our numbers it goes. @typedef {{ handset: string, n: number, from: string, at: number }} Dialogue */

/**
 * Leads so many dialogues so far.
 * @param {import("sojourn").Store} store
 * @param {{ dialogues: number, steps: number }} amount
 * @returns {Promise<readonly Dialogue[]>}
 */
export async function longDialogues(store, { dialogues, steps }) {
  const surveys = await openSurveys(store);
  /** @type {Dialogue[]} */
  const led = [];
  await underWay(dialogues, 64, async (index) => {
    const handset = handsetOf(index);
    await surveys.begin(handset);
    for (let step = 0; step < steps; step++) await surveys.step(handset);
    led[index] = { handset, ...surveys.lastAsked(handset) };
  });
  await surveys.close();
  return led;
}

/**
 * The next step of each, one by one, by a process that has met none of them. The first half brings the code up to speed.
 * @param {import("sojourn").Store} store
 * @param {readonly Dialogue[]} dialogues in the order in which they are resumed.
 * @param {<T>(work: () => Promise<T>) => Promise<T>} [around] what is measured.
 */
export async function resumed(store, dialogues, around = (work) => work()) {
  let reached = { n: 0, ms: 0 };
  const surveys = await openSurveys(store, (n, ms) => void (reached = { n, ms }));
  for (const dialogue of dialogues) surveys.goOn(dialogue.handset, dialogue);
  const half = dialogues.length >> 1;
  /** All in ms. @type {number[]} */
  const answered = [];
  /** @type {number[]} */
  const replayed = [];
  const first = (await next(dialogues[0])).answered;
  for (const dialogue of dialogues.slice(1, half)) await next(dialogue);
  const before = process.cpuUsage();
  await around(async () => {
    for (const dialogue of dialogues.slice(half)) {
      const took = await next(dialogue);
      answered.push(took.answered);
      replayed.push(took.replayed);
    }
  });
  const { user, system } = process.cpuUsage(before);
  await surveys.close();
  /** µs of all threads, with what a step does after its answer. */
  const cpu = (user + system) / answered.length;
  return { first, answered: spread(answered), replayed: spread(replayed), cpu };

  /** @param {Dialogue | undefined} dialogue */
  async function next(dialogue) {
    if (dialogue === undefined) throw new Error("There is no dialogue to resume.");
    // What the one before it left behind is not its own.
    await nextTurn();
    const { answered: took } = await surveys.step(dialogue.handset);
    // The last question that the function came to is the one after the answer.
    if (reached.n !== dialogue.n + 1) throw new Error(`Its function came to question ${reached.n} and not to ${dialogue.n + 1}.`);
    return { answered: took, replayed: reached.ms };
  }
}
