import { createSessions } from "sojourn";
import { dialogue, smsGateway } from "@sojourn/gateways/sms";
import { memoryStore } from "sojourn/stores/memory";
import { seeded } from "../../lib/statistics.mjs";
import { handsetOf } from "./survey.mjs";
import { underWay } from "./under-way.mjs";

/**
 * How people are written to.
 * @typedef {object} Schedule
 * @property {number} atOnce dialogues at once with each handset; the pool has as many numbers.
 * @property {number} questions of each dialogue; with more than one, each answer is followed by a further question at once.
 * @property {number} replies at least so many in all.
 *
 * @typedef {object} Misrouted
 * @property {number} replies
 * @property {number} gateway replies that did not come to the dialogue that they were meant for.
 * @property {number} mostRecent those that would not have, had one number served all and each reply gone to the dialogue that asked last.
 */

/** A question that a handset has open. @typedef {{ key: string, from: string }} Question */

const handsets = 1_000;
const together = 64;

/**
 * People with several dialogues at once answer their open questions in random order, each to the number that it came from, until all are answered; then as many dialogues begin
 * anew. The other way is judged by the very same replies: it is told what is open, so that no mistake of its makes a second.
 * @param {Schedule} schedule
 * @returns {Promise<Misrouted>}
 */
export async function misrouted({ atOnce, questions, replies }) {
  // Ended sessions are kept for a day, and all of them end.
  const store = memoryStore({ budget: 2 ** 30 });
  const sessions = /** @type {import("@sojourn/gateways/sms").SmsSessions} */ (createSessions({ store, kind: "sms" }));
  const interview = dialogue("interview", async (talk, /** @type {string} */ key) => {
    const heard = [];
    for (let n = 1; n <= questions; n++) heard.push(await talk.ask(`${key}: question ${n}?`));
    return { key, heard };
  });
  /** By handset, in the order in which they came. @type {Map<string, Question[]>} */
  const open = new Map();
  /** @type {import("@sojourn/gateways/sms").Receiver | undefined} */
  let receiver;
  /** @type {Map<string, readonly string[]>} */
  const results = new Map();
  /** @type {Error | undefined} */
  let failure;
  let [sent, mostRecent, unexpected] = [0, 0, 0];
  const gateway = smsGateway(sessions, {
    transport: {
      async send({ from, to, text }) {
        open.get(to)?.push({ key: text.slice(0, text.indexOf(":")), from });
        return {};
      },
      receive: (given) => void (receiver = given),
      async close() {},
    },
    numbers: Array.from({ length: atOnce }, (_, index) => `+358457${1_000 + index}`),
    // A dialogue whose reply was lost would hold its number for good.
    exhausted: "oldest-yields",
    dialogues: [interview],
    unexpected: () => void unexpected++,
    finished({ result }) {
      const { key, heard } = /** @type {{ key: string, heard: readonly string[] }} */ (result);
      results.set(key, heard);
    },
    failed: ({ error }) => void (failure ??= new Error("A dialogue failed.", { cause: error })),
  });
  await gateway.listen();
  const batches = Math.ceil(replies / (atOnce * questions));
  await underWay(Math.min(handsets, batches), together, async (index) => {
    for (let batch = index; batch < batches; batch += handsets) await converse(handsetOf(index), batch);
  });
  await gateway.close();
  await sessions.close();
  store.close();
  if (failure !== undefined) throw failure;
  const arrived = [...results].reduce((sum, [key, heard]) => sum + heard.filter((answer) => answer.startsWith(`${key} `)).length, 0);
  if (sent - arrived < unexpected) throw new Error("A reply came to its dialogue that nobody waited for.");
  return { replies: sent, gateway: sent - arrived, mostRecent };

  /**
   * @param {string} handset
   * @param {number} batch
   */
  async function converse(handset, batch) {
    /** @type {Question[]} */
    const asked = [];
    open.set(handset, asked);
    // The same batch is answered in the same order in every run.
    const random = seeded(batch * 5_003 + atOnce);
    for (let n = 0; n < atOnce; n++) {
      const started = await gateway.start(interview, handset, `d${batch}-${n}`);
      if (!started.ok) throw new Error(`A dialogue did not begin: ${started.why}.`);
    }
    while (asked.length > 0) {
      const chosen = Math.floor(random() * asked.length);
      if (chosen !== asked.length - 1) mostRecent++;
      const [question] = asked.splice(chosen, 1);
      if (question === undefined) return;
      sent++;
      await receiver?.message({ from: handset, to: question.from, text: `${question.key} is what I answer` });
    }
  }
}
