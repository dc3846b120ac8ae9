// What was acknowledged against what is there: writers beside an engine that loses a node, or its cables. The rig proper asks whether a promise holds;
// this counts, for engines that do not promise it.
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

/** @typedef {import("sojourn").SessionId} SessionId */
/** Where a writer runs: how its program is called there. @typedef {(program: string, args: readonly string[]) => readonly [string, readonly string[]]} Place */
/** @typedef {{ acknowledged: number, sessions: number, lost: number, ended: number, revived: number, unanswered: number, refused: number, longestPause: number, wrong: string[] }} Losses */

const program = fileURLToPath(new URL("losses-worker.mjs", import.meta.url));

/**
 * @param {object} round
 * @param {string} round.store the rig's name of it
 * @param {string} round.folder
 * @param {import("./types.ts").RigStore["open"]} round.open the store, when all is over: reads what is left
 * @param {readonly Place[]} round.places of the writers
 * @param {() => Promise<void>} round.incident done to the engine while they write; resolves when all is whole again
 * @param {number} [round.before] ms of writing before it @param {number} [round.behind] ms after it
 * @returns {Promise<Losses>}
 */
export async function lossesOf({ store, folder, open, places, incident, before = 1_000, behind = 2_000 }) {
  /** The last number that was acknowledged, by session; `ended` once that was. @type {Map<string, { n: number, ended: boolean }>} */
  const known = new Map();
  /** The highest that was sent. @type {Map<string, number>} */
  const sent = new Map();
  /** Ends that were sent. @type {Set<string>} */
  const ending = new Set();
  const tally = { acknowledged: 0, unanswered: 0, refused: 0 };
  /** When answers came, ms. @type {number[]} */
  const answers = [];
  const writers = places.map((place, i) => {
    const [file, args] = place(process.execPath, [program, JSON.stringify({ store, folder, writer: i })]);
    const child = spawn(file, [...args], { stdio: ["pipe", "pipe", "inherit"] });
    let ready = () => {};
    const begun = new Promise((resolve) => (ready = () => resolve(undefined)));
    const lines = createInterface({ input: child.stdout }).on("line", (text) => {
      const line = JSON.parse(text);
      if (line.sent !== undefined) sent.set(line.id, line.sent);
      else if (line.ending) ending.add(line.id);
      else if (line.error !== undefined) tally[line.error === "outcome_unknown" ? "unanswered" : "refused"] += 1;
      else {
        ready();
        answers.push(line.at);
        tally.acknowledged += 1;
        known.set(line.id, { n: line.n, ended: line.ended === true });
      }
    });
    const gone = Promise.all([new Promise((resolve) => child.once("exit", resolve)), new Promise((resolve) => lines.once("close", resolve))]);
    return { child, begun, gone };
  });
  try {
    await Promise.race([Promise.all(writers.map(({ begun }) => begun)), late(20_000, "the writers did not begin")]);
    await sleep(before);
    await incident();
    await sleep(behind);
  } finally {
    for (const { child } of writers) child.stdin.end();
    await Promise.race([Promise.all(writers.map(({ gone }) => gone)), sleep(10_000)]);
    for (const { child } of writers) child.kill("SIGKILL");
  }
  const { store: observer, close } = await open(folder);
  let lost = 0;
  let revived = 0;
  const wrong = [];
  for (const [id, { n, ended }] of known) {
    const record = await observer.load(/** @type {SessionId} */ (id));
    const there = Number(record?.fields["n"] ?? -1);
    if (record === undefined || there < n) lost += 1;
    if (ended && record !== undefined && record.ended === undefined) revived += 1;
    if (there > (sent.get(id) ?? n)) wrong.push(`${id} holds ${there}, and no more than ${sent.get(id)} was sent`);
    if (record?.ended !== undefined && !ended && !ending.has(id)) wrong.push(`${id} ended by itself`);
  }
  await close();
  answers.sort((x, y) => x - y);
  const longestPause = answers.reduce((most, at, i) => Math.max(most, at - (answers[i - 1] ?? at)), 0);
  return { ...tally, sessions: known.size, lost, ended: [...known.values()].filter((one) => one.ended).length, revived, longestPause, wrong };
}

/** @param {number} ms @param {string} what @returns {Promise<never>} */
async function late(ms, what) {
  await sleep(ms, undefined, { ref: false });
  throw new Error(what);
}
