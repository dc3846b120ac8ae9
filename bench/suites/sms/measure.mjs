// Measures one part in a process of its own: `node measure.mjs <part> <JSON>`, started by ../sms.mjs. Sends what it found.
import { createReadStream, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { shuffled } from "../../lib/interleave.mjs";
import { profiled } from "../../lib/profiled.mjs";
import { longDialogues, resumed } from "./resume.mjs";
import { misrouted } from "./routing.mjs";
import { dialogueSteps, plainMerges } from "./steps.mjs";
import { openStore } from "./stores.mjs";

/**
 * What each part takes, and finds.
 * @typedef {typeof parts} Parts
 * @typedef {{ folder: string, profile?: string | undefined }} Setting a folder of its own, and the file that a profile goes to.
 */

const parts = {
  /** @param {Setting & import("./steps.mjs").Load & { design: string }} asked */
  steps: ({ folder, profile, design, ...load }) =>
    over(design === "memory" ? "memory" : "lmdb", folder, (store) =>
      (design === "plain" ? plainMerges : dialogueSteps)(store, { ...load, around: profiled(profile) }),
    ),
  /** @param {Setting & { dialogues: number, steps: number }} asked */
  fill: ({ folder, ...amount }) =>
    over("lmdb", folder, async (store) => {
      writeFileSync(join(folder, "dialogues.json"), JSON.stringify(await longDialogues(store, amount)));
    }),
  /** @param {Setting} asked */
  async resume({ folder, profile }) {
    // Into the page cache.
    for await (const chunk of createReadStream(join(folder, "data.mdb"), { highWaterMark: 2 ** 20 })) void chunk;
    const file = join(folder, "dialogues.json");
    /** @type {readonly import("./resume.mjs").Dialogue[]} */
    const dialogues = JSON.parse(readFileSync(file, "utf8"));
    const found = await over("lmdb", folder, (store) => resumed(store, shuffled(dialogues, Math.random), profiled(profile)));
    // Each is a step further now.
    writeFileSync(file, JSON.stringify(dialogues.map((dialogue) => ({ ...dialogue, n: dialogue.n + 1 }))));
    return found;
  },
  /** @param {Setting & import("./routing.mjs").Schedule} asked */
  routing: ({ folder: _folder, profile: _profile, ...schedule }) => misrouted(schedule),
};

/**
 * @template T
 * @param {string} name
 * @param {string} folder
 * @param {(store: import("sojourn").Store) => Promise<T>} work
 */
async function over(name, folder, work) {
  const { store, close } = openStore(name, folder);
  const found = await work(store);
  await close();
  return found;
}

const [part = "", asked = "{}"] = process.argv.slice(2);
if (!(part in parts)) throw new Error(`There is no part ${part}.`);
const work = /** @type {(asked: unknown) => Promise<unknown>} */ (parts[/** @type {keyof typeof parts} */ (part)]);
const found = await work(JSON.parse(asked));
process.send?.({ found });
process.disconnect?.();
