import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { PoolOptions } from "mysql2";
import type { SessionId } from "../../core/seam.ts";
import { newId } from "../../testing/new-id.ts";
import { reason, startEngine, type Engine } from "./mariadb.fixture.ts";
import { fromMysql2, mariadbStore, migrateMariadb, type MariadbStore } from "./mariadb.ts";

const saying = (...words: string[]): unknown => expect.stringMatching(new RegExp(words.join(".*")));
const unavailable = (...words: string[]): object => ({ code: "store_unavailable", message: saying(...words) });

describe.skipIf(reason)(`what may be wrong with a MariaDB${reason ? ` (${reason})` : ""}`, () => {
  let engine: Engine;
  let store: MariadbStore;
  beforeAll(async () => {
    engine = await startEngine();
    store = engine.store();
    await store.load(newId());
  }, 60_000);
  afterAll(() => engine.stop(), 60_000);

  const created = async (set: Record<string, string> = {}): Promise<SessionId> => {
    const id = newId();
    expect(await store.commit({ id, expect: "absent", kind: "k", set })).toMatchObject({ ok: true });
    return id;
  };
  const storeWith = (options: PoolOptions): MariadbStore => engine.store({}, options);
  const at = (path: string): string => `mysql://sojourn:sojourn@127.0.0.1:${engine.server.port}${path}`;

  it.each([
    ["a wrong password", () => ({ uri: at("/sojourn").replace(":sojourn@", ":geheim@") }), ["user or the password"]],
    ["a database that is not there", () => ({ uri: at("/nowhere").replace("sojourn:sojourn", "root") }), ["no database of that name"]],
    ["a database that is another's", () => ({ uri: at("/mysql") }), ["may not use this database"]],
    ["no database", () => ({ uri: at("/") }), ["names no database"]],
    ["a port where nobody listens", () => ({ uri: "mysql://a:geheim@127.0.0.1:1/b" }), ["ECONNREFUSED"]],
  ])("%s is store_unavailable and says what to do, and never the password", async (_, options, words) => {
    const wrong = storeWith(options());
    for (const call of [() => wrong.load(newId()), () => wrong.commit({ id: newId(), expect: "absent", kind: "k" })]) {
      const error = await call().catch((thrown: unknown) => thrown);
      expect(error).toMatchObject(unavailable(...words));
      expect((error as Error).message + JSON.stringify((error as Error).cause)).not.toContain("geheim");
    }
  });

  it("too many connections is store_unavailable, and the store goes on once there are some", async () => {
    await engine.root("CREATE USER few@'%'");
    await engine.root("GRANT ALL ON sojourn.* TO few@'%'");
    const options = { uri: at("/sojourn").replace("sojourn:sojourn", "few") };
    const id = await created();
    const patient = storeWith(options);
    await engine.root("ALTER USER few@'%' WITH MAX_USER_CONNECTIONS 1");
    const holder = await engine.pool(options).promise().getConnection();
    await expect(patient.load(id)).rejects.toMatchObject(unavailable("max_user_connections"));
    await engine.root("ALTER USER few@'%' WITH MAX_USER_CONNECTIONS 0");
    await engine.root("SET GLOBAL max_connections = 10");
    const held = await Promise.all(
      Array.from({ length: 8 }, () =>
        engine
          .pool()
          .promise()
          .getConnection()
          .catch(() => undefined),
      ),
    );
    await expect(patient.load(id)).rejects.toMatchObject(unavailable("too many connections"));
    await engine.root("SET GLOBAL max_connections = 151");
    for (const one of [holder, ...held]) one?.destroy();
    expect(await patient.load(id)).toMatchObject({ id });
  });

  it("a read-only server refuses changes as store_unavailable, and reads go on", async () => {
    const id = await created();
    await engine.root("SET GLOBAL read_only = 1");
    try {
      for (const change of [{ set: { a: "1" } }, { wake: 5 }]) {
        await expect(store.commit({ id, expect: "live", ...change })).rejects.toMatchObject(unavailable("read-only", "nothing was written"));
      }
      expect(await store.load(id)).toMatchObject({ version: 1 });
    } finally {
      await engine.root("SET GLOBAL read_only = 0");
    }
    expect(await store.commit({ id, expect: "live", set: { a: "1" } })).toEqual({ ok: true, version: 2 });
  });

  it("a server and a pool with settings of their own change nothing: not strict, no autocommit, another character set, other forms of answers", async () => {
    await engine.root("SET GLOBAL sql_mode = '', GLOBAL autocommit = 0, GLOBAL default_regex_flags = 'UNGREEDY,EXTENDED'");
    try {
      const odd: PoolOptions = {
        charset: "LATIN1_SWEDISH_CI",
        rowsAsArray: false,
        nestTables: true,
        namedPlaceholders: true,
        typeCast: false,
        supportBigNumbers: true,
        bigNumberStrings: true,
        dateStrings: true,
        multipleStatements: true,
        flags: ["-FOUND_ROWS"],
      };
      const other = storeWith(odd);
      const [id, text] = [newId(), "Łódź 東京 👩‍👩‍👧 \u0000\n#"];
      expect(await other.commit({ id, expect: "absent", kind: text, subject: text, claim: [text], wake: 1e15, set: { [text]: text } })).toEqual({
        ok: true,
        version: 1,
      });
      expect(await other.commit({ id, expect: "live", set: { a: text }, unset: ["b"] })).toEqual({ ok: true, version: 2 });
      for (const one of [store, other]) {
        const record = await one.load(id);
        expect({ ...record, fields: { ...record?.fields } }).toEqual({
          id,
          version: 2,
          kind: text,
          subject: text,
          wake: 1e15,
          epoch: 0,
          aliases: [text],
          fields: { [text]: text, a: text },
        });
        expect((await one.find({ alias: text })).records).toEqual([record]);
        expect(await one.count({ kind: text })).toBe(1);
      }
      const long = "k".repeat(4097);
      await expect(other.commit({ id: newId(), expect: "absent", kind: long })).rejects.toMatchObject({ code: "too_large" });
      await expect(other.commit({ id, expect: "live", subject: long })).rejects.toMatchObject({ code: "too_large" });
      await expect(other.commit({ id: "i".repeat(256) as SessionId, expect: "absent", kind: "k" })).rejects.toMatchObject({ code: "too_large" });
      expect(await store.find({ kind: "k".repeat(4096) })).toEqual({ records: [] });
      await store.commit({ id, expect: "live", erase: true });
    } finally {
      await engine.root("SET GLOBAL sql_mode = DEFAULT, GLOBAL autocommit = 1, GLOBAL default_regex_flags = ''");
    }
  });

  it("works on a pool of mysql2/promise", async () => {
    const promised = mariadbStore(fromMysql2(engine.pool().promise()));
    const id = await created();
    expect(await promised.commit({ id, expect: 1, set: { a: "1" } })).toEqual({ ok: true, version: 2 });
    expect(await promised.load(id)).toMatchObject({ fields: { a: "1" } });
  });

  it("a change, or a record, beyond max_allowed_packet is too_large, and nothing is written or cut off", async () => {
    await engine.root("SET GLOBAL max_allowed_packet = 65536, GLOBAL sql_mode = ''");
    try {
      const narrow = engine.store();
      const id = await created({ a: "1" });
      await expect(narrow.commit({ id, expect: "live", set: { a: "x".repeat(65_000) } })).rejects.toMatchObject({
        code: "too_large",
        message: saying("max_allowed_packet"),
      });
      await expect(narrow.commit({ id, expect: "live", wake: 1, set: { a: "x".repeat(65_000) } })).rejects.toMatchObject({ code: "too_large" });
      let version = 1;
      for (; version < 10; version++) {
        const error = await narrow.commit({ id, expect: "live", set: { [`f${version}`]: "y".repeat(15_000) } }).then(
          () => undefined,
          (thrown: unknown) => thrown,
        );
        if (error === undefined) continue;
        expect(error).toMatchObject({ code: "too_large", message: saying("max_allowed_packet") });
        break;
      }
      expect(version).toBeLessThan(10);
      const record = await store.load(id);
      expect([record?.version, Object.keys(record?.fields ?? {}).length]).toEqual([version, version]);
      expect(record?.fields["f1"]).toHaveLength(15_000);
    } finally {
      await engine.root("SET GLOBAL max_allowed_packet = 16777216, GLOBAL sql_mode = DEFAULT");
    }
  });

  it("texts that are not well-formed are invalid_field, wherever they stand; names of fields are kept", async () => {
    const [id, half] = [await created(), "a\ud800"];
    for (const change of [{ subject: half }, { claim: [half] }, { set: { a: half } }, { ended: half }, { set: { a: half }, wake: 1 }]) {
      await expect(store.commit({ id, expect: "live", ...change })).rejects.toMatchObject({ code: "invalid_field" });
    }
    await expect(store.commit({ id: newId(), expect: "absent", kind: half })).rejects.toMatchObject({ code: "invalid_field" });
    expect(await store.commit({ id, expect: "live", set: { [half]: "1" } })).toEqual({ ok: true, version: 2 });
    expect((await store.load(id))?.fields).toEqual(Object.assign(Object.create(null) as object, { [half]: "1" }));
  });

  it("thousands of fields in one change are more than one pattern", async () => {
    const fields = (from: number, count: number, text: string): Record<string, string> =>
      Object.fromEntries(Array.from({ length: count }, (_, i) => [`a.$field-${from + i}`, text]));
    const id = await created({ keep: "1", ...fields(0, 4000, "a") });
    expect(await store.commit({ id, expect: "live", set: fields(1000, 4000, "b"), unset: Object.keys(fields(0, 1000, "")) })).toEqual({ ok: true, version: 2 });
    expect((await store.load(id))?.fields).toEqual(Object.assign(Object.create(null) as object, { keep: "1", ...fields(1000, 4000, "b") }));
    const many = Array.from({ length: 201 }, (_, i) => `alias ${i}`);
    await expect(store.commit({ id, expect: "live", claim: many })).rejects.toMatchObject({ code: "too_large", message: saying("200") });
    expect(await store.commit({ id, expect: "live", claim: many.slice(1) })).toEqual({ ok: true, version: 3 });
    expect((await store.find({ alias: "alias 200" }, { only: Object.keys(fields(0, 4000, "")) })).records[0]?.fields["a.$field-3000"]).toBe("b");
  });

  it("a record that cannot be read is record_unreadable, and no listing fails on it", async () => {
    const [id, well] = [await created({ a: "1" }), await created()];
    await engine.root(`UPDATE sojourn_session SET fields = 'damaged', wake = 3 WHERE id = '${id}'`);
    await expect(store.load(id)).rejects.toMatchObject({ code: "record_unreadable", message: saying(id, "fields") });
    const listed = (await store.find({ kind: "k" }, { limit: 10_000 })).records.map((record) => record.id);
    expect(listed).not.toContain(id);
    expect(listed).toContain(well);
    expect(await store.find({ wakeBefore: 3 })).toEqual({ records: [] });
    expect((await store.scrub()).unreadable).toEqual([{ id, why: saying("fields") }]);
    expect(await store.commit({ id, expect: "live", erase: true })).toMatchObject({ ok: true });
  });

  describe("tables and versions", () => {
    const version = async (prefix: string): Promise<unknown> => (await engine.root(`SELECT value FROM ${prefix}meta WHERE name = 'schema'`))[0]?.["value"];

    it.each(["", "a-b", "a b", "x".repeat(33), "`"])("the prefix %j is invalid_option at once", (prefix) => {
      expect(() => engine.store({ prefix })).toThrow(expect.objectContaining({ code: "invalid_option", message: saying("prefix") }));
    });

    it("a table of others under the prefix is invalid_option, and stays as it is", async () => {
      await engine.root("CREATE TABLE f1_session (a INT)");
      await expect(engine.store({ prefix: "f1_" }).load(newId())).rejects.toMatchObject({ code: "invalid_option", message: saying("f1_session") });
      await engine.root("CREATE TABLE f2_meta (a INT)");
      await expect(engine.store({ prefix: "f2_" }).load(newId())).rejects.toMatchObject({ code: "invalid_option", message: saying("f2_meta") });
      const tables = await engine.root("SELECT table_name AS t FROM information_schema.tables WHERE table_name LIKE 'f1\\_%' OR table_name LIKE 'f2\\_%'");
      expect(tables.map(({ t }) => String(t)).sort((x, y) => x.localeCompare(y))).toEqual(["f1_session", "f2_meta"]);
    });

    it("a newer schema is invalid_option, and once it is the old one again the store goes on", async () => {
      await migrateMariadb(fromMysql2(engine.pool()), { prefix: "v_" });
      await engine.root("UPDATE v_meta SET value = 2");
      const old = engine.store({ prefix: "v_" });
      await expect(old.load(newId())).rejects.toMatchObject({ code: "invalid_option", message: saying("version 2", "knows 1") });
      await expect(migrateMariadb(fromMysql2(engine.pool()), { prefix: "v_" })).rejects.toMatchObject({ code: "invalid_option" });
      await engine.root("UPDATE v_meta SET value = 1");
      expect(await old.load(newId())).toBeUndefined();
    });

    it("a migration that broke off is finished by the next one", async () => {
      await migrateMariadb(fromMysql2(engine.pool()), { prefix: "h_" });
      await engine.root("DELETE FROM h_meta");
      await engine.root("DROP TABLE h_live, h_slot");
      await engine.root("DROP PROCEDURE h_recount_1");
      const next = engine.store({ prefix: "h_" });
      expect(await next.commit({ id: newId(), expect: "absent", kind: "k", subject: "s", subjectLimit: 1 })).toMatchObject({ ok: true });
      expect(await version("h_")).toBe(1);
    });

    it("eight processes that start at once make the tables once", async () => {
      const stores = Array.from({ length: 8 }, () => engine.store({ prefix: "p_" }, { connectionLimit: 2 }));
      const outcomes = await Promise.all(stores.map((one) => one.commit({ id: newId(), expect: "absent", kind: "k" })));
      expect(outcomes).toEqual(outcomes.map(() => ({ ok: true, version: 1 })));
      expect(await stores[0]?.count({ kind: "k" })).toBe(8);
    });

    it("without migrate nothing is made; a user without rights on the schema is enough once it is there", async () => {
      await engine.root("CREATE USER app@'%'");
      await engine.root("GRANT SELECT, INSERT, UPDATE, DELETE, EXECUTE ON sojourn.* TO app@'%'");
      const uri = at("/sojourn").replace("sojourn:sojourn", "app");
      const humble = engine.store({ prefix: "m_", migrate: false }, { uri });
      await expect(humble.load(newId())).rejects.toMatchObject(unavailable("migrateMariadb"));
      await expect(engine.store({ prefix: "m_" }, { uri }).load(newId())).rejects.toMatchObject(unavailable("lacks a right", "GRANT"));
      await migrateMariadb(fromMysql2(engine.pool()), { prefix: "m_" });
      const id = newId();
      expect(await humble.commit({ id, expect: "absent", kind: "k", claim: ["a"] })).toEqual({ ok: true, version: 1 });
      expect(await humble.scrub({ repair: true })).toMatchObject({ records: 1, repaired: 0 });
      await engine.root("DROP PROCEDURE m_commit_1");
      await expect(humble.commit({ id, expect: "live", wake: 1 })).rejects.toMatchObject(unavailable("procedure is gone"));
      await engine.root("DELETE FROM m_meta");
      await migrateMariadb(fromMysql2(engine.pool()), { prefix: "m_" });
      expect(await humble.commit({ id, expect: "live", wake: 1 })).toEqual({ ok: true, version: 2 });
    });

    it("a pool that resets its connections is invalid_option at once", () => {
      const pool = engine.pool({ resetOnRelease: true });
      for (const one of [pool, pool.promise()])
        expect(() => fromMysql2(one)).toThrow(expect.objectContaining({ code: "invalid_option", message: saying("resetOnRelease") }));
    });

    it("a closed store refuses, and leaves its pool open", async () => {
      const pool = engine.pool();
      const closed = mariadbStore(fromMysql2(pool));
      await closed.close();
      await expect(closed.load(newId())).rejects.toMatchObject(unavailable("closed"));
      expect((await pool.promise().query("SELECT 1"))[0]).toHaveLength(1);
    });
  });
});

