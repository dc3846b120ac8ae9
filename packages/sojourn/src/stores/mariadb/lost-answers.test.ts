import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { newId } from "../../testing/new-id.ts";
import { cuttingProxy, type CuttingProxy } from "./cutting-proxy.fixture.ts";
import { reason, startEngine, type Engine } from "./mariadb.fixture.ts";
import { fromMysql2, mariadbStore, type MariadbStore } from "./mariadb.ts";

const unknown = { code: "outcome_unknown" };
const unavailable = { code: "store_unavailable", message: expect.stringContaining("nothing was written") as unknown };

describe.skipIf(reason)(`answers of MariaDB that are lost${reason ? ` (${reason})` : ""}`, () => {
  let engine: Engine;
  let proxy: CuttingProxy;
  let store: MariadbStore;
  let straight: MariadbStore;
  beforeAll(async () => {
    engine = await startEngine({ innodb_flush_log_at_trx_commit: 1 });
    proxy = await cuttingProxy(engine.server.port);
    straight = engine.store();
    store = engine.store({}, { port: proxy.port, uri: engine.server.url.replace(`:${engine.server.port}`, `:${proxy.port}`) });
    await store.load(newId());
  }, 60_000);
  afterAll(async () => {
    await engine.stop();
    await proxy.close();
  }, 60_000);

  it("a merge whose answer is lost is outcome_unknown, is not sent again, and a later read shows that it landed", async () => {
    const id = newId();
    await store.commit({ id, expect: "absent", kind: "k" });
    await store.commit({ id, expect: "live", set: { n: "0" } });
    proxy.cutNext("answer");
    await expect(store.commit({ id, expect: "live", set: { n: "1" } })).rejects.toMatchObject(unknown);
    expect(proxy.passed).toBe(1);
    expect(await store.load(id)).toMatchObject({ version: 3, fields: { n: "1" } });
  });

  it("so is any other change: a creation, a claim, an end", async () => {
    const id = newId();
    const alias = `alias ${id}`;
    for (const [version, change] of [
      { expect: "absent", kind: "k", subject: id },
      { expect: "live", claim: [alias] },
      { expect: 2, ended: '{"at":1,"reason":"closed"}' },
    ].entries()) {
      proxy.cutNext("answer");
      await expect(store.commit({ id, ...change } as Parameters<typeof store.commit>[0])).rejects.toMatchObject(unknown);
      expect(proxy.passed).toBe(1);
      expect(await store.load(id)).toMatchObject({ version: version + 1 });
    }
    expect((await store.load(id))?.ended).toBeDefined();
    expect(await store.find({ alias })).toEqual({ records: [] });
  });

  it("one that was lost before it came to the server cannot be told from these: outcome_unknown, and it did not land", async () => {
    const id = newId();
    await store.commit({ id, expect: "absent", kind: "k" });
    proxy.cutNext("statement");
    await expect(store.commit({ id, expect: "live", set: { n: "1" } })).rejects.toMatchObject(unknown);
    expect(proxy.passed).toBe(0);
    expect(await straight.load(id)).toMatchObject({ version: 1, fields: {} });
  });

  it.each(["answer", "statement"] as const)("a read whose %s is lost is made once more", async (what) => {
    const id = newId();
    await store.commit({ id, expect: "absent", kind: id });
    for (const read of [() => store.load(id), () => store.find({ kind: id }), () => store.count({ kind: id }), () => store.now()]) {
      proxy.cutNext(what);
      expect(await read()).toBeTruthy();
      expect(proxy.passed).toBe(what === "answer" ? 2 : 1);
    }
  });

  it("connections that the server closed for being idle are not used", async () => {
    const id = newId();
    await straight.commit({ id, expect: "absent", kind: "k" });
    const impatient = engine.store();
    const before = await connections(engine);
    await engine.root("SET GLOBAL wait_timeout = 1");
    await Promise.all(Array.from({ length: 8 }, () => impatient.load(id)));
    expect(await connections(engine)).toBeGreaterThan(before);
    await engine.root("SET GLOBAL wait_timeout = 28800");
    await expect.poll(() => connections(engine), { timeout: 20_000 }).toBeLessThanOrEqual(before);
    for (let version = 2; version < 12; version++) expect(await impatient.commit({ id, expect: "live", set: { n: "1" } })).toEqual({ ok: true, version });
  });

  it("kill -9: what was acknowledged is there afterwards, and the store goes on without being made anew", async () => {
    const kind = newId();
    const own = engine.store();
    const acknowledged: string[] = [];
    const writers = Array.from({ length: 6 }, async () => {
      for (;;) {
        const id = newId();
        try {
          await own.commit({ id, expect: "absent", kind, claim: [id] });
        } catch (error) {
          expect(["outcome_unknown", "store_unavailable"]).toContain((error as { code?: unknown }).code);
          return;
        }
        acknowledged.push(id);
      }
    });
    await expect.poll(() => acknowledged.length, { timeout: 20_000 }).toBeGreaterThan(100);
    engine.server.kill("SIGKILL");
    await Promise.all(writers);
    await expect(own.commit({ id: newId(), expect: "absent", kind })).rejects.toMatchObject(unavailable);
    await engine.server.restart();
    const there = new Set<string>();
    let page = await own.find({ kind }, { limit: 1000 });
    for (const { id } of page.records) there.add(id);
    while (page.next !== undefined) {
      page = await own.find({ kind }, { limit: 1000, after: page.next });
      for (const { id } of page.records) there.add(id);
    }
    expect(acknowledged.filter((id) => !there.has(id))).toEqual([]);
    expect(await own.count({ kind })).toBe(there.size);
    expect(await own.scrub()).toMatchObject({ missing: 0, dead: 0, miscounted: 0, conflicts: [], unreadable: [] });
  }, 60_000);

  it("a server that stands still does not keep the pool: its connections are closed after 10 s", async () => {
    const id = newId();
    const own = engine.store({}, { connectionLimit: 2 });
    await own.commit({ id, expect: "absent", kind: "k" });
    await Promise.all([1, 2].map((n) => own.commit({ id, expect: "live", set: { [`n${n}`]: "0" } })));
    engine.server.kill("SIGSTOP");
    const writes = await Promise.allSettled([1, 2].map((n) => own.commit({ id, expect: "live", set: { [`n${n}`]: "1" } })));
    expect(writes).toMatchObject([
      { status: "rejected", reason: unknown },
      { status: "rejected", reason: unknown },
    ]);
    engine.server.kill("SIGCONT");
    await expect.poll(async () => (await own.load(id))?.version, { timeout: 20_000 }).toBe(5);
  }, 60_000);

  it("a change whose deadline passes while it waits for a connection is not sent", async () => {
    const id = newId();
    const pool = engine.pool({ connectionLimit: 1 });
    const narrow = mariadbStore(fromMysql2(pool));
    await narrow.commit({ id, expect: "absent", kind: "k" });
    const asleep = pool.promise().query("SELECT SLEEP(0.4)");
    const late = narrow.commit({ id, expect: "live", set: { n: "1" } }, { deadline: Date.now() + 100 });
    await expect(late).rejects.toMatchObject(unavailable);
    await asleep;
    await expect(narrow.commit({ id, expect: "live", wake: 1 }, { deadline: Date.now() - 1 })).rejects.toMatchObject(unavailable);
    expect(await narrow.load(id)).toMatchObject({ version: 1 });
  });

  it("nor is a read: whoever asked has been told, and a server that comes back is not overrun by what nobody waits for", async () => {
    const id = newId();
    const pool = engine.pool({ connectionLimit: 1 });
    const narrow = mariadbStore(fromMysql2(pool));
    await narrow.commit({ id, expect: "absent", kind: "k" });
    await Promise.all([narrow.load(id), narrow.find({ kind: id })]);
    const executed = async (): Promise<number> => Number((await engine.root("SHOW GLOBAL STATUS LIKE 'Com_stmt_execute'"))[0]?.["Value"]);
    const before = await executed();
    const asleep = pool.promise().query("SELECT SLEEP(0.4)");
    const deadline = Date.now() + 100;
    const late = Array.from({ length: 20 }, () => [narrow.load(id, { deadline }), narrow.find({ kind: id }, { deadline })]).flat();
    for (const one of await Promise.allSettled(late)) expect(one).toMatchObject({ status: "rejected", reason: unavailable });
    await asleep;
    expect(await narrow.load(id, { deadline: Date.now() + 10_000 })).toMatchObject({ version: 1 });
    expect((await executed()) - before).toBe(1);
  });

  it("a change that waits for another's lock is given up by the server after 2 s, and not written", async () => {
    const id = newId();
    await straight.commit({ id, expect: "absent", kind: "k" });
    const other = await engine.pool().promise().getConnection();
    await other.query("START TRANSACTION");
    await other.query("SELECT * FROM sojourn_session WHERE id = ? FOR UPDATE", [id]);
    for (const change of [{ set: { n: "1" } }, { wake: 1 }]) {
      const late = straight.commit({ id, expect: "live", ...change }, { deadline: Date.now() + 500 });
      await expect(late).rejects.toMatchObject(unavailable);
    }
    await other.query("ROLLBACK");
    other.release();
    expect(await straight.commit({ id, expect: "live", set: { n: "2" } })).toEqual({ ok: true, version: 2 });
  });
});

async function connections(engine: Engine): Promise<number> {
  const rows = await engine.root("SELECT COUNT(*) AS n FROM information_schema.processlist WHERE user = 'sojourn'");
  return Number(rows[0]?.["n"]);
}
