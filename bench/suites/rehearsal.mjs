import { mkdirSync } from "node:fs";
import { freemem } from "node:os";
import { join } from "node:path";
import { removeFolder, temporaryFolder } from "../lib/children.mjs";
import { sizeName } from "../lib/figures.mjs";
import { machineFacts, otherWork } from "../lib/machine.mjs";
import { engineFacts, missingEngines } from "./cluster/engines.mjs";
import { lives } from "./rehearsal/engines.mjs";
import { layoutOf, planOf } from "./rehearsal/plan.mjs";
import { rehearse } from "./rehearsal/redis.mjs";
import { tellLives, tellRedis } from "./rehearsal/report.mjs";

/** Many sessions in one Redis with the clock running, and what the lives of sessions ask of every engine. @type {import("../lib/suite.ts").Suite} */
export const rehearsal = {
  name: "rehearsal",
  whole: " of both parts with --sessions 10000000",
  missing: () => [...(process.platform === "linux" ? [] : ["Linux (/proc/PID/status)"]), ...missingEngines()],
  run,
};

const wholeSize = 10_000_000;
const parts = /** @type {const} */ (["redis", "lives"]);
/** Bytes that a session may take at the most; for the check beforehand only. */
const guess = 1_300;
/** For the estimate only. */
const filledInSecond = 8_000;
/** Two cores: the engine needs most of one, and two clients share what is left. */
const fillers = 2;

/** @type {import("../lib/suite.ts").Suite["run"]} */
async function run({ quick, only, data, say, sessions: asked, shards, buckets }) {
  const chosen = parts.filter((part) => only === undefined || part === only);
  if (chosen.length === 0) throw new Error(`--only is ${JSON.stringify(only)}. Give one of ${parts.join(", ")}.`);
  const sessions = asked ?? (quick ? 4_000 : 200_000);
  if (sessions < 1_000) throw new Error(`--sessions is ${sessions}. Give at least 1000.`);
  if (chosen.includes("redis") && sessions * guess > freemem()) {
    throw new Error(
      `${sizeName(sessions)} sessions may take ${((sessions * guess) / 1e9).toFixed(0)} GB of memory, and ${(freemem() / 1e9).toFixed(0)} GB are free. Give fewer --sessions.`,
    );
  }
  const plan = planOf(sessions, quick);
  const layout = layoutOf(sessions, { shards, buckets });
  const ofLives = quick ? 100 : 2_000;
  const seconds =
    (chosen.includes("redis") ? sessions / filledInSecond + (2 * sessions) / 150_000 + 9 * (plan.seconds + plan.warmUp) + plan.burst / 1_000 : 0) +
    (chosen.includes("lives") ? (quick ? 30 : 90) : 0);
  say(
    `rehearsal: ${chosen.join(", ")}, ${sizeName(sessions)} sessions in ${layout.shards} shards of ${layout.buckets} buckets: about ${seconds < 60 ? `${Math.ceil(seconds)} s` : `${Math.ceil(seconds / 60)} min`}.`,
  );
  if (otherWork() > 0.5) say(`Other work is running (load ${otherWork().toFixed(1)} during the last minute): times will be long.`);

  /** @type {import("./rehearsal/report.mjs").Told[]} */
  const told = [];
  const folder = data === undefined ? temporaryFolder() : kept(data);
  try {
    if (chosen.includes("redis")) told.push(tellRedis(await rehearse({ plan, layout, fillers, folder, say }), plan, layout, !quick));
    if (chosen.includes("lives")) told.push(tellLives(await lives({ sessions: ofLives, data, say }), ofLives, !quick));
  } finally {
    if (data === undefined) removeFolder(folder);
  }
  const facts = [...machineFacts(["redis", "ioredis", "pg", "mysql2", "@nats-io/transport-node", "lmdb", "sojourn"], data), ...engineFacts()];
  return {
    rows: told.flatMap(({ rows }) => rows),
    section: [
      "## rehearsal: many sessions in one Redis, and the lives of sessions on every engine",
      "",
      `${new Date().toISOString().slice(0, 10)} · ${facts.join(" · ")}`,
      ...told.flatMap(({ lines }) => ["", ...lines]),
      "",
    ].join("\n"),
    complete: !quick && chosen.length === parts.length && sessions >= wholeSize,
  };
}

/** What was filled is kept for the next run. @param {string} data */
function kept(data) {
  const folder = join(data, "sojourn-bench-rehearsal");
  mkdirSync(folder, { recursive: true });
  return folder;
}
