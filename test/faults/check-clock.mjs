// That the clock of a process lies as it was told to, and nothing else does: else a round with wrong clocks would prove nothing.
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { clocksNow } from "./clocks.mjs";

/** What reading several clocks one after the other may take on a machine under load, ms: the best of some tries. */
const slack = 50;
const tries = 20;

/**
 * @param {import("./types.ts").ClockClaim} clock
 * @throws {Error} when Date.now() does not lie as it should, or when what must be true does not tell the truth
 */
export async function checkClock({ file, by = 0, pace = 1, born }) {
  const began = process.hrtime.bigint();
  await sleep(20);
  const slept = Number(process.hrtime.bigint() - began) / 1e6;
  if (slept < 19) throw new Error(`a timer of 20 ms rang after ${slept} ms`);
  let worst = "";
  for (let left = tries; left > 0; left--) {
    // Held against what they said in the parent, when this process was started: a clock at another speed would have gone wrong since.
    const { epoch, uptime, monotonic } = clocksNow();
    const passed = (uptime - born.uptime) * 1000;
    const offMonotonic = (monotonic - born.monotonic) * 1000 - passed;
    const offPerformance = origin - between();
    const lie = epoch - (born.epoch + passed);
    const meant = (file === undefined ? by : Number(readFileSync(file, "utf8"))) * 1000;
    // Since when the process has been at its speed is known to within the time it took to start.
    const [low, high] = [0, (pace - 1) * passed].toSorted((x, y) => x - y);
    if (Math.abs(offMonotonic) > slack) worst = `the monotonic clock is off by ${offMonotonic} ms`;
    else if (Math.abs(offPerformance) > slack) worst = `performance.now() is off by ${offPerformance} ms`;
    else if (lie < meant + Number(low) - slack || lie > meant + Number(high) + slack) worst = `Date.now() is off by ${lie} ms, and should be by ${meant} ms`;
    else return;
    await sleep(1);
  }
  throw new Error(`The clocks of this process are not as they were made: ${worst}.`);
}

/** From performance.now() to the clock of the log, ms: in the middle of some readings, for a process may be stopped between one clock and the other. */
function between() {
  const readings = Array.from({ length: 9 }, () => Number(process.hrtime.bigint()) / 1e6 - performance.now());
  return Number(readings.toSorted((x, y) => x - y)[4]);
}

const origin = between();
