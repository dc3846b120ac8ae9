import { startPostgres, type Postgres } from "@sojourn/peers/postgres";
import { missing as missingPrograms } from "@sojourn/peers/programs";
import pg from "pg";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { SessionId } from "../../core/seam.ts";
import { newId } from "../../testing/new-id.ts";
import { fromPg, postgresStore, type PostgresClient, type PostgresStore } from "./postgres.ts";
import { statementsOf } from "./statements.ts";

const absent = missingPrograms("postgresql", "initdb", "postgres");
const connections = 20;
const ended = '{"at":1,"reason":"closed"}';

describe.skipIf(absent !== undefined)(`what PostgreSQL does for it${absent === undefined ? "" : `: ${absent}`}`, () => {
  let server: Postgres;
  let pool: pg.Pool;
  let store: PostgresStore;
  const undo: (() => unknown)[] = [];
  beforeAll(async () => {
    server = await startPostgres({ settings: { max_connections: connections, autovacuum: "off" } });
    pool = new pg.Pool({ connectionString: server.url, max: 8 });
    store = postgresStore(fromPg(pool));
  }, 60_000);
  afterEach(async () => {
    for (const step of undo.splice(0).toReversed()) await step();
  });
  afterAll(async () => {
    await store.close();
    await pool.end();
    await server.stop();
  });

  async function created(kind: string, more?: object): Promise<SessionId> {
    const id = newId();
    expect(await store.commit({ id, expect: "absent", kind, ...more })).toMatchObject({ ok: true });
    return id;
  }
  /** A transaction that made this change and has not ended. */
  async function unfinished(change: object): Promise<{ word: string; commit(): Promise<unknown> }> {
    const client = await pool.connect();
    let open = true;
    const commit = async (): Promise<void> => {
      if (!open) return;
      open = false;
      await client.query("commit");
      client.release();
    };
    undo.push(commit);
    await client.query("begin");
    const { rows } = await client.query<{ word: string }>("select word from sojourn.commit($1::text::jsonb, false, '5000')", [JSON.stringify(change)]);
    return { word: rows[0]?.word ?? "", commit };
  }

  it("each statement finds its rows by an index, among 20,000 sessions, whatever its parameters", async () => {
    await store.load(newId());
    await pool.query(`insert into sojourn.session (id, version, wake, wake_minute, kind, subject, fields)
      select 'i' || lpad(i::text, 25, '0'), 1, 1700000000000 + i * 1000, (1700000000000 + i * 1000) / 60000, 'kind-' || i % 2, 'subject-' || i % 5000, '{"a":"1"}' from generate_series(1, 20000) i`);
    await pool.query("insert into sojourn.alias select 'alias-' || i, 'i' || lpad(i::text, 25, '0') from generate_series(1, 20000) i");
    await pool.query("analyze sojourn.session, sojourn.alias");
    const statements = statementsOf("sojourn", false);
    const asked = [
      [statements.load, ["i0000000000000000000000077"], "session_pkey"],
      [statements.merge({ unset: true, version: true, fence: true }), ["i0000000000000000000000077", "{}", "1000", "{}", "1", "0"], "session_pkey"],
      [statements.find("alias", false), ["alias-77", "100"], "alias_pkey"],
      [statements.find("subject", true), ["subject-77", "101", "", "{}"], "session_subject"],
      [statements.find("kind", false), ["kind-1", "101", "i0000000000000000000000077"], "session_kind"],
      [statements.find("wakeBefore", false), ["1700000100000", "100"], "session_wake"],
      [statements.count, ["kind-1"], "live_count_pkey"],
    ] as const;
    const client = await pool.connect();
    undo.push(() => client.release(true));
    await client.query("set plan_cache_mode = force_generic_plan");
    for (const [i, [{ text }, values, index]] of asked.entries()) {
      await client.query(`prepare p${i} as ${text}`);
      const { rows } = await client.query<Record<string, string>>(`explain execute p${i} (${values.map((value) => `'${value}'`).join(", ")})`);
      const plan = rows.map((row) => row["QUERY PLAN"]).join("\n");
      expect(plan, text).toContain(index);
      expect(plan, text).not.toMatch(/Seq Scan on (session|alias)/);
    }
    await pool.query("truncate sojourn.session, sojourn.alias, sojourn.live_count");
  });

  it("merges stay on their pages: more than 90 % are HOT", async () => {
    const ids = await Promise.all(
      Array.from({ length: 200 }, (_, i) => created("hot", { subject: `u${i}`, wake: 1e12 + i, set: { a: "x".repeat(300), b: "2" } })),
    );
    const updates = async (): Promise<{ all: number; hot: number }> => {
      const { rows } = await pool.query<{ all: string; hot: string }>(
        "select n_tup_upd::text as all, n_tup_hot_upd::text as hot from pg_stat_user_tables where schemaname = 'sojourn' and relname = 'session'",
      );
      return { all: Number(rows[0]?.all), hot: Number(rows[0]?.hot) };
    };
    const before = await updates();
    const own = new pg.Pool({ connectionString: server.url, max: 4 });
    const merging = postgresStore(fromPg(own));
    for (let n = 0; n < 10; n++) await Promise.all(ids.map((id) => merging.commit({ id, expect: "live", set: { b: String(n) } })));
    // What a connection counted is told when it ends.
    await own.end();
    let after = before;
    for (let i = 0; i < 500 && after.all < before.all + 2000; i++) {
      await new Promise((resolve) => setTimeout(resolve, 10));
      after = await updates();
    }
    const ratio = (after.hot - before.hot) / (after.all - before.all);
    process.stdout.write(`HOT: ${(100 * ratio).toFixed(1)} % of ${after.all - before.all} merges\n`);
    expect(after.all - before.all).toBeGreaterThanOrEqual(2000);
    expect(ratio).toBeGreaterThan(0.9);
  });

  it("a verb is one statement", async () => {
    let sent = 0;
    const inner = fromPg(pool);
    const counting: PostgresClient = { ...inner, query: (...args) => (sent++, inner.query(...args)) };
    const counted = postgresStore(counting);
    await counted.load(newId());
    const [id, other] = [newId(), newId()];
    const changes = [
      { id, expect: "absent", kind: "one", subject: "u", subjectLimit: 2, kindLimit: 5, wake: 5, claim: ["alias-of-one", "another"], set: { a: "1" } },
      { id, expect: "live", set: { a: "2" }, unset: ["b"] },
      { id, expect: 2, set: { a: "3" } },
      { id, expect: 3, wake: 9, release: ["another"] },
      { id: other, expect: "absent", kind: "one", claim: ["alias-of-one"] },
      { id, expect: "live", ended },
      { id, expect: 5, erase: true },
    ] as const;
    const verbs: [string, () => Promise<unknown>][] = [
      ...changes.map((change): [string, () => Promise<unknown>] => [`commit ${JSON.stringify(change)}`, () => counted.commit(change)]),
      ["load", () => counted.load(id)],
      ...[{ alias: "alias-of-one" }, { subject: "u" }, { kind: "one" }, { wakeBefore: 9 }].map((query): [string, () => Promise<unknown>] => [
        `find ${JSON.stringify(query)}`,
        () => counted.find(query, { only: ["a"] }),
      ]),
      ["count", () => counted.count({ kind: "one" })],
      ["now", () => counted.now()],
    ];
    for (const [name, verb] of verbs) {
      sent = 0;
      await verb();
      expect([name, sent]).toEqual([name, 1]);
    }
    sent = 0;
    expect(await counted.commit({ id, expect: "live", set: { a: "1" } })).toEqual({ ok: false, why: "missing" });
    expect(sent).toBe(2);
  });

  it("now is the server's clock", async () => {
    const before = Date.now();
    const now = await store.now();
    expect(now).toBeGreaterThan(before - 1000);
    expect(now).toBeLessThan(Date.now() + 1000);
  });

  it("creations without a limit do not wait for each other; those near a limit do, and those far from it do not", async () => {
    const change = (more: object): object => ({ id: newId(), expect: "absent", kind: "many", ...more });
    // Another transaction counts in the row of its connection, so two connections whose numbers agree would wait for each other at the very end.
    const patience = { deadline: Date.now() + 15_000 };
    for (const more of [{}, { kindLimit: 3 * connections }]) {
      const open = await unfinished(change(more));
      expect(open.word).toBe("ok");
      expect(await store.commit({ id: newId(), expect: "absent", kind: "many", ...more }, patience)).toMatchObject({ ok: true });
      await open.commit();
    }
    const open = await unfinished(change({ kindLimit: 8 }));
    expect(open.word).toBe("ok");
    await expect(store.commit({ id: newId(), expect: "absent", kind: "many", kindLimit: 8 }, { deadline: Date.now() + 300 })).rejects.toMatchObject({
      code: "store_unavailable",
    });
    await open.commit();
    expect(await store.count({ kind: "many" })).toBe(5);
  });

  it("who wants an alias, or the last place of a subject, waits for the change that may be taking it", async () => {
    const wanted = [
      [{ claim: ["wanted"] }, { ok: false, why: "taken", alias: "wanted" }],
      [
        { subject: "crowded", subjectLimit: 1 },
        { ok: false, why: "full", of: "subject" },
      ],
      [
        { kindLimit: 1, kind: "single" },
        { ok: false, why: "full", of: "kind" },
      ],
    ] as const;
    for (const [more, refusal] of wanted) {
      const open = await unfinished({ id: newId(), expect: "absent", kind: "wanting", ...more });
      let outcome: unknown;
      const waits = store.commit({ id: newId(), expect: "absent", kind: "wanting", ...more }).then((told) => (outcome = told));
      await expect
        .poll(async () => (await pool.query("select from pg_locks where locktype = 'advisory' and not granted")).rowCount, { timeout: 10_000, interval: 5 })
        .toBe(1);
      expect(outcome).toBeUndefined();
      await open.commit();
      expect(await waits).toEqual(refusal);
    }
  });

  it("a limit on a kind is exact where judging it changes from side by side to one by one", async () => {
    const limit = 6 * connections;
    const attempts = await Promise.all(
      Array.from({ length: limit + 60 }, () => store.commit({ id: newId(), expect: "absent", kind: "limited", kindLimit: limit })),
    );
    expect(attempts.filter(({ ok }) => ok).length).toBe(limit);
    expect(attempts.find((outcome) => !outcome.ok)).toEqual({ ok: false, why: "full", of: "kind" });
    expect(await store.count({ kind: "limited" })).toBe(limit);
  });

  it("no commit waits for ever for another: aliases and subjects crosswise, by eight at once", async () => {
    const ids = await Promise.all(Array.from({ length: 6 }, () => created("crossing")));
    const names = Array.from({ length: 4 }, (_, i) => `cross-${i}`);
    const words = new Set<string>();
    const some = (n: number): string[] => names.filter(() => (n = (n * 16_807) % 2_147_483_647) % 2 === 0);
    await Promise.all(
      Array.from({ length: 8 }, async (_, w) => {
        for (let n = 1; n <= 60; n++) {
          const seed = 7919 * (w + 1) * n;
          const outcome = await store.commit({
            id: ids[seed % ids.length] as SessionId,
            expect: "live",
            claim: some(seed),
            release: some(seed + 1),
            subject: names[seed % 4] as string,
            subjectLimit: 3,
          });
          words.add(outcome.ok ? "ok" : outcome.why);
        }
      }),
    );
    expect([...words].filter((word) => !["ok", "taken", "full"].includes(word))).toEqual([]);
    expect(words).toContain("ok");
    const { rows } = await pool.query<{ deadlocks: string }>("select deadlocks::text from pg_stat_database where datname = 'postgres'");
    expect(rows[0]?.deadlocks).toBe("0");
    expect(await store.scrub()).toMatchObject({ missing: 0, dead: 0, conflicts: [] });
  });

  it("scrub finds and mends what is wrong, and names what it cannot", async () => {
    await pool.query("truncate sojourn.session, sojourn.alias, sojourn.live_count");
    const ids = await Promise.all(Array.from({ length: 30 }, (_, i) => created("scrubbed", { claim: [`held-${i}`, `${"long".repeat(100)}${i}`] })));
    expect(await store.scrub()).toEqual({ records: 30, missing: 0, dead: 0, miscounted: 0, repaired: 0, conflicts: [], unreadable: [] });
    await pool.query("delete from sojourn.alias where alias in ('held-1', 'held-2')");
    await pool.query("insert into sojourn.alias values ('dead', 'nobody'), ('dead too', $1)", [ids[3]]);
    await pool.query("update sojourn.session set aliases = aliases || '{held-5}' where id = $1", [ids[4]]);
    await pool.query("insert into sojourn.live_count values ('scrubbed', 99, 7), ('never', 0, -2)");
    const conflicts = [{ alias: "held-5", ids: [ids[5], ids[4]] }];
    const wrong = { records: 30, missing: 2, dead: 2, miscounted: 2, conflicts, unreadable: [] };
    const told: number[] = [];
    expect(await store.scrub({ progress: ({ done, of }) => told.push(done, of) })).toEqual({ ...wrong, repaired: 0 });
    expect(told.slice(-2)).toEqual([90, 90]);
    expect(await store.count({ kind: "scrubbed" })).toBe(37);
    expect(await store.scrub({ repair: true })).toEqual({ ...wrong, repaired: 6 });
    expect(await store.scrub()).toEqual({ ...wrong, missing: 0, dead: 0, miscounted: 0, repaired: 0 });
    expect(await store.count({ kind: "scrubbed" })).toBe(30);
    expect((await store.find({ alias: "held-2" })).records.map(({ id }) => id)).toEqual([ids[2]]);
  });

  it("scrub repairs while sessions come, go and claim, and breaks nothing", async () => {
    let over = false;
    const churn = Array.from({ length: 4 }, async (_, w) => {
      for (let n = 0; !over; n++) {
        const id = await created("churn", { claim: [`churn-${w}`] });
        await store.commit({ id, expect: "live", release: [`churn-${w}`] });
        await store.commit({ id, expect: "live", claim: [`churn-${w}`, `${n}-${w}`] });
        await store.commit({ id, expect: "live", ...(n % 2 === 0 ? { ended } : { erase: true }) });
      }
    });
    const reports = [];
    for (let i = 0; i < 15; i++) reports.push(await store.scrub({ repair: true }));
    over = true;
    await Promise.all(churn);
    expect(
      reports.flatMap(({ conflicts, unreadable }) => [...conflicts, ...unreadable]).filter((fault) => !("alias" in fault && fault.alias === "held-5")),
    ).toEqual([]);
    expect(reports.map(({ missing, dead, miscounted }) => missing + dead + miscounted)).toEqual(reports.map(() => 0));
    expect(await store.count({ kind: "churn" })).toBe(0);
  });
});