describe.skipIf(reason)(`a MariaDB without room${reason ? ` (${reason})` : ""}`, () => {
  it("refuses commits as full of store, loses nothing that it acknowledged, and goes on when there is room again", async () => {
    const settings = { innodb_file_per_table: 0, innodb_data_file_path: "ibdata1:12M:autoextend:max:28M" };
    const engine = await startEngine(settings);
    try {
      const store = engine.store();
      const kept: SessionId[] = [];
      const text = "x".repeat(60_000);
      let refused: unknown;
      for (let i = 0; i < 1000 && refused === undefined; i++) {
        const id = newId();
        const outcome = await store.commit({ id, expect: "absent", kind: "k", set: { text } });
        if (outcome.ok) kept.push(id);
        else refused = outcome;
      }
      expect(refused).toEqual({ ok: false, why: "full", of: "store" });
      expect(kept.length).toBeGreaterThan(20);
      const id = kept[0] as SessionId;
      const before = await store.load(id);
      expect(await store.commit({ id, expect: "live", set: Object.fromEntries(Array.from({ length: 60 }, (_, i) => [`f${i}`, text])) })).toEqual(refused);
      expect(await store.load(id)).toEqual(before);
      for (const one of kept) expect((await store.load(one))?.fields["text"]).toBe(text);
      expect(await store.count({ kind: "k" })).toBe(kept.length);
      await engine.server.restart({ ...settings, innodb_data_file_path: "ibdata1:12M:autoextend:max:64M" });
      expect(await store.commit({ id, expect: "live", set: { more: text } })).toEqual({ ok: true, version: 2 });
      expect(await store.count({ kind: "k" })).toBe(kept.length);
      for (const one of kept) expect((await store.load(one))?.fields["text"]).toBe(text);
    } finally {
      await engine.stop();
    }
  }, 90_000);
});
