// The processes of a round, and what is done to them.
import { fork } from "node:child_process";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

/** @typedef {import("node:child_process").ChildProcess} ChildProcess */
/** @typedef {{ writer: string, slot: number, path: string, child: ChildProcess, ready: Promise<void>, gone: Promise<string> }} Worker `gone` tells how */

const program = fileURLToPath(new URL("worker.mjs", import.meta.url));
/** A process hangs that is not answered, or has been told to stop and is not gone, within this time (ms). */
const patience = 20_000;

/**
 * @param {{ store: string, folder: string, names: import("./types.ts").Names, seed: number, loops: number, hasty: boolean }} work
 * @param {number} count @param {import("./chance.mjs").Chance} random
 * @param {(slot: number) => import("./types.ts").Place} [placeOf] where each runs, and by which clock; asked again when it is started again
 */
export function startProcesses(work, count, random, placeOf = () => ({})) {
  /** Every process that has been started, dead ones too. @type {Worker[]} */
  const started = [];
  /** @type {number[]} */
  const incarnations = Array.from({ length: count }, () => 0);
  /** @type {string[]} */
  const trouble = [];
  let kills = 0;
  let stops = 0;

  /** @param {number} slot @returns {Worker} */
  function start(slot) {
    const incarnation = incarnations[slot] ?? 0;
    incarnations[slot] = incarnation + 1;
    const writer = `${slot}.${incarnation}`;
    const path = join(work.folder, `log-${writer}.jsonl`);
    const { command: [execPath, execArgv] = [process.execPath, []], env = process.env, clock } = placeOf(slot);
    const child = fork(program, [JSON.stringify({ ...work, path, slot, incarnation, clock })], {
      execPath,
      execArgv: [...execArgv],
      env,
      stdio: ["ignore", "inherit", "inherit", "ipc"],
    });
    const gone = /** @type {Promise<string>} */ (new Promise((resolve) => child.once("exit", (code, signal) => resolve(String(signal ?? code)))));
    const ready = /** @type {Promise<void>} */ (
      new Promise((resolve) => {
        const late = setTimeout(() => {
          trouble.push(`${writer}: the process hangs at its first change`);
          resolve();
        }, patience);
        for (const event of ["message", "exit"]) child.once(event, () => resolve(clearTimeout(late)));
      })
    );
    const worker = { writer, slot, path, child, ready, gone };
    started.push(worker);
    return worker;
  }

  /** @param {number} slot */
  function workerIn(slot) {
    const worker = running[slot];
    if (worker === undefined) throw new Error(`there is no process ${slot}`);
    return worker;
  }

  let running = incarnations.map((_, slot) => start(slot));

  /** @param {number} slot */
  async function kill(slot) {
    const { child, gone, writer } = workerIn(slot);
    if (child.exitCode !== null || child.signalCode !== null) trouble.push(`${writer}: the process ended by itself with ${await gone}`);
    child.kill("SIGKILL");
    await gone;
    kills += 1;
    running[slot] = start(slot);
  }

  return {
    started,
    trouble,
    get kills() {
      return kills;
    },
    get stops() {
      return stops;
    },
    async ready() {
      await Promise.all(running.map((worker) => worker.ready));
    },
    /** Kills one at any moment of its work. */
    killOne: () => kill(random(count)),
    /** Kills all at the same moment. */
    async killAll() {
      await Promise.all(running.map((_, slot) => kill(slot)));
    },
    /** Stops one, perhaps while it holds a lock; it goes on later, or dies stopped. */
    async stopOne() {
      const slot = random(count);
      const { child } = workerIn(slot);
      child.kill("SIGSTOP");
      stops += 1;
      await sleep(20 + random(random(4) === 0 ? 400 : 80));
      if (random(4) === 0) await kill(slot);
      else child.kill("SIGCONT");
    },
    /** Lets them end in good order. */
    async end() {
      await this.ready();
      await Promise.all(
        running.map(async ({ child, gone, writer }) => {
          if (child.connected) child.send("stop");
          const late = setTimeout(() => {
            trouble.push(`${writer}: the process hangs`);
            child.kill("SIGKILL");
          }, patience);
          const how = await gone;
          clearTimeout(late);
          if (how !== "0") trouble.push(`${writer}: the process ended with ${how}`);
        }),
      );
      running = [];
    },
    /** For a round that failed half way. */
    destroy() {
      for (const { child } of running) child.kill("SIGKILL");
    },
  };
}
