import { mountSmallDisk } from "@sojourn/peers/file-systems";
import { startPostgres, startStandby, type Postgres } from "@sojourn/peers/postgres";
import { missing } from "@sojourn/peers/programs";
import { randomBytes } from "node:crypto";
import { chownSync, statSync } from "node:fs";
import { inspect } from "node:util";
import pg from "pg";
import postgres from "postgres";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { SojournError } from "../../core/errors.ts";
import type { Outcome, SessionId, StoreEvent } from "../../core/seam.ts";
import { newId } from "../../testing/new-id.ts";
import { migrations, newest } from "./migrations.ts";
import { fromPg, fromPostgresJs, migratePostgres, postgresStore, type PostgresClient, type PostgresStore, type PostgresStoreOptions } from "./postgres.ts";

const absent = missing("postgresql", "initdb", "postgres", "pg_basebackup");
const password = "a-pass/word";
const containing = (text: string): unknown => expect.stringContaining(text);
const failing = (code: string, text = ""): unknown => expect.objectContaining({ code, message: containing(text) });

describe.skipIf(absent !== undefined)(`PostgreSQL that fails${absent === undefined ? "" : `: ${absent}`}`, () => {
  let server: Postgres;
  /** Not the store's. */
  let admin: pg.Pool;
  let schema: string;
  let schemas = 0;
  const undo: (() => unknown)[] = [];
  beforeAll(async () => {
    server = await startPostgres({ password });
    admin = new pg.Pool({ connectionString: server.url, max: 4 });
    admin.on("error", () => undefined);
  }, 60_000);
  beforeEach(() => {
    schema = `s${++schemas}`;
  });
  afterEach(async () => {
    for (const step of undo.splice(0).toReversed()) await step();
  });
  afterAll(async () => {
    await admin.end();
    await server.stop();
  });

  const urlWith = (change: (url: URL) => void): string => {
    const url = new URL(server.url);
    change(url);
    return url.href;
  };
  const drivers = {
    pg(url = server.url, more: pg.PoolConfig = {}): PostgresClient {
      const pool = new pg.Pool({ connectionString: url, max: 4, ...more });
      undo.push(() => pool.end());
      return fromPg(pool);
    },
    "postgres.js"(url = server.url): PostgresClient {
      const sql = postgres(url, { max: 4, onnotice: () => undefined, backoff: () => 0.05 });
      undo.push(() => sql.end({ timeout: 1 }));
      return fromPostgresJs(sql);
    },
  };
  const storeOn = (client: PostgresClient, options?: PostgresStoreOptions): PostgresStore => {
    const store = postgresStore(client, { schema, ...options });
    undo.push(() => store.close());
    return store;
  };
  async function created(store: PostgresStore, more?: object): Promise<SessionId> {
    const id = newId();
    expect(await store.commit({ id, expect: "absent", kind: "web", ...more })).toMatchObject({ ok: true, version: 1 });
    return id;
  }
  /** Another transaction that holds the session's row until it is let go. */
  async function holding(id: SessionId): Promise<() => Promise<void>> {
    const client = await admin.connect();
    await client.query("begin");
    await client.query(`select from ${schema}.session where id = $1 for update`, [id]);
    let held = true;
    const letGo = async (): Promise<void> => {
      if (!held) return;
      held = false;
      await client.query("rollback");
      client.release();
    };
    undo.push(letGo);
    return letGo;
  }
  async function until(what: string, holds: () => Promise<boolean> | boolean): Promise<void> {
    for (let i = 0; i < 2000; i++) {
      if (await holds()) return;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    expect.fail(`${what}: not within 20 s`);
  }
  const waiting = async (): Promise<{ pid: number }[]> =>
    (await admin.query<{ pid: number }>("select pid from pg_stat_activity where wait_event_type = 'Lock' and query like $1", [`%${schema}.%`])).rows;

  describe.each(Object.entries(drivers))("over %s", (_name, client) => {
    it("settings that are wrong are told with the way out, and never with the password", async () => {
      for (const sql of ["drop role if exists nobody", "create role nobody login password 'nobody'", "drop database if exists latin"]) await admin.query(sql);
      await admin.query("create database latin encoding latin1 template template0");
      await storeOn(client()).load(newId());
      const cases: [string, string, string][] = [
        [urlWith((url) => (url.password = "wr0ng-secret")), "store_unavailable", "28P01"],
        [urlWith((url) => (url.pathname = "/nowhere")), "store_unavailable", "3D000"],
        [urlWith((url) => ([url.username, url.password] = ["nobody", "nobody"])), "store_unavailable", "42501"],
        [urlWith((url) => (url.pathname = "/latin")), "invalid_option", "UTF8"],
        [urlWith((url) => (url.port = "1")), "store_unavailable", "ECONNREFUSED"],
      ];
      for (const [url, code, text] of cases) {
        const store = storeOn(client(url));
        const id = newId();
        for (const call of [() => store.load(id), () => store.commit({ id, expect: "absent", kind: "web" }), () => store.find({ kind: "web" })]) {
          const error: unknown = await call().then(
            () => undefined,
            (reason: unknown) => reason,
          );
          expect(error).toEqual(failing(code, text));
          expect(inspect(error, { depth: 9, showHidden: true })).not.toMatch(/wr0ng|a-pass|postgres:\/\//);
        }
      }
    });

    it("a row that another transaction holds is waited for until the deadline, and then nothing is written", async () => {
      const store = storeOn(client());
      const id = await created(store);
      const letGo = await holding(id);
      const changes = [{ set: { a: "1" } }, { wake: 5 }, { set: { a: "1" }, unset: ["b"], fence: 0 }];
      for (const change of changes) {
        const late = store.commit({ id, expect: "live", ...change }, { deadline: Date.now() + 150 });
        await expect(late).rejects.toEqual(failing("store_unavailable", "nothing was written"));
      }
      expect(await store.load(id)).toMatchObject({ version: 1, fields: {} });
      expect(await waiting()).toEqual([]);
      const patient = store.commit({ id, expect: "live", set: { a: "2" } });
      await until("it waits", async () => (await waiting()).length === 1);
      await letGo();
      expect(await patient).toEqual({ ok: true, version: 2 });
    });

    it("lockTimeout bounds the wait of a change without a deadline", async () => {
      const store = storeOn(client(), { lockTimeout: 200 });
      const id = await created(store);
      await holding(id);
      await expect(store.commit({ id, expect: "live", set: { a: "1" } })).rejects.toEqual(failing("store_unavailable", "55P03"));
    });

    it("a backend that is ended in the middle of a change is outcome_unknown, and the store goes on", async () => {
      const store = storeOn(client());
      const id = await created(store);
      const letGo = await holding(id);
      for (const change of [{ set: { a: "1" } }, { wake: 5 }]) {
        const cut = store.commit({ id, expect: "live", ...change });
        const told = expect(cut).rejects.toEqual(failing("outcome_unknown"));
        await until("it waits", async () => (await waiting()).length === 1);
        for (const { pid } of await waiting()) await admin.query("select pg_terminate_backend($1)", [pid]);
        await told;
      }
      await letGo();
      expect(await store.commit({ id, expect: "live", set: { a: "2" } })).toEqual({ ok: true, version: 2 });
      expect(await store.load(id)).toMatchObject({ version: 2, fields: { a: "2" } });
    });

    it("the server killed (-9) under load and started again: nothing that was acknowledged is lost, the store goes on, and the feed tells all", async () => {
      const store = storeOn(client(), { feed: true });
      const heard = new Map<string, number>();
      let gaps = 0;
      undo.push(
        await (store as Required<PostgresStore>).watch((event) => {
          if (event === "gap") gaps++;
          else heard.set(event.id, event.version);
        }),
      );
      const ids = await Promise.all(Array.from({ length: 8 }, () => created(store)));
      const acknowledged = new Map<SessionId, number>();
      const words = new Set<string>();
      let over = false;
      const writers = ids.map(async (id) => {
        for (let n = 1; !over; n++) {
          try {
            const outcome: Outcome = await store.commit({ id, expect: "live", set: { n: String(n) } }, { deadline: Date.now() + 2000 });
            if (outcome.ok) acknowledged.set(id, n);
          } catch (error) {
            words.add((error as { code: string }).code);
            await new Promise((resolve) => setTimeout(resolve, 10));
          }
        }
      });
      await until("all write", () => ids.every((id) => (acknowledged.get(id) ?? 0) > 5));
      server.kill("SIGKILL");
      await server.ended();
      await until("it is noticed", () => words.size > 0);
      await server.restart();
      const before = new Map(acknowledged);
      await until("all write again", () => ids.every((id) => (acknowledged.get(id) ?? 0) > (before.get(id) ?? 0)));
      over = true;
      await Promise.all(writers);
      for (const id of ids) expect(Number((await store.load(id))?.fields["n"])).toBeGreaterThanOrEqual(acknowledged.get(id) as number);
      expect([...words].filter((word) => word !== "store_unavailable" && word !== "outcome_unknown")).toEqual([]);
      const versions = new Map(await Promise.all(ids.map(async (id) => [id, (await store.load(id))?.version] as const)));
      await until("the last version of each is heard of", () => ids.every((id) => heard.get(id) === versions.get(id)));
      expect(gaps).toBe(0);
    }, 60_000);
  });

  it("however another transaction holds the row, or has changed it, a merge waits for no longer than it may; the next time it waits for nobody", async () => {
    const store = storeOn(drivers.pg());
    // "$1": the session.
    const ways: Record<string, readonly string[]> = {
      "for update": ["select from session where id = $1 for update"],
      "for no key update": ["select from session where id = $1 for no key update"],
      "for share, twice": ["select from session where id = $1 for share", "select from session where id = $1 for share"],
      updated: ["update session set version = version + 1 where id = $1"],
      "updated twice": ["update session set version = version + 1 where id = $1; update session set version = version + 1 where id = $1"],
      "updated and undone, and held": [
        "savepoint a; update session set version = version + 1 where id = $1; rollback to a; select from session where id = $1 for update",
      ],
      deleted: ["delete from session where id = $1"],
    };
    const open = new Set<pg.PoolClient>();
    for (const [way, scripts] of Object.entries(ways)) {
      const id = await created(store);
      const holders = await Promise.all(
        scripts.map(async (script) => {
          const client = await admin.connect();
          undo.push(() => open.delete(client) && client.release(true));
          open.add(client);
          await client.query(
            `begin; ${script.replaceAll("session where", `${schema}.session where`).replaceAll("update session", `update ${schema}.session`).replaceAll("$1", `'${id}'`)}`,
          );
          return client;
        }),
      );
      const late = [{ set: { a: "1" } }, { expect: 1, unset: ["b"] }].map((change) =>
        store.commit({ id, expect: "live", ...change }, { deadline: Date.now() + 200 }).then(
          () => "made",
          (error: unknown) => `${(error as SojournError).code} ${/55P03/.exec(String(error))?.[0]}`,
        ),
      );
      expect([way, ...(await Promise.all(late))]).toEqual([way, "store_unavailable 55P03", "store_unavailable 55P03"]);
      for (const client of holders) {
        await client.query("rollback");
        open.delete(client);
        client.release();
      }
      expect(await store.load(id), way).toMatchObject({ version: 1, fields: {} });
      expect(await store.commit({ id, expect: "live", set: { a: "2" } }), way).toEqual({ ok: true, version: 2 });
      const { rows } = await admin.query<{ held: boolean }>(`select xmax <> '0' as held from ${schema}.session where id = $1`, [id]);
      expect([way, rows]).toEqual([way, [{ held: false }]]);
    }
  });

  it("the time that one change may wait is not what the next on its connection may", async () => {
    const client = drivers.pg(server.url, { max: 1 });
    const store = storeOn(client);
    const id = await created(store);
    const bound = async (): Promise<unknown> =>
      (await client.query({ name: "bound", text: "select current_setting('lock_timeout') as bound" }, []))[0]?.["bound"];
    const before = await bound();
    const letGo = await holding(id);
    await expect(store.commit({ id, expect: "live", set: { a: "1" } }, { deadline: Date.now() + 100 })).rejects.toEqual(failing("store_unavailable", "55P03"));
    await letGo();
    // It was held once, and says so until it is changed.
    expect(await store.commit({ id, expect: "live", set: { a: "1" } })).toEqual({ ok: true, version: 2 });
    expect(await bound()).toBe(before);
  });

  it("a deadline that has passed, or passes while no connection is free, sends nothing", async () => {
    const store = storeOn(drivers.pg(server.url, { max: 1 }));
    const id = await created(store);
    await expect(store.commit({ id, expect: "live", set: { a: "1" } }, { deadline: Date.now() - 1 })).rejects.toEqual(failing("store_unavailable", "deadline"));
    const letGo = await holding(id);
    const first = store.commit({ id, expect: "live", set: { a: "1" } });
    const late = store.commit({ id, expect: "live", set: { b: "1" } }, { deadline: Date.now() + 50 });
    const told = expect(late).rejects.toEqual(failing("store_unavailable", "nothing was written"));
    await new Promise((resolve) => setTimeout(resolve, 60));
    await letGo();
    expect(await first).toEqual({ ok: true, version: 2 });
    await told;
    expect(await store.load(id)).toMatchObject({ version: 2, fields: { a: "1" } });
  });

  it("a pool without a free connection, and a server without one, are store_unavailable", async () => {
    const store = storeOn(drivers.pg(server.url, { max: 1, connectionTimeoutMillis: 100 }));
    const id = await created(store);
    const letGo = await holding(id);
    const held = store.commit({ id, expect: "live", set: { a: "1" } });
    await expect(store.commit({ id, expect: "live", set: { b: "1" } })).rejects.toEqual(failing("store_unavailable", "make the pool larger"));
    await letGo();
    await held;
    await admin.query("create role crowded login superuser password 'x' connection limit 1");
    await admin.query("alter role crowded nosuperuser; grant pg_read_all_data, pg_write_all_data to crowded");
    const url = urlWith((parts) => ([parts.username, parts.password] = ["crowded", "x"]));
    const only = new pg.Client({ connectionString: url });
    await only.connect();
    const crowded = storeOn(drivers.pg(url));
    await expect(crowded.load(id)).rejects.toEqual(failing("store_unavailable", "53300"));
    await only.end();
    await until("a connection is free", () =>
      crowded.load(id).then(
        () => true,
        () => false,
      ),
    );
  });

  it("a role that is read-only hears that it is, and reads on; one that begins otherwise than read committed is refused where it matters", async () => {
    const id = await created(storeOn(drivers.pg()));
    await admin.query("create role reader login superuser password 'x'; alter role reader set default_transaction_read_only = on");
    const reader = storeOn(drivers.pg(urlWith((url) => ([url.username, url.password] = ["reader", "x"]))));
    for (const change of [{ set: { a: "1" } }, { wake: 4 }])
      await expect(reader.commit({ id, expect: "live", ...change })).rejects.toEqual(failing("store_unavailable", "25006"));
    expect(await reader.load(id)).toMatchObject({ version: 1 });
    await admin.query("create role strict login superuser password 'x'; alter role strict set default_transaction_isolation = 'repeatable read'");
    const strict = storeOn(drivers.pg(urlWith((url) => ([url.username, url.password] = ["strict", "x"]))));
    await expect(strict.commit({ id, expect: "live", wake: 4 })).rejects.toEqual(failing("store_unavailable", "default_transaction_isolation"));
  });

  it("a standby is refused by name, until it is promoted", async () => {
    const first = storeOn(drivers.pg());
    const id = await created(first, { set: { a: "1" } });
    const standby = await startStandby(server);
    undo.push(() => standby.stop());
    const store = storeOn(drivers.pg(standby.url));
    await expect(store.load(id)).rejects.toEqual(failing("store_unavailable", "standby"));
    standby.promote();
    await until("it is the primary", () =>
      store.load(id).then(
        (record) => record?.fields["a"] === "1",
        () => false,
      ),
    );
    expect(await store.commit({ id, expect: 1, set: { a: "2" } })).toEqual({ ok: true, version: 2 });
    expect(await first.load(id)).toMatchObject({ version: 1 });
  }, 60_000);

  it("an older schema is upgraded with what is in it, by many at once; with migrate: false it is refused", async () => {
    const [step] = migrations;
    await admin.query(`create schema ${schema}; create table ${schema}.schema_version (version int4 primary key, at timestamptz not null default now());
      ${step?.sql(schema)} insert into ${schema}.schema_version (version) values (1)`);
    const id = newId();
    await admin.query(`insert into ${schema}.session (id, version, kind, fields, aliases) values ($1, 7, 'web', '{"a":"1"}', '{x}')`, [id]);
    await admin.query(`insert into ${schema}.alias values ('x', $1); `, [id]);
    await admin.query(`insert into ${schema}.live_count values ('web', 0, 1)`);
    const refusing = storeOn(drivers.pg(), { migrate: false });
    await expect(refusing.load(id)).rejects.toEqual(failing("invalid_option", `version 1 and this release needs ${newest}`));
    const stores = Array.from({ length: 4 }, () => storeOn(drivers.pg()));
    expect(await Promise.all(stores.map((store) => store.load(id)))).toEqual(
      stores.map(() => ({ id, version: 7, kind: "web", epoch: 0, aliases: ["x"], fields: { a: "1" } })),
    );
    expect(await refusing.commit({ id, expect: 7, ended: "{}" })).toEqual({ ok: true, version: 8 });
    expect(await refusing.count({ kind: "web" })).toBe(0);
    const { rows } = await admin.query<{ version: number }>(`select version from ${schema}.schema_version order by version`);
    expect(rows.map(({ version }) => version)).toEqual(migrations.map(({ version }) => version));
  });

  it("a newer schema, somebody else's tables and impossible settings are refused by name", async () => {
    await migratePostgres(drivers.pg(), { schema });
    await admin.query(`insert into ${schema}.schema_version (version) values (99)`);
    await expect(storeOn(drivers.pg()).load(newId())).rejects.toEqual(failing("invalid_option", "version 99"));
    await admin.query(`create schema theirs; create table theirs.session (x int)`);
    await expect(storeOn(drivers.pg(), { schema: "theirs" }).load(newId())).rejects.toEqual(failing("store_unavailable", "42P07"));
    const client = drivers.pg();
    for (const [name, options] of Object.entries({ schema: { schema: 'x"; drop' }, keep: { keep: 0 }, lockTimeout: { lockTimeout: "soon" as "1s" } }))
      expect(() => postgresStore(client, options)).toThrow(failing("invalid_option", name));
  });

  it("a schema that goes away and comes back is no reason for a restart", async () => {
    const store = storeOn(drivers.pg());
    const id = await created(store);
    await admin.query(`alter schema ${schema} rename to away`);
    await expect(store.load(id)).rejects.toEqual(failing("store_unavailable"));
    await admin.query(`alter schema away rename to ${schema}`);
    expect(await store.load(id)).toMatchObject({ version: 1 });
  });

  it("a record that somebody else damaged is an error for itself alone", async () => {
    const store = storeOn(drivers.pg());
    const [broken, sound] = [await created(store, { set: { a: "1" } }), await created(store)];
    await admin.query(`update ${schema}.session set fields = '{"secret-name": 5}' where id = $1`, [broken]);
    await expect(store.load(broken)).rejects.toEqual(failing("record_unreadable", broken));
    expect((await store.find({ kind: "web" })).records.map(({ id }) => id)).toEqual([sound]);
    expect((await store.scrub()).unreadable.map(({ id }) => id)).toEqual([broken]);
  });

  it("a full disk refuses as a value, keeps what was acknowledged, serves reads, and takes changes once there is room", async ({ skip }) => {
    const disk = await mountSmallDisk(8 << 20).catch(() => undefined);
    if (disk === undefined) return skip("only root may mount a small disk to fill");
    undo.push(() => disk.stop());
    const { uid, gid } = statSync(server.data);
    chownSync(disk.path, uid, gid);
    await admin.query(`create tablespace small location '${disk.path}'`);
    const client = drivers.pg(server.url, { max: 1, options: "-c default_tablespace=small" });
    const store = storeOn(client);
    const kept: SessionId[] = [];
    // Random texts: others would be compressed.
    const filler = (): string => randomBytes(45_000).toString("base64");
    let refused: Outcome | undefined;
    for (let n = 0; n < 2000 && refused === undefined; n++) {
      const id = newId();
      const outcome = await store.commit({ id, expect: "absent", kind: "web", set: { filler: filler() } });
      if (outcome.ok) kept.push(id);
      else refused = outcome;
    }
    expect(refused).toEqual({ ok: false, why: "full", of: "store" });
    const [id] = kept as [SessionId];
    expect(await store.commit({ id, expect: "live", set: { more: filler() } })).toEqual({ ok: false, why: "full", of: "store" });
    expect(await store.load(id)).toMatchObject({ version: 1 });
    expect(await store.count({ kind: "web" })).toBe(kept.length);
    await disk.resize(24 << 20);
    expect(await store.commit({ id, expect: "live", set: { more: filler() } })).toEqual({ ok: true, version: 2 });
    await admin.query(`drop schema ${schema} cascade`);
    await admin.query("drop tablespace small");
  });

  it("after close every call says so, and the pool goes on", async () => {
    const client = drivers.pg();
    const store = storeOn(client, { feed: true });
    const heard: (StoreEvent | "gap")[] = [];
    await (store as Required<PostgresStore>).watch((event) => heard.push(event));
    const id = await created(store);
    await store.close();
    const count = heard.length;
    for (const call of [() => store.load(id), () => store.commit({ id, expect: "live", set: {} }), () => store.count({ kind: "web" })])
      await expect(call()).rejects.toEqual(failing("store_unavailable", "closed"));
    expect(await storeOn(client, { feed: true }).commit({ id, expect: 1, set: { a: "1" } })).toEqual({ ok: true, version: 2 });
    expect(heard.length).toBe(count);
  });
});
