import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { clientWith, type ApiClient, type Made } from "../api-client.fixture.ts";
import { cleanUp } from "../clean-up.fixture.ts";
import { newKey } from "../keys.ts";
import type { Sojournd } from "../sojournd.fixture.ts";
import { tempFolder } from "../temp-folder.fixture.ts";
import { asking, tally, times, type Answer, type Asking } from "./kept-client.fixture.ts";
import { served } from "./shared-store.fixture.ts";
import { slowWay, type SlowWay } from "./slow-way.fixture.ts";

/** An engine that counts. */
export interface CountingEngine {
  /** Of 127.0.0.1. */
  readonly port: number;
  /** What `SOJOURN_STORE` is set to where the engine is reached at this port. */
  url(port: number): string;
  /** Connections that a server has at most. */
  readonly pool: number;
  /** As by kill -9. */
  kill(): void;
  /** Starts it again after that, with what it held. */
  restart(): Promise<void>;
  /** By its own counters: commands since it was started, and connections of others that are open now. */
  counts(): Promise<{ readonly commands: number; readonly connections: number }>;
  stop(): Promise<void>;
}

/** ms in which the manager gives a call up; five times that is allowed, as the machine is shared. A change is two calls. */
const deadline = 2_000;
const allowed = 5 * deadline;
/** ms for which something is waited for that has no bound of its own. */
const longEnough = 60_000;
/** Clients of the herd. */
const many = 500;
/** ms between an answer and the next request of a client. */
const pause = 1_000;
/** ms for which the engine is away. */
const away = 3_000;

