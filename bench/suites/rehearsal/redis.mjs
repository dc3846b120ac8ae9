import { existsSync, linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { measured } from "../../lib/children.mjs";
import { shown, sizeName } from "../../lib/figures.mjs";
import { cpuTime } from "../../lib/machine.mjs";
import { moments } from "./population.mjs";
import { startLarge, until } from "./server.mjs";

/**
 * @typedef {ReturnType<typeof import("./plan.mjs").planOf>} Plan
 * @typedef {import("./act.mjs").Acting} Acting
 * @typedef {import("./act.mjs").Acted} Acted
 * @typedef {object} Setting
 * @property {Plan} plan
 * @property {import("./manager.mjs").Layout} layout
 * @property {number} fillers processes that fill.
 * @property {string} folder where Redis keeps its files. What was filled there before is used again.
 * @property {(line: string) => void} say
 *
 * @typedef {object} Part what visits saw, and what the engine did meanwhile.
 * @property {string} name
 * @property {Acted} acted
 * @property {number} core share of one core that the engine was busy.
 *
 * @typedef {Awaited<ReturnType<typeof rehearse>>} Rehearsed
 */

/** Commits under way at a time in each process that fills. */
const together = 128;
const patience = 1_800;

/** @param {Setting} setting */
export async function rehearse(setting) {
  const { plan, folder } = setting;
  /** @type {(error: Error) => void} */
  let fail = () => {};
  const failed = new Promise((_, reject) => (fail = reject));
  const facts = join(folder, "facts.json");
  const known = existsSync(facts) ? /** @type {Facts} */ (JSON.parse(readFileSync(facts, "utf8"))) : undefined;
  const fit = known !== undefined && JSON.stringify([known.plan, known.layout]) === JSON.stringify([plan, setting.layout]);
  if (!fit) rmSync(join(folder, "redis"), { recursive: true, force: true });
  rmSync(join(folder, "redis", "appendonlydir"), { recursive: true, force: true });
  const server = await startLarge(folder, fail);
  try {
    return await Promise.race([parts(setting, server, fit ? known : undefined), failed]).then(
      (found) => /** @type {Awaited<ReturnType<typeof parts>>} */ (found),
    );
  } finally {
    await server.stop();
  }
}

/** What was filled. @typedef {{ plan: Plan, layout: import("./manager.mjs").Layout, epoch: number, filled: Awaited<ReturnType<typeof fill>> }} Facts */

/** @param {Setting} setting @param {Awaited<ReturnType<typeof startLarge>>} server @param {Facts | undefined} known */
async function parts(setting, server, known) {
  const { plan, layout, folder, say } = setting;
  const { seconds, visits: rate, warmUp } = plan;
  const epoch = known?.epoch ?? Date.now();
  if (known !== undefined) say(`${sizeName(plan.sessions)} sessions are there already, as they were filled.`);
  const filled = known?.filled ?? (await fill(setting, server, epoch));
  const tokens = Array.from({ length: setting.fillers }, (_, n) => join(folder, `tokens-${n}`)).filter(existsSync);

  /** @type {Part[]} */
  const found = [];
  const visits = { tokens, rate, warmUp, seconds };
  const used = async () => Number((await server.info("memory"))["used_memory"]);
  /** @param {string} name @param {readonly Partial<Acting>[]} acting each in a process of its own. @param {() => Promise<unknown>} [beside] */
  async function part(name, acting, beside) {
    const [began, cpu] = [performance.now(), cpuTime(server.pid)];
    const [beside1, ...acted] = await Promise.all([
      beside?.(),
      ...acting.map((one) =>
        measured(new URL("act.mjs", import.meta.url), [JSON.stringify({ url: server.url, layout, runs: false, ...one })], {
          flags: ["--max-semi-space-size=64"],
          say,
        }),
      ),
    ]);
    void beside1;
    const took = cpuTime(server.pid) - cpu;
    const all = /** @type {Acted} */ (Object.assign({}, ...acted));
    found.push({ name, acted: all, core: took / 1_000 / (performance.now() - began) });
    say(`${name}: ${lineOf(all)}`);
    return { acted: all, took };
  }

  const alone = await part("visits alone", [{ at: epoch + moments.quiet, runs: true, visits, looks: plan.looks }]);

  /** What the disk wants: all written once, while visits go on. */
  let rewrite = 0;
  const before = await used();
  server.peak();
  await part("visits while all is written to disk", [{ at: epoch + moments.quiet + 120_000, runs: true, visits }], async () => {
    // After the others have warmed up.
    await new Promise((resolve) => setTimeout(resolve, 1_000 * (warmUp + 0.5)));
    const began = performance.now();
    await server.client.configSet("appendonly", "yes");
    await until(async () => (await server.info("persistence"))["aof_rewrite_in_progress"] === "0", "The append-only file was not written", patience);
    rewrite = (performance.now() - began) / 1_000;
  });
  const [persistence, stats] = [await server.info("persistence"), await server.info("stats")];
  const written = {
    seconds: rewrite,
    fork: Number(stats["latest_fork_usec"]) / 1_000,
    copied: Number(persistence["aof_last_cow_size"] ?? 0),
    bytes: Number(persistence["aof_base_size"]),
    peak: server.peak(),
  };
  say(
    `All is on the disk in ${shown(written.seconds)} s (${shown(written.bytes / 1e9)} GB): fork ${shown(written.fork)} ms, ${shown(written.copied / 1e6)} MB copied.`,
  );
  if (known === undefined) keep(folder, { plan, layout, epoch, filled });

  const ends = await part("all due at once", [{ at: epoch + moments.firstBurst, sweep: { ends: plan.burst } }]);
  const ended = { each: ends.took / plan.burst, bytes: (before - (await used())) / plan.burst };
  const middle = await used();
  const erases = await part("all retained long enough at once", [{ at: epoch + moments.firstErased, sweep: { clears: true } }]);
  const erased = { each: erases.took / plan.burst, seconds: erases.acted.sweep?.seconds ?? NaN, bytes: (middle - (await used())) / plan.burst };
  await part("visits, and all due at once", [
    { at: epoch + moments.secondBurst, sweep: { ends: plan.burst } },
    { at: epoch + moments.secondBurst, visits },
  ]);
  const length = seconds + warmUp + 2;
  await part("visits, and the clock running", [
    { at: epoch + moments.pace, runs: true, sweep: { seconds: length } },
    { at: epoch + moments.pace, runs: true, visits },
  ]);
  await part("the same, in one process", [{ at: epoch + moments.pace + 1_000 * length, runs: true, sweep: { seconds: length }, visits }]);

  const restart = await server.restart();
  const after = await part("visits after kill -9 and restart", [{ at: epoch + moments.quiet, runs: true, visits }]);
  say(`Killed and back, all read from the disk, in ${shown(restart)} s.`);
  if ((after.acted.visits?.done ?? 0) === 0) throw new Error("Nobody was there after the restart.");
  return { filled, parts: found, look: alone.acted.look ?? NaN, written, ended, erased, restart };
}

/** @param {Setting} setting @param {Awaited<ReturnType<typeof startLarge>>} server @param {number} epoch */
async function fill({ plan, layout, fillers, folder, say }, server, epoch) {
  const usage = async () => Number((await server.info("memory"))["used_memory"]);
  const [before, resident] = [await usage(), Number((await server.info("memory"))["used_memory_rss"])];
  const [began, cpu] = [performance.now(), cpuTime(server.pid)];
  server.peak();
  const population = { sessions: plan.sessions, epoch, burst: plan.burst, pace: plan.pace, remembered: plan.remembered };
  const each = await Promise.all(
    Array.from({ length: fillers }, (_, part) => {
      const filling = { url: server.url, layout, population, together, share: [part, fillers], tokens: join(folder, `tokens-${part}`) };
      return measured(new URL("fill.mjs", import.meta.url), [JSON.stringify(filling)], { flags: ["--max-semi-space-size=64"], say });
    }),
  );
  const seconds = (performance.now() - began) / 1_000;
  const clients = /** @type {{ cpu: number }[]} */ (each).reduce((sum, one) => sum + one.cpu, 0);
  const memory = await server.info("memory");
  const found = {
    seconds,
    rate: plan.sessions / seconds,
    engine: (cpuTime(server.pid) - cpu) / plan.sessions,
    client: (1e6 * clients) / plan.sessions,
    bytes: (Number(memory["used_memory"]) - before) / plan.sessions,
    resident: (Number(memory["used_memory_rss"]) - resident) / plan.sessions,
    most: server.peak(),
    keys: await server.client.dbSize(),
  };
  say(
    `${sizeName(plan.sessions)} sessions in ${shown(seconds)} s, ${shown(found.rate)} a second, ${shown(found.bytes)} bytes each (${shown(found.resident)} resident).`,
  );
  return found;
}

/** What Redis has written once for its append-only file is what it reads when it is started without one. @param {string} folder @param {Facts} facts */
function keep(folder, facts) {
  const data = join(folder, "redis");
  mkdirSync(data, { recursive: true });
  linkSync(join(data, "appendonlydir", "appendonly.aof.1.base.rdb"), join(data, "dump.rdb"));
  writeFileSync(join(folder, "facts.json"), JSON.stringify(facts));
}

/** @param {Acted} acted */
function lineOf({ visits, sweep }) {
  const ms = (/** @type {import("./act.mjs").Spread} */ [p50, p99, most]) => `${shown(p50)}, ${shown(p99)}, ${shown(most)} ms`;
  return [
    ...(visits === undefined
      ? []
      : [
          `${visits.done} visits p50, p99, most ${ms(visits.visit)}; log-in ${ms(visits.logIn)}; log-out ${ms(visits.logOut)}; ${visits.over} were over, ${visits.refused} refused`,
        ]),
    ...(sweep === undefined
      ? []
      : [`${sweep.ended} ended, ${shown(sweep.ended / sweep.seconds)} a second${sweep.lag === undefined ? "" : `, late by ${ms(sweep.lag)}`}`]),
  ].join(" · ");
}
