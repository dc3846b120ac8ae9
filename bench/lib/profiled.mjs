import { writeFileSync } from "node:fs";
import { Session } from "node:inspector/promises";

/**
 * Keeps the profiler on for a part of the work, if a file is named: what comes before, starting and compiling, is not in it.
 * @param {string | undefined} file
 * @returns {<T>(work: () => Promise<T>) => Promise<T>}
 */
export function profiled(file) {
  if (file === undefined) return (work) => work();
  return async (work) => {
    const inspector = new Session();
    inspector.connect();
    await inspector.post("Profiler.enable");
    await inspector.post("Profiler.setSamplingInterval", { interval: 200 });
    await inspector.post("Profiler.start");
    const found = await work();
    const { profile } = await inspector.post("Profiler.stop");
    inspector.disconnect();
    writeFileSync(file, JSON.stringify(profile));
    return found;
  };
}