/** What a server promises on an engine that is slow, and on one that comes back to a herd. */
export function onSlowEngine(name: string, missing: string | undefined, start: () => Promise<CountingEngine>): void {
  describe.skipIf(missing !== undefined)(missing === undefined ? name : `${name}: ${missing}`, () => {
    let engine: CountingEngine;
    beforeAll(async () => {
      engine = await start();
    }, 60_000);
    afterAll(async () => engine?.stop());
    afterEach(cleanUp);

    interface Scene {
      readonly way: SlowWay;
      readonly server: Sojournd;
      readonly address: string;
      readonly api: ApiClient;
      /** A client more. */
      client(): Asking;
    }
    async function scene(): Promise<Scene> {
      const way = await slowWay(engine.port);
      const key = newKey();
      const { server, address } = await served(engine.url(way.port), tempFolder(), { SOJOURN_KEY: key });
      return { way, server, address, api: clientWith(key), client: () => asking(address, key) };
    }
    async function until(what: string, holds: () => Promise<boolean>): Promise<number> {
      const began = performance.now();
      while (!(await holds())) {
        if (performance.now() - began > longEnough) throw new Error(`${what}: not within ${longEnough} ms`);
        await sleep(50);
      }
      return Math.round(performance.now() - began);
    }

    test(
      "slow, so that every answer comes too late: 503 in time, nothing acknowledged is lost, nothing refused is written, and back without a restart",
      { timeout: 180_000 },
      async () => {
        const { way, server, address, api, client } = await scene();
        const operator = client();
        const holders = await Promise.all(Array.from({ length: 16 }, () => api.begin(address, { data: { n: 0 } })));
        const written = holders.map(() => ({ acknowledged: 0, tried: 0 }));
        const begun = new Map<string, Answer>();
        const told: Answer[] = [];
        let over = false;
        const clients = holders.map(async ({ token }, i) => {
          const ask = client();
          const mine = written[i] as { acknowledged: number; tried: number };
          for (let n = 1; !over; n++) {
            told.push(await ask("read", "/v1/session", token));
            const changed = await ask("write", "/v1/session", token, { set: { n } });
            // What is certain not to have been written may not show up later.
            if (changed.code !== "store_unavailable") mine.tried = n;
            if (changed.status === 200) mine.acknowledged = n;
            const subject = `${i}-${n}`;
            const made = await ask("begin", "/v1/sessions", undefined, { subject });
            begun.set(subject, made);
            told.push(changed, made);
            await sleep(100);
          }
        });
        await sleep(1_000);
        const slowFrom = performance.now();
        way.late(1_200);
        await sleep(3 * deadline);
        way.late(0);
        const quickFrom = performance.now();
        const token = holders[0]?.token;
        const reads = await until("it reads again", async () => (await operator("read", "/v1/session", token)).status === 200);
        await until("it writes again", async () => (await operator("begin", "/v1/sessions", undefined, {})).status === 201);
        const writes = Math.round(performance.now() - quickFrom);
        await until(
          "all write again",
          async () => told.filter(({ what, status, began }) => what === "write" && status === 200 && began > quickFrom).length > 2 * holders.length,
        );
        over = true;
        await Promise.all(clients);

        const slow = told.filter(({ began }) => began >= slowFrom && began < quickFrom);
        const refused = slow.filter(({ status }) => status === 503);
        console.log(`${name}, slow: ${times(slow)}; reads again after ${reads} ms, writes after ${writes} ms`, tally(slow));
        for (const { what, status, code } of told) {
          if (status !== 503) expect([what, status]).toEqual([what, what === "begin" ? 201 : 200]);
          else expect(what === "read" ? ["store_unavailable"] : ["store_unavailable", "outcome_unknown"]).toContain(code);
        }
        for (const { began, ended } of told) expect(ended - began).toBeLessThan(2 * allowed);
        for (const { ended, began } of slow.filter(({ what }) => what !== "write")) expect(ended - began).toBeLessThan(allowed);
        expect(refused.some(({ code }) => code === "outcome_unknown")).toBe(true);
        expect(refused.some(({ spared }) => spared)).toBe(true);

        for (const [i, { token: held }] of holders.entries()) {
          const { data } = (await api.call(address, "GET", "/v1/session", held)).body as { data: { n: number } };
          expect(data.n).toBeGreaterThanOrEqual(written[i]?.acknowledged ?? NaN);
          expect(data.n).toBeLessThanOrEqual(written[i]?.tried ?? NaN);
        }
        const questions = [...begun].filter(([, { began }]) => began >= slowFrom - 1_000 && began < quickFrom + 1_000);
        const landed: Record<string, number> = {};
        for (const [subject, { status, code }] of questions) {
          const found = (await api.call(address, "GET", `/v1/sessions?subject=${subject}`)).body["sessions"] as readonly Made[];
          const said = status === 201 ? "acknowledged" : (code as string);
          if (said !== "outcome_unknown") expect([subject, said, found.length]).toEqual([subject, said, said === "acknowledged" ? 1 : 0]);
          landed[`${said}: ${found.length}`] = (landed[`${said}: ${found.length}`] ?? 0) + 1;
        }
        console.log(`${name}, slow, sessions found of those begun:`, landed);
        expect(server.child.exitCode).toBeNull();
        expect(server.err()).toBe("");
      },
    );

    test(
      `${many} clients while it is away for ${away / 1_000} s and when it is back: one call tries, no connection above the pool, no command that no request asked for`,
      { timeout: 180_000 },
      async () => {
        const { way, server, address, api, client } = await scene();
        const holders: Made[] = [];
        const makers = Array.from({ length: 16 }, async () => {
          while (holders.length < many) holders.push(await api.begin(address, { data: { n: 0 } }));
        });
        await Promise.all(makers);
        const askers = holders.map(() => client());
        const one = (at: number, n: number): Promise<Answer> => {
          const [ask, token] = [askers[at] as Asking, holders[at]?.token];
          return n % 4 === 0 ? ask("write", "/v1/session", token, { set: { n } }) : ask("read", "/v1/session", token);
        };

        // What a request costs the engine, by its own count.
        const costs = { read: 0, write: 0, begin: 0 };
        for (const [what, n] of [
          ["read", 1],
          ["write", 0],
        ] as const) {
          const before = (await engine.counts()).commands;
          for (let at = 0; at < 200; at += 20) await Promise.all(Array.from({ length: 20 }, (_, i) => one(at + i, n)));
          costs[what] = ((await engine.counts()).commands - before) / 200;
        }

        const told: Answer[] = [];
        let over = false;
        const clients = Array.from({ length: many }, async (_, at) => {
          await sleep(Math.random() * pause);
          for (let n = at; !over; n++) {
            told.push(await one(at, n));
            await sleep(pause * (0.5 + Math.random()));
          }
        });
        await until("all have been answered", () => Promise.resolve(told.length >= 2 * many));
        const attempts = way.begun;
        const gone = performance.now();
        engine.kill();
        await sleep(away);
        const restarting = engine.restart();
        let most = 0;
        await restarting;
        const back = performance.now();
        const tries = way.begun - attempts;
        const from = (await engine.counts()).commands;
        let counts = await engine.counts();
        const watch = async (): Promise<void> => {
          counts = await engine.counts();
          most = Math.max(most, counts.connections);
        };
        await until("it answers again", async () => {
          await watch();
          return ["read", "write"].every((each) => told.some(({ what, status, began }) => what === each && status === 200 && began > gone + away / 2));
        });
        const first = performance.now();
        while (performance.now() < first + 1_000) {
          await watch();
          await sleep(20);
        }
        over = true;
        await Promise.all(clients);
        await watch();

        const during = told.filter(({ began, ended }) => began > gone && ended < back);
        const good = told.filter(({ ended, status }) => ended > back && status === 200);
        const firstGood = (of: string): number => good.find(({ what }) => what === of)?.ended ?? Infinity;
        const givenUp = during.find(({ spared }) => spared)?.ended ?? Infinity;
        // Begun when it had been given up, and not refused at once: they were to find out whether it is back, and found that it is not.
        const tried = told.filter(({ began, status, spared }) => began > givenUp && status !== 200 && !spared);
        const after = told.filter(({ ended }) => ended > back);
        const asked = after.filter(({ spared }) => !spared);
        // Of a change that is refused at once, what is to be changed may have been read.
        const half = after.filter(({ what, ended, spared }) => spared && what === "write" && ended > firstGood("read"));
        const costOf = (of: readonly Answer[]): number => of.reduce((sum, { what }) => sum + costs[what], 0);
        const [mayCost, mustCost] = [costOf(asked) + half.length * costs.read, costOf(good)];
        const commands = counts.commands - from;
        console.log(
          `${name}, away: ${times(during)}; ${tried.length} of them tried it once it was given up, ${tries} connections were tried; answers again ${Math.round(first - back)} ms after it was back`,
          tally(during),
        );
        console.log(
          `${name}, back: ${after.length} requests, ${asked.length} of which asked it; ${commands} commands (a read ${costs.read}, a write ${costs.write}: ${Math.round(mayCost)}); ${most} connections at most of ${engine.pool}`,
          tally(after),
        );
        for (const { status, code } of told)
          if (status !== 200) expect([status, ["store_unavailable", "outcome_unknown"].includes(code ?? "")]).toEqual([503, true]);
        expect(during.length).toBeGreaterThan(100);
        // Each try that fails doubles the rest: in so short a time there are some ten of reads, and of writes.
        expect(givenUp).toBeLessThan(back);
        expect(tried.length).toBeLessThan(40);
        // Of a read that finds its connection broken there are two, and the clients that keep one connection have a pace of their own.
        const underWay = told.filter(({ ended, spared }) => ended > gone && ended < back && !spared);
        expect(tries).toBeLessThan(2 * underWay.length + 50);
        expect(way.begun - attempts - tries).toBeLessThanOrEqual(2 * engine.pool + 10);
        // The counter counts.
        expect(commands).toBeGreaterThan(0.7 * mustCost);
        expect(commands).toBeLessThanOrEqual(1.1 * mayCost + 100);
        expect(most).toBeLessThanOrEqual(engine.pool);
        expect(way.open).toBeLessThanOrEqual(engine.pool);
        expect(server.err()).toBe("");
      },
    );
  });
}
