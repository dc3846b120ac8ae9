import { createSessions } from "sojourn";
import { dialogue, smsGateway } from "@sojourn/gateways/sms";

/** @typedef {import("@sojourn/gateways/sms").Receiver} Receiver */

const numbers = ["+3584570001", "+3584570002", "+3584570003", "+3584570004", "+3584570005"];

/** @param {number} index */
export function handsetOf(index) {
  return `+35840${1_000_000 + index}`;
}

/** @param {number} n */
const answerTo = (n) => `it was fine, but for number ${n}`;

/** @param {number} n */
const questionOf = (n, before = n === 1 ? "nothing" : answerTo(n - 1)) =>
  `Question ${n}: how was your visit to us, in a few words? Before, you said: ${before}`;

/**
 * A dialogue that asks on and on. Each question repeats the answer before it, so that one that was lost, or taken twice, shows.
 * @param {(n: number, ms: number) => void} [reached] told how long its function took to come to each question.
 */
function surveyOf(reached) {
  return dialogue("survey", async (talk, /** @type {null} */ _args) => {
    const began = performance.now();
    /** @type {string | undefined} */
    let before;
    for (let n = 1; ; n++) {
      reached?.(n, performance.now() - began);
      before = await talk.ask(questionOf(n, before));
    }
  });
}

/**
 * Surveys by a gateway, behind a network that takes every message at once.
 * @param {import("sojourn").Store} store
 * @param {Parameters<typeof surveyOf>[0]} [reached]
 */
export async function openSurveys(store, reached) {
  /** @type {import("@sojourn/gateways/sms").SmsSessions} */
  const sessions = createSessions({ store, kind: "sms" });
  const survey = surveyOf(reached);
  /** By handset: which question came last, from which number, and when (ms). @type {Map<string, { n: number, from: string, at: number }>} */
  const asked = new Map();
  /** @type {Receiver | undefined} */
  let receiver;
  /** @type {Error | undefined} */
  let failure;
  const gateway = smsGateway(sessions, {
    transport: {
      async send({ from, to, text }) {
        const n = (asked.get(to)?.n ?? 0) + 1;
        if (text !== questionOf(n)) failure ??= new Error(`In the place of question ${n} came ${JSON.stringify(text)}.`);
        asked.set(to, { n, from, at: performance.now() });
        return {};
      },
      receive: (given) => void (receiver = given),
      async close() {},
    },
    numbers,
    dialogues: [survey],
    failed: ({ error }) => void (failure ??= new Error("A dialogue failed.", { cause: error })),
  });
  await gateway.listen();

  /** @param {string} handset */
  function lastAsked(handset) {
    if (failure !== undefined) throw failure;
    const last = asked.get(handset);
    if (last === undefined) throw new Error("A handset was asked nothing.");
    return last;
  }

  return {
    sessions,
    lastAsked,
    /** @param {string} handset */
    async begin(handset) {
      const started = await gateway.start(survey, handset, null);
      if (!started.ok) throw new Error(`A dialogue did not begin: ${started.why}.`);
      lastAsked(handset);
      return started.id;
    },
    /**
     * What is known of a dialogue that another process has led until now.
     * @param {string} handset
     * @param {{ n: number, from: string, at: number }} last
     */
    goOn: (handset, last) => void asked.set(handset, last),
    /**
     * One step: a message in, its question out.
     * @param {string} handset
     * @returns how long (ms) until the question was handed over, and until the message was acknowledged to the network.
     */
    async step(handset) {
      const { n, from } = lastAsked(handset);
      const began = performance.now();
      await receiver?.message({ id: `m${n}`, from: handset, to: from, text: answerTo(n) });
      const acknowledged = performance.now() - began;
      const next = lastAsked(handset);
      if (next.n !== n + 1) throw new Error(`An answer to question ${n} was followed by question ${next.n}.`);
      return { answered: next.at - began, acknowledged };
    },
    async close() {
      await gateway.close();
      await sessions.close();
    },
  };
}
