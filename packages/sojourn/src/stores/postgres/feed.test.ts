import { startPostgres, type Postgres } from "@sojourn/peers/postgres";
import { missing } from "@sojourn/peers/programs";
import pg from "pg";
import postgres from "postgres";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Cursor, SessionId, StoreEvent, WatchableStore } from "../../core/seam.ts";
import { newId } from "../../testing/new-id.ts";
import { fromPg, fromPostgresJs, postgresStore, type PostgresStore, type PostgresStoreOptions } from "./postgres.ts";

const absent = missing("postgresql", "initdb", "postgres");
type Fed = PostgresStore & WatchableStore;

describe.skipIf(absent !== undefined)(`the feed of PostgreSQL${absent === undefined ? "" : `: ${absent}`}`, () => {
  let server: Postgres;
  let pool: pg.Pool;
  let schema: string;
  let schemas = 0;
  const undo: (() => unknown)[] = [];
  beforeAll(async () => {
    server = await startPostgres({ settings: { max_connections: 60 } });
    pool = new pg.Pool({ connectionString: server.url, max: 10 });
    pool.on("error", () => undefined);
  }, 60_000);
  beforeEach(() => {
    schema = `f${++schemas}`;
  });
  afterEach(async () => {
    for (const step of undo.splice(0).toReversed()) await step();
  });
  afterAll(async () => {
    await pool.end();
    await server.stop();
  });

  const storeOn = (driver: "pg" | "postgres.js", options?: PostgresStoreOptions): Fed => {
    let store;
    if (driver === "pg") {
      const own = new pg.Pool({ connectionString: server.url, max: 5 });
      undo.push(() => own.end());
      store = postgresStore(fromPg(own), { schema, feed: true, ...options });
    } else {
      const sql = postgres(server.url, { max: 4, onnotice: () => undefined, backoff: () => 0.05 });
      undo.push(() => sql.end({ timeout: 1 }));
      store = postgresStore(fromPostgresJs(sql), { schema, feed: true, ...options });
    }
    undo.push(() => store.close());
    return store as Fed;
  };
  async function heardBy(store: Fed, after?: Cursor): Promise<(StoreEvent | "gap")[]> {
    const heard: (StoreEvent | "gap")[] = [];
    undo.push(await store.watch((event) => heard.push(event), after === undefined ? {} : { after }));
    return heard;
  }
  async function until(what: string, holds: () => Promise<boolean> | boolean): Promise<void> {
    for (let i = 0; i < 3000; i++) {
      if (await holds()) return;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    expect.fail(`${what}: not within 15 s`);
  }
  async function created(store: Fed, count: number): Promise<SessionId[]> {
    const ids = Array.from({ length: count }, newId);
    await Promise.all(ids.map((id) => store.commit({ id, expect: "absent", kind: "web" })));
    return ids;
  }
  const versionsOf = (heard: readonly (StoreEvent | "gap")[], id: SessionId): number[] =>
    heard.flatMap((event) => (event !== "gap" && event.id === id ? [event.version] : []));

  it("under load from two clients every commit is told once, in the order of each session, and in one order to all; a cursor goes on where it stands", async () => {
    const [a, b] = [storeOn("pg"), storeOn("postgres.js")];
    const [one, two] = [await heardBy(a), await heardBy(b)];
    const ids = await created(a, 12);
    await Promise.all(
      [a, b, a, b].flatMap((store) =>
        ids.map(async (id) => {
          for (let n = 0; n < 6; n++) await store.commit({ id, expect: "live", ...(n % 3 === 0 ? { wake: 100 - n } : { set: { n: String(n) } }) });
        }),
      ),
    );
    const all = Array.from({ length: 25 }, (_, i) => i + 1);
    await until("all are told", () => [one, two].every((heard) => heard.length >= 12 * 25));
    for (const id of ids) expect(versionsOf(one, id)).toEqual(all);
    expect(two).toEqual(one);
    const middle = one[150] as StoreEvent;
    const replayed = await heardBy(b, middle.cursor);
    await until("the rest is told", () => replayed.length >= 149);
    expect(replayed).toEqual(one.slice(151));
  });

  it("an event is told after one before it: what was acknowledged before another commit began is told before it", async () => {
    const [a, b] = [storeOn("pg"), storeOn("postgres.js")];
    const heard = await heardBy(a);
    const order: SessionId[] = [];
    for (let i = 0; i < 60; i++) order.push(...(await created(i % 2 === 0 ? a : b, 1)));
    await until("all are told", () => heard.length >= 60);
    expect(heard.map((event) => event !== "gap" && event.id)).toEqual(order);
  });

  it("a commit that takes its place early and becomes visible late is not lost across a cursor, and nobody's long transaction holds the feed up", async () => {
    const store = storeOn("pg");
    const [slow, quick] = (await created(store, 2)) as [SessionId, SessionId];
    const heard = await heardBy(store);
    const [late, stranger] = [await pool.connect(), await pool.connect()];
    undo.push(
      () => late.release(true),
      () => stranger.release(true),
    );
    // A transaction with an id of its own, older than all that follow.
    await stranger.query("begin; create table a_long_one (x int)");
    await late.query("begin");
    await late.query(`select ${schema}.commit($1::text::jsonb, true, '1000')`, [JSON.stringify({ id: slow, expect: "live", set: { a: "1" } })]);
    for (let n = 0; n < 5; n++) await store.commit({ id: quick, expect: "live", set: { n: String(n) } });
    await until("the quick one is told", () => versionsOf(heard, quick).length >= 5);
    const { cursor } = heard.at(-1) as StoreEvent;
    expect(versionsOf(heard, slow)).not.toContain(2);
    await late.query("commit");
    const replayed = await heardBy(store, cursor);
    await until("the slow one is told", () => versionsOf(heard, slow).includes(2) && versionsOf(replayed, slow).includes(2));
    expect([replayed.length, heard.includes("gap")]).toEqual([1, false]);
    await stranger.query("rollback");
  });

  it("what a process committed that died before it said so is told within the second", async () => {
    const store = storeOn("postgres.js");
    const [id] = (await created(store, 1)) as [SessionId];
    const heard = await heardBy(store);
    await pool.query(`select ${schema}.commit($1::text::jsonb, true, '1000')`, [JSON.stringify({ id, expect: "live", ended: "{}" })]);
    await until("it is told", () => versionsOf(heard, id).includes(2));
    expect(heard.at(-1)).toMatchObject({ id, version: 2, ended: true });
  });

  it.each(["pg", "postgres.js"] as const)("over %s: a listening connection that is lost loses nothing, and comes back", async (driver) => {
    const store = storeOn(driver);
    const heard = await heardBy(store);
    const [id] = (await created(store, 1)) as [SessionId];
    const listeners = async (): Promise<{ pid: number }[]> =>
      (
        await pool.query<{ pid: number }>("select pid from pg_stat_activity where query ilike 'listen %' and state = 'idle' and query like $1", [
          `%sojourn_${schema}"%`,
        ])
      ).rows;
    for (let round = 0; round < 3; round++) {
      await until("it listens", async () => (await listeners()).length > 0);
      for (const { pid } of await listeners()) await pool.query("select pg_terminate_backend($1)", [pid]);
      await store.commit({ id, expect: "live", set: { round: String(round) } });
    }
    await until("it listens again", async () => (await listeners()).length > 0);
    await until("all is told", () => versionsOf(heard, id).length >= 4);
    expect(versionsOf(heard, id)).toEqual([1, 2, 3, 4]);
    expect(heard).not.toContain("gap");
  });

  it("a pool of one connection keeps it for statements, and hears by asking", async () => {
    const own = new pg.Pool({ connectionString: server.url, max: 1 });
    undo.push(() => own.end());
    const store = postgresStore(fromPg(own), { schema, feed: true }) as Fed;
    undo.push(() => store.close());
    const heard = await heardBy(store);
    const [id] = (await created(store, 1)) as [SessionId];
    await until("it is told", () => versionsOf(heard, id).length === 1);
  });

  it("keeps so many events: an older cursor, one of another database or of the future begin with a gap, and who falls behind hears of one", async () => {
    const store = storeOn("pg", { keep: 50 });
    const heard = await heardBy(store);
    const [id] = (await created(store, 1)) as [SessionId];
    await until("it is told", () => heard.length > 0);
    const { cursor } = heard[0] as StoreEvent;
    const other = storeOn("pg", { schema: `${schema}_other` });
    const elsewhere = await heardBy(other);
    await created(other, 1);
    await until("it is told", () => elsewhere.length > 0);
    for (let n = 0; n < 200; n++) await store.commit({ id, expect: "live", set: { n: String(n) } });
    await until("all is told", () => versionsOf(heard, id).includes(201));
    const { rows } = await pool.query<{ n: string }>(`select count(*)::text as n from ${schema}.event`);
    expect(Number(rows[0]?.n)).toBeGreaterThanOrEqual(50);
    expect(Number(rows[0]?.n)).toBeLessThan(120);
    const [name] = cursor.split(".");
    for (const after of [cursor, (elsewhere[0] as StoreEvent).cursor, `${name}.999999`, "", "x.y", `${name}.`]) {
      const replayed = await heardBy(store, after as Cursor);
      await until("it begins", () => replayed.length > 0);
      expect([after, replayed[0]]).toEqual([after, "gap"]);
    }
  });

  it("the age of news, two clients", async () => {
    const [a, b] = [storeOn("pg"), storeOn("pg")];
    const [id] = (await created(a, 1)) as [SessionId];
    const sent = new Map<number, number>();
    const ages: number[] = [];
    undo.push(
      await b.watch((event) => {
        const at = event === "gap" ? undefined : sent.get(event.version);
        if (at !== undefined) ages.push(performance.now() - at);
      }),
    );
    for (let version = 2; version <= 150; version++) {
      sent.set(version, performance.now());
      await a.commit({ id, expect: "live", set: { version: String(version) } });
    }
    await until("all is told", () => ages.length === 149);
    ages.sort((x, y) => x - y);
    process.stdout.write(`commit begun to event told: p50 ${ages[74]?.toFixed(1)} ms, p99 ${ages[147]?.toFixed(1)} ms\n`);
  });
});
