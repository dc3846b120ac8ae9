// Clocks that lie: what Date.now() says in a process of a round, while its monotonic clock, its timers and the log stay true. By libfaketime.
import { execFileSync } from "node:child_process";
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { findProgram, missing } from "@sojourn/peers/programs";

/** @typedef {import("./types.ts").ClockSetting} ClockSetting */

/** ms by which two clocks of a round differ at most, where nothing less is promised. */
export const mostSkew = 20 * 60_000;
/** ms that a clock at another speed may go wrong by while a round lasts. */
const drift = 20_000;

/** Why clocks cannot be made to lie here, as the reason of a skip. */
export function clocksMissing() {
  return missing("faketime", "faketime");
}

/** The library, by the path that its own starter gives the loader. */
function library() {
  return execFileSync(/** @type {string} */ (findProgram("faketime")), ["-f", "+0", "printenv", "LD_PRELOAD"], { encoding: "utf8" }).trim();
}

/** This process's clocks at one moment: epoch ms, s of the kernel's own, which no library stands before, and s of the monotonic clock. */
export function clocksNow() {
  const readings = Array.from({ length: 5 }, () => {
    const began = process.hrtime.bigint();
    const epoch = Date.now();
    const uptime = Number(readFileSync("/proc/uptime", "utf8").split(" ")[0]);
    return { took: process.hrtime.bigint() - began, epoch, uptime, monotonic: Number(began) / 1e9 };
  });
  // A process may be stopped between one clock and the other.
  const { epoch, uptime, monotonic } = readings.reduce((best, one) => (one.took < best.took ? one : best));
  return { epoch, uptime, monotonic };
}

/** What a process needs to be started with so that its clock lies so. @param {ClockSetting} setting @returns {{ env: NodeJS.ProcessEnv, clock: import("./types.ts").ClockClaim }} */
export function lying({ file, by = 0, pace = 1 }) {
  const env = {
    ...process.env,
    LD_PRELOAD: library(),
    FAKETIME_DONT_FAKE_MONOTONIC: "1",
    // A shared file system dates files by its own clock.
    NO_FAKE_STAT: "1",
    ...(file === undefined ? { FAKETIME: `${signed(by)}${pace === 1 ? "" : ` x${pace}`}` } : { FAKETIME_TIMESTAMP_FILE: file, FAKETIME_NO_CACHE: "1" }),
  };
  return { env, clock: { by, pace, born: clocksNow(), ...(file !== undefined && { file }) } };
}

/** Sets a clock that was made with a file, at once and whole. @param {string} file @param {number} by s ahead of the truth */
export function setClock(file, by) {
  writeFileSync(`${file}.new`, signed(by));
  renameSync(`${file}.new`, file);
}

/**
 * Clocks for the processes of a round, by slot: one is right, one is ahead or behind, one runs at another speed besides, one is set again and again.
 * @param {string} folder @param {import("./chance.mjs").Chance} random
 */
export function lyingClocks(folder, random) {
  const turn = random(4);
  /** Whole s, never near the truth. */
  const skew = () => (random(2) === 0 ? -1 : 1) * (30 + random((mostSkew / 2 - drift) / 1000 - 30));
  const first = { ahead: skew(), paced: skew() };
  /** Of those that are set, by slot. @type {Map<number, string>} */
  const files = new Map();
  let jumps = 0;

  /** @param {number} slot @returns {ClockSetting | undefined} */
  function settingOf(slot) {
    const sort = (slot + turn) % 4;
    if (sort === 0) return undefined;
    if (sort === 1) return { by: first.ahead };
    if (sort === 2) return { by: first.paced, pace: first.paced < 0 ? 1.5 : 0.75 };
    const file = files.get(slot) ?? join(folder, `clock-${slot}`);
    if (!files.has(slot)) setClock(file, skew());
    files.set(slot, file);
    return { file };
  }

  return {
    /** Whether the slot's clock is set while its process works: what it waits for may be over before its time. @param {number} slot */
    isSet: (slot) => files.has(slot),
    get jumps() {
      return jumps;
    },
    /** What the slot's process is started with. @param {number} slot @returns {import("./types.ts").Place} */
    of(slot) {
      const setting = settingOf(slot);
      return setting === undefined ? {} : lying(setting);
    },
    /** Sets those that are set, each to another time. */
    jump() {
      for (const file of files.values()) {
        setClock(file, skew());
        jumps += 1;
      }
    },
  };
}

/** @param {number} seconds */
function signed(seconds) {
  return `${seconds < 0 ? "" : "+"}${seconds}`;
}
