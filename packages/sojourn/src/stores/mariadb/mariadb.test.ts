import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { delayed } from "../../testing/delayed.ts";
import { newId } from "../../testing/new-id.ts";
import { playHistory } from "../../testing/store-differential.ts";
import { racers, startChild } from "../child.fixture.ts";
import { keepsTheContract } from "../contract.fixture.ts";
import { reason, startEngine, type Engine } from "./mariadb.fixture.ts";
import { fromMysql2, migrateMariadb, type MariadbStore } from "./mariadb.ts";

describe.skipIf(reason)(`the MariaDB store${reason ? ` (${reason})` : ""}`, () => {
  let engine: Engine;
  let views: MariadbStore[];
  const racing = racers(() => startChild(new URL("mariadb-child.mjs", import.meta.url), [engine.server.url]));
  beforeAll(async () => {
    engine = await startEngine();
    views = [engine.store(), engine.store()];
    // The tables are made by the code under test, not by that of the racers, which may be older.
    await migrateMariadb(fromMysql2(engine.pool()));
  }, 60_000);
  afterAll(async () => {
    await racing.end();
    await engine.stop();
  });

  for (const [how, wrap, more] of [
    ["as given, races between processes", (store: MariadbStore) => store, { race: racing.race }],
    ["with delayed answers", delayed<MariadbStore>, {}],
  ] as const) {
    describe(`the contract, ${how}`, () => {
      let next = 0;
      keepsTheContract({ open: () => wrap(views[next++ % 2] as MariadbStore), ...more });
    });
  }

  it("does what apply does, over random histories", async () => {
    // Long steps: a short one leaves most of a change at its simplest.
    const histories = fc.array(fc.array(fc.nat({ max: 5039 }), { minLength: 32, maxLength: 64, size: "max" }), { minLength: 1, maxLength: 40, size: "max" });
    let next = 0;
    await fc.assert(
      fc.asyncProperty(histories, (history) => playHistory({ open: () => views[next++ % 2] as MariadbStore }, history)),
      { numRuns: 50, endOnFailure: true, plugins: [fc.interruptAfterTimeLimit(60_000)] },
    );
    expect(await views[0]?.scrub()).toMatchObject({ missing: 0, dead: 0, miscounted: 0, conflicts: [], unreadable: [] });
  }, 120_000);

  it("limits and aliases hold in every one of many small races", async () => {
    for (let round = 0; round < 40; round++) {
      const name = newId();
      const [store, other] = views as [MariadbStore, MariadbStore];
      const ways = [
        { kind: name, kindLimit: 1 },
        { kind: "k", subject: name, subjectLimit: 1 },
        { kind: "k", claim: [name] },
      ];
      for (const way of ways) {
        const outcomes = await Promise.all(Array.from({ length: 8 }, (_, i) => (i % 2 ? store : other).commit({ id: newId(), expect: "absent", ...way })));
        expect(outcomes.filter(({ ok }) => ok)).toHaveLength(1);
      }
    }
  }, 60_000);
});
