import { readFileSync } from "node:fs";
import { join } from "node:path";
import { storeContract } from "sojourn/testing";
import { afterAll, describe, expect, test } from "vitest";
import { root } from "../tree.ts";
import { stopEngines } from "./engines.mjs";
import { missingFor } from "./faults.mjs";
import { lossesOnPage } from "./losses-report.mjs";
import { lossRounds } from "./losses-rounds.mjs";
import { findPlantedIn } from "./planted-rounds.mjs";
import { plantedStores } from "./planted-stores.mjs";
import { findPlanted, planted } from "./planted.mjs";
import { plainStore } from "./plain-store.mjs";
import { addFindings, brokenOf, noFindings, promises } from "./promises.mjs";
import { readReport, reportOf, rowsOfStore, withReport } from "./report.mjs";
import { round } from "./round.mjs";
import { storeNamed, stores } from "./stores.mjs";
import type { Fault } from "./types.ts";

// The short form of the rig; `npm run test:faults` is the long one. SOJOURN_SEED repeats its choices, though not its moments.
const seed = Number(process.env["SOJOURN_SEED"] ?? Math.floor(Math.random() * 2 ** 30));
console.log(`crash and race rig: SOJOURN_SEED=${seed}`);

const short: readonly (readonly [store: string, fault: Fault, incidents: number])[] = [
  ["memory", "races", 3],
  ["lmdb committed", "kill", 3],
  ["lmdb committed", "stop", 3],
  ["lmdb flushed", "blackout", 1],
  ["lmdb relaxed", "kill", 2],
  ["file", "kill", 1],
  ["redis", "stop", 1],
  ["redis", "engine killed", 2],
  ["redis cluster", "kill", 1],
  ["postgres", "kill", 1],
  ["postgres", "engine killed", 1],
  ["mariadb", "kill", 1],
  ["mariadb", "engine killed", 1],
  ["nats", "kill", 1],
  ["nats", "engine stopped", 2],
  ["lmdb committed", "clocks", 1],
  ["file", "clocks", 1],
  ["redis", "clocks", 1],
  ["postgres", "clocks", 1],
  ["mariadb", "clocks", 1],
  ["nats", "clocks", 1],
  ["redis", "cut", 2],
  ["postgres", "cut", 2],
  ["mariadb", "cut", 1],
  ["nats", "cut", 1],
];

describe("no promise is broken", () => {
  const all = noFindings();
  afterAll(stopEngines);
  test.for(short)("%s: %s, %i times", { timeout: 60_000 }, async ([name, fault, incidents], { skip }) => {
    const missing = missingFor(fault, storeNamed(name).engine);
    if (missing !== undefined) skip(missing);
    const { findings, counts } = await round(storeNamed(name), { fault, seed, incidents });
    expect(brokenOf(findings).map((promise) => [promises[promise], findings[promise].broken.slice(0, 3)])).toEqual([]);
    addFindings(all, findings);
    expect(counts.acknowledged).toBeGreaterThan(0);
    if (fault === "kill" || fault === "blackout") expect(counts.kills).toBeGreaterThanOrEqual(incidents);
    if (fault === "stop") expect(counts.stops).toBe(incidents);
    if (fault === "clocks") expect(counts.jumps).toBe(incidents);
    if (fault === "cut") expect(counts.cuts).toBeGreaterThanOrEqual(incidents);
  });

  test("and each has been judged", () => {
    for (const [promise, { judged }] of Object.entries(all)) expect(judged, promise).toBeGreaterThan(0);
  });
});

describe("each check finds a store that breaks its promise", () => {
  test.concurrent.each(planted.map((one) => [one.fault, one] as const))("%s", async (_, { also = [], breaks, ...rest }) => {
    const { broken } = await findPlanted({ breaks, ...rest }, seed);
    expect(broken).toContain(breaks);
    // What breaks one session's promises leaves no order that explains them.
    expect(broken.filter((promise) => promise !== breaks && promise !== "linear" && !also.includes(promise))).toEqual([]);
  });

  test("none is without such a store, and without a fault that store keeps the contract", async () => {
    expect(new Set(planted.map(({ breaks }) => breaks))).toEqual(new Set(Object.keys(promises)));
    const store = plainStore();
    for (const check of Object.values(storeContract)) await check({ open: () => store });
  });
});

describe("rounds with wrong clocks and cut cables find a store that rests on neither happening", () => {
  afterAll(stopEngines);
  test.for(plantedStores.map((one) => [one.fault, one] as const))("%s", { timeout: 120_000 }, async ([, store], { skip }) => {
    const missing = missingFor(store.under, store.engine);
    if (missing !== undefined) skip(missing);
    const { broken } = await findPlantedIn(store, seed);
    expect(broken).toContain(store.breaks);
    if (store.without === undefined) return;
    const { findings } = await round(store, { fault: store.without, seed, incidents: 1 });
    expect(brokenOf(findings)).toEqual([]);
  });
});

describe("the report", () => {
  const page = readFileSync(join(root, "docs/guarantees.md"), "utf8");

  test("in docs/guarantees.md is of these stores, promises and planted faults, none of the promises broken", () => {
    const report = readReport(page);
    const tables = Object.fromEntries(stores.map(({ name }) => [name, rowsOfStore]));
    expect(Object.fromEntries(report?.tables ?? [])).toEqual({
      ...tables,
      "Faults that were planted": [...planted, ...plantedStores].map(({ fault }) => fault),
    });
    expect(report?.broken).toEqual([]);
  });

  test("of what is lost with a node has its row for each", () => {
    expect(lossesOnPage(page)).toEqual(lossRounds.map(({ store, fault }) => `${store}: ${fault}`));
  });

  test("takes its place on a page, and takes it again", () => {
    const finding = { judged: 3, broken: ["a", "b"] };
    const findings = Object.fromEntries(Object.keys(promises).map((name) => [name, name === "kept" ? finding : { judged: 7, broken: [] }]));
    const counts = { operations: 1, acknowledged: 1, refused: 0, unknown: 0, reads: 0, kills: 1234, stops: 0, cuts: 0, jumps: 0 };
    const report = reportOf(
      [{ store: "lmdb flushed", fault: "kill", seed: 1, counts, findings: findings as Awaited<ReturnType<typeof round>>["findings"] }],
      planted,
      5,
    );
    const once = withReport("# Page\n\nText.\n", report);
    expect(withReport(once, report)).toBe(once);
    expect(withReport(`${once}\nMore.\n`, "other").endsWith("-->\n\nMore.\n")).toBe(true);
    expect(readReport(once)).toEqual({
      tables: new Map([
        ["lmdb flushed", rowsOfStore],
        ["Faults that were planted", planted.map(({ fault }) => fault)],
      ]),
      broken: [`| ${promises.kept} | **2 broken** of 3 |`],
    });
    expect(once).toContain("| processes killed | 1,234 |");
    expect(readReport("# Page\n")).toBeUndefined();
  });
});
