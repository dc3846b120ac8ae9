import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { open } from "lmdb";
import pg from "pg";
import { startPostgres } from "@sojourn/peers/postgres";
import { missing } from "@sojourn/peers/programs";
import { createSessions, type SessionId, type Sessions, type Store } from "sojourn";
import { lmdbStore, openLmdb } from "sojourn/stores/lmdb";
import { migrate, migrating } from "sojourn/stores/migrating";
import { fromPg, postgresStore } from "sojourn/stores/postgres";
import { afterAll, expect, test } from "vitest";

/** `SOJOURN_MOVED=100000` moves as many. */
const count = Number(process.env["SOJOURN_MOVED"] ?? "2000");
const lacks = missing("postgresql", "initdb", "postgres");
const undo: (() => unknown)[] = [];
afterAll(async () => {
  for (const step of undo.toReversed()) await step();
}, 60_000);

interface Data {
  readonly n: number;
}
interface Visitor {
  readonly id: SessionId;
  readonly token: string;
  /** What was acknowledged. */
  n: number;
  ended: boolean;
}

test(`${count} sessions move from LMDB to PostgreSQL under traffic, none is lost, nobody is logged out`, { timeout: 1_500_000 }, async ({ skip }) => {
  if (lacks !== undefined) skip(lacks);
  const folder = mkdtempSync(join(tmpdir(), "sojourn-moving-"));
  const root = openLmdb(open, folder);
  const from = lmdbStore(root);
  const server = await startPostgres();
  const pool = new pg.Pool({ connectionString: server.url, max: 12 });
  undo.push(() => rmSync(folder, { recursive: true, force: true }));
  undo.push(() => root.close());
  undo.push(() => from.close());
  undo.push(() => server.stop());
  undo.push(() => pool.end());
  const to = postgresStore(fromPg(pool));
  const manager = (store: Store): Sessions<Data> => createSessions<Data>({ store, idle: "2h", absolute: "12h" });

  const old = manager(from);
  const visitors: Visitor[] = [];
  while (visitors.length < count) {
    const some = Array.from({ length: Math.min(500, count - visitors.length) }, async (_, i) => {
      const session = await old.create({ subject: `user-${visitors.length + i}`, data: { n: 0 } });
      return { id: session.id as SessionId, token: session.token as string, n: 0, ended: false };
    });
    visitors.push(...(await Promise.all(some)));
  }

  // Traffic at two processes' worth of managers, all the while.
  const houses = [migrating({ from, to }, { phase: "both" }), migrating({ from, to }, { phase: "both" })].map(manager);
  let moving = true;
  let visits = 0;
  const wrong: string[] = [];
  const visit = async (lane: number): Promise<void> => {
    // Each lane has visitors of its own: what is acknowledged to one is not overtaken by another.
    const own = visitors.filter((_, i) => i % 8 === lane);
    for (let step = 0; moving; step++) {
      const visitor = own[Math.floor(Math.random() * own.length)] as Visitor;
      const sessions = houses[step % 2] as Sessions<Data>;
      const session = await sessions.visit({ token: visitor.token });
      visits++;
      if (visitor.ended) {
        if (session.id !== undefined) wrong.push(`${visitor.id} was ended and lives`);
      } else if (session.id === undefined) wrong.push(`${visitor.id} was logged out (${String(session.refusal)})`);
      else if (session.get("n") !== visitor.n) wrong.push(`${visitor.id} has ${String(session.get("n"))}, ${visitor.n} was acknowledged`);
      else if (step % 50 === 49) {
        await session.end();
        visitor.ended = true;
      } else if (step % 2 === 0) {
        session.set("n", visitor.n + 1);
        await session.commit();
        visitor.n++;
      }
      await sleep(Math.random() * 20);
    }
  };
  const traffic = Promise.all(Array.from({ length: 8 }, (_, lane) => visit(lane)));
  const began = performance.now();
  const report = await migrate({ from, to, kinds: ["main:web", "main:$floor"], atOnce: 16 }).finally(() => (moving = false));
  await traffic;
  const seconds = (performance.now() - began) / 1000;
  expect(wrong).toEqual([]);
  expect(report).toMatchObject({ complete: true, left: 0, different: [], failed: [] });
  expect(report.kinds["main:web"]?.known).toBe(report.kinds["main:web"]?.found);

  // And now PostgreSQL alone, asked by every visitor.
  const after = manager(to);
  let live = 0;
  for (let at = 0; at < visitors.length; at += 200) {
    await Promise.all(
      visitors.slice(at, at + 200).map(async ({ id, token, n, ended }) => {
        const session = await after.visit({ token });
        if (ended ? session.id !== undefined : session.id !== id || session.get("n") !== n) wrong.push(id);
        if (!ended) live++;
      }),
    );
  }
  expect(wrong).toEqual([]);
  expect(live).toBeGreaterThan(count / 2);
  console.log(`${count} sessions moved in ${seconds.toFixed(1)} s under ${visits} visits: 0 lost, 0 logged out, ${count - live} ended and none of them back.`);
});
