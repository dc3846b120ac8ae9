import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Cursor, Query, SessionId } from "../../core/seam.ts";
import { newId } from "../../testing/new-id.ts";
import { sourceOf } from "./find.ts";
import { reason, startEngine, type Engine } from "./mariadb.fixture.ts";
import type { MariadbStore } from "./mariadb.ts";
import { namesOf } from "./schema.ts";

describe.skipIf(reason)(`what MariaDB is asked${reason ? ` (${reason})` : ""}`, () => {
  let engine: Engine;
  let store: MariadbStore;
  const [one, two] = [newId(), newId()];
  beforeAll(async () => {
    engine = await startEngine();
    store = engine.store({}, { connectionLimit: 1 });
    for (const id of [one, two])
      await store.commit({ id, expect: "absent", kind: "many", subject: `subject ${id}`, claim: [`alias ${id}`], wake: 5, set: { n: "1" } });
    await engine.root(`INSERT INTO sojourn_session (id, version, kind, subject, wake, epoch, aliases, fields)
      SELECT CONCAT('x', seq), 1, CONCAT('k', seq MOD 50), CONCAT('s', seq MOD 500), 1000000 + seq, 0, '', '' FROM seq_1_to_5000`);
    await engine.root("INSERT INTO sojourn_alias SELECT UNHEX(SHA2(seq, 256)), CONCAT('x', seq) FROM seq_1_to_5000");
    await engine.root("ANALYZE TABLE sojourn_session, sojourn_alias");
  }, 60_000);
  afterAll(() => engine.stop());

  const asked = async (act: () => unknown): Promise<number> => {
    const questions = async (): Promise<number> => Number((await engine.root("SHOW GLOBAL STATUS LIKE 'Questions'"))[0]?.["Value"]);
    const before = await questions();
    await act();
    return (await questions()) - before - 1;
  };

  it("each verb is one statement; a merge that is refused is two", async () => {
    const third = newId();
    const steps: [verb: string, statements: number, act: () => Promise<unknown>][] = [
      ["load", 1, () => store.load(one)],
      ["load of none", 1, () => store.load(newId())],
      [
        "create with subject, limits and alias",
        1,
        () => store.commit({ id: third, expect: "absent", kind: "many", kindLimit: 9, subject: "s", subjectLimit: 1, claim: ["third"] }),
      ],
      ["create that is refused", 1, () => store.commit({ id: newId(), expect: "absent", kind: "many", subject: "s", subjectLimit: 1 })],
      ["merge", 1, () => store.commit({ id: third, expect: "live", set: { a: "1" }, unset: ["b"] })],
      ["compare-and-set of fields", 1, () => store.commit({ id: third, expect: 2, set: { a: "1" } })],
      ["merge that is refused", 2, () => store.commit({ id: third, expect: 2, set: { a: "1" } })],
      ["wake by version", 1, () => store.commit({ id: third, expect: 3, wake: 9 })],
      ["claim", 1, () => store.commit({ id: third, expect: "live", claim: ["fourth"] })],
      ["claim that is taken", 1, () => store.commit({ id: third, expect: "live", claim: [`alias ${one}`] })],
      ["end with subject and aliases", 1, () => store.commit({ id: third, expect: "live", ended: "{}" })],
      ["erase", 1, () => store.commit({ id: third, expect: 6, erase: true })],
      ["find by alias", 1, () => store.find({ alias: `alias ${one}` })],
      ["find by subject", 1, () => store.find({ subject: `subject ${one}` })],
      ["find by kind, a page", 1, () => store.find({ kind: "k1" }, { limit: 10, only: ["n"] })],
      ["find by wake, nothing due", 1, () => store.find({ wakeBefore: 1 })],
      ["count", 1, () => store.count({ kind: "many" })],
      ["now", 1, () => store.now()],
    ];
    // Twice: the first time statements are prepared, which asks nothing.
    for (const [, , act] of steps) await act();
    const outcomes: [string, number][] = [];
    for (const [verb, , act] of steps) outcomes.push([verb, await asked(act)]);
    expect(outcomes).toEqual(steps.map(([verb, statements]) => [verb, statements]));
  });

  it.each<[string, Query, string, number]>([
    ["a", { alias: "17" }, "PRIMARY", 1],
    ["s", { subject: "s17" }, "by_subject", 20],
    ["s", { kind: "k17" }, "by_kind", 200],
    ["s", { wakeBefore: 1_000_020 }, "by_wake", 60],
  ])("the index is used for %s of %j", async (table, query, key, most) => {
    const { from, keys } = sourceOf(namesOf("sojourn_"), query, "x1" as Cursor);
    const [rows] = (await engine
      .pool()
      .promise()
      .execute(`EXPLAIN SELECT s.id, s.fields ${from} LIMIT ?`, [...keys, 100])) as unknown as [{ table: string; key: string; rows: number; Extra: string }[]];
    const row = rows.find((plan) => plan.table === table);
    expect(row).toMatchObject({ key });
    expect(Number(row?.rows)).toBeLessThanOrEqual(most);
    expect(rows.map(({ Extra }) => Extra).join()).not.toContain("filesort");
  });

  it("now is the server's clock, whatever the time zone of the connection", async () => {
    await engine.root("SET GLOBAL time_zone = '+13:00'");
    const before = Date.now();
    const now = await engine.store({}, { timezone: "-05:00" }).now();
    expect(now).toBeGreaterThan(before - 1000);
    expect(now).toBeLessThan(Date.now() + 1000);
  });

  it("the length of a page does not make statements of its own", async () => {
    const prepared = async (): Promise<number> => Number((await engine.root("SHOW GLOBAL STATUS LIKE 'Prepared_stmt_count'"))[0]?.["Value"]);
    await store.find({ kind: "k1" }, { limit: 1, only: ["a"] });
    const before = await prepared();
    for (let limit = 0; limit < 20; limit++) expect((await store.find({ kind: "k1" }, { limit, only: [`field ${limit}`] })).records).toHaveLength(limit);
    expect(await prepared()).toBe(before);
  });

  it("wakes that are no whole number, or none, are compared as numbers are", async () => {
    const id: SessionId = newId();
    await store.commit({ id, expect: "absent", kind: "w", wake: 0 });
    const due = async (wakeBefore: number): Promise<boolean> => (await store.find({ wakeBefore })).records.some((record) => record.id === id);
    expect([await due(-1), await due(-0.5), await due(0), await due(0.5), await due(Infinity), await due(-Infinity), await due(NaN)]).toEqual([
      false,
      false,
      true,
      true,
      true,
      false,
      false,
    ]);
  });
});
