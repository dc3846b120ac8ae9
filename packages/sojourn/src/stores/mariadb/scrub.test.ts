import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ScrubProgress, SessionId } from "../../core/seam.ts";
import { newId } from "../../testing/new-id.ts";
import { reason, startEngine, type Engine } from "./mariadb.fixture.ts";
import type { MariadbStore } from "./mariadb.ts";

const sound = { missing: 0, dead: 0, miscounted: 0, repaired: 0, conflicts: [], unreadable: [] };

describe.skipIf(reason)(`scrub of MariaDB${reason ? ` (${reason})` : ""}`, () => {
  let engine: Engine;
  let store: MariadbStore;
  const ids: SessionId[] = Array.from({ length: 450 }, newId);
  beforeAll(async () => {
    engine = await startEngine();
    store = engine.store();
    await Promise.all(ids.map((id, i) => store.commit({ id, expect: "absent", kind: `k${i % 3}`, claim: [`a${i}`, `b${i}\n=`], set: { n: "1" } })));
  }, 60_000);
  afterAll(() => engine.stop());

  it("finds nothing in a sound store, and says how far it is", async () => {
    const told: ScrubProgress[] = [];
    expect(await store.scrub({ repair: true, progress: (progress) => told.push(progress) })).toEqual({ ...sound, records: 450 });
    expect(told.at(-1)).toEqual({ done: 1350, of: 1350 });
    expect(told.length).toBeGreaterThan(5);
  });

  it("finds and puts right missing and dead aliases and wrong counts; the second time there is nothing left", async () => {
    await engine.root(`DELETE FROM sojourn_alias WHERE session IN ('${ids[0]}', '${ids[1]}')`);
    await engine.root(`INSERT INTO sojourn_alias VALUES (UNHEX(SHA2('never', 256)), '${ids[2]}'), (UNHEX(SHA2('nobody', 256)), 'nobody')`);
    // One that is both: its own alias leads elsewhere.
    await engine.root(`UPDATE sojourn_alias SET session = '${ids[4]}' WHERE hash = UNHEX(SHA2('a3', 256))`);
    await engine.root("UPDATE sojourn_live SET live = live + 5 WHERE kind_hash = UNHEX(SHA2('k0', 256))");
    await engine.root("DELETE FROM sojourn_live WHERE kind_hash = UNHEX(SHA2('k1', 256))");
    await engine.root("INSERT INTO sojourn_live VALUES (UNHEX(SHA2('gone', 256)), 3, 7)");
    expect(await store.find({ alias: "a0" })).toEqual({ records: [] });

    const found = { records: 450, missing: 5, dead: 3, miscounted: 3, conflicts: [], unreadable: [] };
    expect(await store.scrub()).toEqual({ ...found, repaired: 0 });
    expect(await store.scrub()).toEqual({ ...found, repaired: 0 });
    expect(await store.scrub({ repair: true })).toEqual({ ...found, repaired: 11 });
    expect(await store.scrub()).toEqual({ ...sound, records: 450 });
    for (const i of [0, 1, 3, 4]) expect((await store.find({ alias: `a${i}` })).records).toMatchObject([{ id: ids[i] }]);
    for (const i of [0, 1, 2]) expect(await store.count({ kind: `k${i}` })).toBe(150);
    expect(await store.count({ kind: "gone" })).toBe(0);
  });

  it("names an alias that two live records have, and leaves both", async () => {
    const hash = "LOWER(SHA2('a5', 256))";
    await engine.root(`UPDATE sojourn_session SET aliases = CONCAT(aliases, CHAR(10), ${hash}, '=a5') WHERE id = '${ids[6]}'`);
    const report = await store.scrub({ repair: true });
    expect(report).toEqual({ ...sound, records: 450, conflicts: [{ alias: "a5", ids: [ids[5], ids[6]] }] });
    expect((await store.find({ alias: "a5" })).records).toMatchObject([{ id: ids[5] }]);
    await store.commit({ id: ids[6] as SessionId, expect: "live", release: ["a5"] });
    expect(await store.scrub()).toEqual({ ...sound, records: 450 });
  });

  it("finds nothing that is not wrong while others write, and its repairs harm nobody", async () => {
    let over = false;
    const writers = [7, 8, 9, 10].map(async (i) => {
      for (let n = 0; !over; n++) {
        const fresh = newId();
        await store.commit({ id: ids[i] as SessionId, expect: "live", ...(n % 2 ? { claim: [`a${i}`] } : { release: [`a${i}`] }) });
        await store.commit({ id: fresh, expect: "absent", kind: "k0", claim: [`c${i}`] });
        await store.commit({ id: fresh, expect: "live", ...(n % 3 ? { ended: "{}" } : { erase: true }) });
        if (n % 3) await store.commit({ id: fresh, expect: 2, erase: true });
      }
    });
    for (let i = 0; i < 8; i++) expect(await store.scrub({ repair: true })).toMatchObject({ miscounted: 0, conflicts: [], unreadable: [] });
    over = true;
    await Promise.all(writers);
    expect(await store.scrub()).toEqual({ ...sound, records: 450 });
    expect(await store.count({ kind: "k0" })).toBe(150);
  });
});
