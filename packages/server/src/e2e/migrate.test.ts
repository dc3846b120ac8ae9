import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { missing } from "@sojourn/peers/programs";
import { startRedis, type RedisServer } from "@sojourn/peers/redis";
import { createSessions } from "sojourn";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { clientWith, type Made } from "../api-client.fixture.ts";
import { cleanUp, later } from "../clean-up.fixture.ts";
import { openStore } from "../open-store.ts";
import { run, sojournd, type Sojournd } from "../sojournd.fixture.ts";
import { tempFolder } from "../temp-folder.fixture.ts";
import { served } from "./shared-store.fixture.ts";

const absent = missing("redis-server", "redis-server");

describe.skipIf(absent !== undefined)(absent === undefined ? "moving from LMDB to Redis" : `moving from LMDB to Redis: ${absent}`, () => {
  let redis: RedisServer;
  beforeAll(async () => {
    redis = await startRedis();
  });
  afterAll(async () => redis?.stop());
  afterEach(async () => {
    await cleanUp();
    await redis.ask("FLUSHALL");
  });

  /** Sessions in the database of a data folder, live ones and ended ones. */
  async function filled(data: string, count: number): Promise<{ live: readonly Made[]; ended: readonly Made[] }> {
    const store = openStore(data);
    const sessions = createSessions<{ n: number }>({ store, kind: "api", rotation: false });
    const made: Made[] = [];
    for (let n = 0; n < count; n += 100) {
      const some = await Promise.all(Array.from({ length: 100 }, (_, i) => sessions.create({ subject: `s${i}`, data: { n: n + i } })));
      made.push(...some.map(({ id, token }) => ({ id: String(id), token: String(token) })));
    }
    const ended = made.filter((_, i) => i % 10 === 9);
    for (const { id } of ended) await sessions.end({ id });
    await store.close();
    return { live: made.filter((each) => !ended.includes(each)), ended };
  }

  async function began(from: string, to: string, ...more: readonly string[]): Promise<Sojournd> {
    // A server that serves both moves what it meets: so it is not enough that records come.
    const connected = async (): Promise<number> => (await redis.ask("CLIENT", "LIST")).split("name=sojournd ").length;
    const others = await connected();
    const moving = sojournd(["migrate", "--from", from, "--to", to, ...more]);
    const early = moving.ended.then((code) => {
      throw new Error(`It ended too early (${code}): ${moving.out()}${moving.err()}`);
    });
    while ((await connected()) === others) await Promise.race([sleep(5), early]);
    const before = Number(await redis.ask("DBSIZE"));
    while (Number(await redis.ask("DBSIZE")) < before + 100) await Promise.race([sleep(5), early]);
    early.catch(() => undefined);
    return moving;
  }

  test(
    "killed, interrupted and run again while a server serves both: nobody is logged out, nobody comes back, and every one is compared",
    { timeout: 180_000 },
    async () => {
      const data = join(tempFolder(), "data");
      const [from, to] = [`lmdb:${data}`, redis.url];
      const { live, ended } = await filled(data, 1_000);
      const { call, begin } = clientWith((await run(["keys", "new", "--data", data])).out.trim());
      const both = await served(to, data, { SOJOURN_MIGRATING_FROM: from });

      // Visits go on all the time.
      const refusals: unknown[] = [];
      const visitors = { stop: false, visits: 0 };
      later(() => {
        visitors.stop = true;
      });
      const visiting = Promise.all(
        Array.from({ length: 2 }, async (_, who) => {
          for (let i = who; !visitors.stop; i = (i + 7) % live.length) {
            const answer = await call(
              both.address,
              i % 3 === 0 ? "PATCH" : "GET",
              "/v1/session",
              live[i]?.token,
              i % 3 === 0 ? { set: { seen: i } } : undefined,
            );
            if (answer?.status !== 200) refusals.push(answer);
            visitors.visits++;
            await sleep(2);
          }
        }),
      );
      const killed = await began(from, to);
      killed.child.kill("SIGKILL");
      expect(await killed.ended).toBe("SIGKILL");
      const interrupted = await began(from, to);
      interrupted.child.kill("SIGINT");
      expect(await interrupted.ended, interrupted.out() + interrupted.err()).toBe(130);
      expect(interrupted.out()).toMatch(/It was interrupted\. What has moved stays moved/);
      const fresh = await begin(both.address, { data: { fresh: true } });

      const last = await run(["migrate", "--from", from, "--to", to, "--verify", "--json"]);
      expect(last).toMatchObject({ code: 0, err: "" });
      const report = JSON.parse(last.out) as {
        complete: boolean;
        moved: number;
        compared: number;
        different: unknown[];
        kinds: Record<string, { known: number; found: number }>;
      };
      expect(report).toMatchObject({ complete: true, left: 0, different: [], failed: [] });
      // The fresh one is known there, too.
      expect(report.kinds["main:api"]).toMatchObject({ known: 1_001, found: 1_001 });
      expect(report.kinds["server:$key"]).toEqual({ known: 1, found: 1 });
      expect(report.moved).toBeGreaterThan(0);
      visitors.stop = true;
      await visiting;
      expect(refusals).toEqual([]);
      console.log(`1,000 sessions, ${visitors.visits} visits meanwhile; the last run moved ${report.moved} and compared ${report.compared}`);
      both.server.child.kill("SIGTERM");
      expect(await both.server.ended).toBe(0);

      const alone = await served(to, data);
      for (let i = 0; i < live.length; i += 50) {
        const answers = await Promise.all(live.slice(i, i + 50).map(({ token }) => call(alone.address, "GET", "/v1/session", token)));
        expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
        expect(answers.map(({ body }) => body["id"])).toEqual(live.slice(i, i + 50).map(({ id }) => id));
      }
      for (const { token } of ended.slice(0, 50))
        expect(await call(alone.address, "GET", "/v1/session", token)).toMatchObject({ status: 401, body: { code: "session_ended" } });
      expect((await call(alone.address, "GET", "/v1/session", fresh.token)).body).toMatchObject({ data: { fresh: true } });
    },
  );

  test("a server that only follows and one that moves serve the same sessions", { timeout: 60_000 }, async () => {
    const data = join(tempFolder(), "data");
    const { live } = await filled(data, 100);
    const { call, begin } = clientWith((await run(["keys", "new", "--data", data])).out.trim());
    const [old, both] = await Promise.all([
      served(redis.url, data, { SOJOURN_MIGRATING_FROM: `lmdb:${data}`, SOJOURN_MIGRATING_PHASE: "old" }),
      served(redis.url, data, { SOJOURN_MIGRATING_FROM: `lmdb:${data}` }),
    ]);
    const [one] = live as [Made];
    expect((await call(both.address, "PATCH", "/v1/session", one.token, { set: { at: "both" } })).status).toBe(200);
    expect((await call(old.address, "PATCH", "/v1/session", one.token, { set: { and: "old" } })).status).toBe(200);
    expect((await call(both.address, "GET", "/v1/session", one.token)).body).toMatchObject({ data: { n: 0, at: "both", and: "old" } });
    for (const [here, there] of [
      [old, both],
      [both, old],
    ] as const) {
      const made = await begin(here.address, { subject: "ada" });
      expect((await call(there.address, "DELETE", `/v1/sessions/${made.id}`)).status).toBe(204);
      expect((await call(here.address, "GET", "/v1/session", made.token)).body).toMatchObject({ code: "session_ended" });
    }
  });

  test("keys move from any store; what cannot be moved is said in one line", { timeout: 60_000 }, async () => {
    const data = tempFolder();
    await run(["keys", "new", "--data", data]);
    for (const [from, to, line] of [
      ["memory:", redis.url, /--from says memory:/],
      [`lmdb:${data}`, `lmdb:${data}`, /--from and --to name the same store/],
      [`lmdb:${tempFolder()}`, redis.url, /There are no sessions in/],
      ["hunter2", redis.url, /--from is no store's address/],
      [`lmdb:${data}`, "redis://:hunter2@127.0.0.1:1", /--to \(redis:\/\/:\*\*\*@127\.0\.0\.1:1\): the store is not there/],
    ] as const) {
      const { code, out, err } = await run(["migrate", "--from", from, "--to", to]);
      expect([code, out, err.trim().split("\n").length], err).toEqual([1, "", 1]);
      expect(err).toMatch(line);
      expect(err).not.toContain("hunter2");
    }
    // Application keys have no wake by which they would be found, and Redis does not know its kinds.
    const folder = `file:${tempFolder()}`;
    await run(["keys", "new"], { SOJOURN_STORE: redis.url });
    const list = await run(["keys", "list"], { SOJOURN_STORE: redis.url });
    expect(await run(["migrate", "--from", redis.url, "--to", folder])).toMatchObject({
      code: 0,
      err: "",
      out: expect.stringContaining("server:$key: 1 of 1 are there") as string,
    });
    expect(await run(["keys", "list"], { SOJOURN_STORE: folder })).toEqual(list);
    expect((await run(["serve", "--migrating-phase", "new", "--data", data])).err).toMatch(
      /--migrating-phase must be old, for a server that only follows, or both\./,
    );
  });
});
