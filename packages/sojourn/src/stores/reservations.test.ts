import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Change, SessionId, Store } from "../core/seam.ts";
import { newId } from "../testing/new-id.ts";
import { playHistory } from "../testing/store-differential.ts";
import { keepsTheContract } from "./contract.fixture.ts";
import { documents, faultsOf, grace, processOn, type Documents, type Step } from "./documents.fixture.ts";

const atOnce: Step = async (act) => act();
/** Each step takes some turns of the event loop on its way there, and on its way back. */
function slowly(): Step {
  let n = 0;
  const pause = async (): Promise<void> => {
    for (let left = (n = (n * 5 + 3) % 16) % 3; left > 0; left--) await new Promise((resolve) => setImmediate(resolve));
  };
  return async (act) => {
    await pause();
    const value = act();
    await pause();
    return value;
  };
}

const histories = fc.array(fc.array(fc.nat(), { minLength: 12, maxLength: 48, size: "max" }), { minLength: 1, maxLength: 50, size: "max" });

describe.each([
  ["at once", () => atOnce],
  ["slowly", slowly],
] as const)("records and places that are changed one at a time, %s", (_, step) => {
  const all = documents();
  const harness = { open: () => processOn(all, step()) };
  keepsTheContract(harness);

  test("random histories give what the plain store gives", async () => {
    await fc.assert(
      fc.asyncProperty(histories, (history) => playHistory(harness, history)),
      { numRuns: 60, endOnFailure: true },
    );
  });
});

/** Processes whose steps happen in an order of chance; some die between two steps, some sleep for longer than the grace. */
function world(seed: number): { readonly step: (process: number) => Step; run(): Promise<void>; readonly all: Documents; kill(process: number): void } {
  const all = documents();
  let state = seed >>> 0;
  const random = (below: number): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  const waiting: { readonly process: number; readonly act: () => void; from: number }[] = [];
  const dead = new Set<number>();
  return {
    all,
    kill: (process) => dead.add(process),
    step: (process) => (act) =>
      new Promise((resolve, reject) => {
        if (dead.has(process)) return;
        const go = (): void => {
          try {
            resolve(act());
          } catch (error) {
            reject(error instanceof Error ? error : new Error(String(error)));
          }
        };
        // One step in twenty finds its process asleep, for longer than the others are patient.
        waiting.push({ process, act: go, from: random(20) === 0 ? all.now + 3 * grace : 0 });
      }),
    async run() {
      for (let quiet = 0; quiet < 3;) {
        await new Promise((resolve) => setImmediate(resolve));
        const ready = waiting.filter(({ process, from }) => !dead.has(process) && from <= all.now);
        const next = ready[random(ready.length)];
        if (next === undefined) {
          if (waiting.some(({ process }) => !dead.has(process))) all.now += grace;
          else quiet++;
          continue;
        }
        quiet = 0;
        waiting.splice(waiting.indexOf(next), 1);
        all.now += random(4);
        next.act();
        if (random(200) === 0) dead.add(next.process);
      }
    },
  };
}

const aliases = ["a", "b", "c"];
const subjects = ["u", "v"];
const limit = 2;
const kindLimit = 4;

/** Lives a while among the others, with the few names that all want. */
async function live(store: Store, ids: SessionId[], seed: number): Promise<void> {
  let state = seed;
  const random = (below: number): number => (state = (state * 75 + 74) % 65_537) % below;
  const one = <T>(list: readonly T[]): T => list[random(list.length)] as T;
  for (let n = 0; n < 12; n++) {
    const id = random(3) === 0 || ids.length === 0 ? newId() : one(ids);
    if (!ids.includes(id)) {
      const outcome = await store.commit({
        id,
        expect: "absent",
        kind: "k",
        kindLimit,
        ...(random(2) && { claim: [one(aliases)] }),
        ...(random(2) && { subject: one(subjects), subjectLimit: limit }),
      });
      if (outcome.ok) ids.push(id);
      continue;
    }
    const changes: Partial<Change>[] = [
      { claim: [one(aliases)] },
      { claim: [one(aliases), one(aliases)], release: [one(aliases)] },
      { release: [one(aliases)] },
      { subject: one(subjects), subjectLimit: limit },
      { subject: null },
      { ended: '{"at":1,"reason":"closed"}' },
      { erase: true },
      { expect: 1 + random(4), claim: [one(aliases)], subject: one(subjects), subjectLimit: limit },
    ];
    await store.commit({ id, expect: "live", ...one(changes) });
  }
}

async function chaos(seed: number, faults: Parameters<typeof processOn>[2] = {}): Promise<string[]> {
  const { all, step, run, kill } = world(seed);
  const limitOf = (place: string): number => (place.startsWith("a") ? 1 : limit);
  const found: string[] = [];
  all.changed = () => {
    found.push(...faultsOf(all, limitOf));
    const created = [...all.sessions.values()].filter(({ record }) => record?.kind === "k" && record.ended === undefined).length;
    if (created > kindLimit) found.push(`${created} of the kind live`);
  };
  const ids: SessionId[] = [];
  for (let process = 0; process < 4; process++) {
    const store = processOn(all, step(process), faults);
    for (let loop = 0; loop < 2; loop++) void live(store, ids, seed + process * 7 + loop);
  }
  await run();
  for (let process = 0; process < 4; process++) kill(process);
  // Whoever is dead is in the way for the grace, and no longer: what no record holds can be taken.
  all.now += 10 * grace;
  const after = processOn(all, atOnce, faults);
  for (const alias of aliases) {
    const holder = (await after.find({ alias })).records[0];
    const outcome = await after.commit({ id: newId(), expect: "absent", kind: "other", claim: [alias] });
    if (outcome.ok !== (holder === undefined)) found.push(`${alias} is held by ${holder?.id}, and a claim was ${JSON.stringify(outcome)}`);
  }
  for (const subject of subjects) {
    const { length } = (await after.find({ subject })).records;
    const outcome = await after.commit({ id: newId(), expect: "absent", kind: "other", subject, subjectLimit: limit });
    if (outcome.ok !== length < limit) found.push(`${subject} holds ${length}, and a log-in was ${JSON.stringify(outcome)}`);
  }
  const { length } = (await after.find({ kind: "k" })).records.filter(({ ended }) => ended === undefined);
  const outcome = await after.commit({ id: newId(), expect: "absent", kind: "k", kindLimit });
  if (outcome.ok !== length < kindLimit) found.push(`${length} of the kind live, and a creation was ${JSON.stringify(outcome)}`);
  await after.idle();
  found.push(...faultsOf(all, limitOf));
  return found;
}

describe("processes that die and sleep between any two steps", () => {
  test("leave no place with two holders, no record without its entry, and nothing free that cannot be taken", async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: 2 ** 31 }), async (seed) => {
        expect(await chaos(seed)).toEqual([]);
      }),
      { numRuns: 150 },
    );
  }, 60_000);

  test.each([
    ["commits do not look at what was forbidden", { trusting: true }],
    ["nobody writes down what was forbidden", { forgetful: true }],
  ])(
    "the test sees it when %s",
    async (_, faults) => {
      let seen = 0;
      for (let seed = 1; seed <= 200 && seen === 0; seed++) if ((await chaos(seed * 7919, faults)).length > 0) seen++;
      expect(seen).toBeGreaterThan(0);
    },
    60_000,
  );
});
