import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { clientWith } from "../api-client.fixture.ts";
import { cleanUp, later } from "../clean-up.fixture.ts";
import { keysOf, newKey } from "../keys.ts";
import { run } from "../sojournd.fixture.ts";
import { StartFailure } from "../start-failure.ts";
import { openAddress } from "../stores/open-address.ts";
import { patience } from "../stores/start-trouble.ts";
import { storeAddress } from "../stores/store-address.ts";
import { checkShared, served } from "./shared-store.fixture.ts";
import { silentProxy, type SilentProxy } from "./silent-proxy.fixture.ts";
import { tempFolder } from "../temp-folder.fixture.ts";

/** An engine that runs for the length of a test file. */
export interface EngineUnderTest {
  /** What `SOJOURN_STORE` is set to. */
  readonly url: string;
  /** What must stand in no output. */
  readonly secret: string;
  /** Addresses on which a server does not start, and what its one line says. */
  readonly refused: readonly (readonly [what: string, url: string, line: RegExp])[];
  /** As by kill -9. */
  kill(): void;
  /** Starts it again after that, with what it held. */
  restart(): Promise<void>;
  /** Has it answer nothing, and refuse nothing either. */
  freeze(): void;
  thaw(): void;
  stop(): Promise<void>;
}

/** The manager gives a call up after 2 s; five times that, as the machine is shared. */
const given = 10_000;

/** What a server says that cannot start on this store. */
async function refusal(url: string): Promise<string> {
  try {
    await (await openAddress(storeAddress(url, "SOJOURN_STORE"))).close();
    return "it was opened";
  } catch (error) {
    if (error instanceof StartFailure) return error.message;
    throw error;
  }
}

/** The promises of a server on a shared engine. */
export function onEngine(name: string, missing: string | undefined, start: () => Promise<EngineUnderTest>): void {
  describe.skipIf(missing !== undefined)(missing === undefined ? name : `${name}: ${missing}`, () => {
    let engine: EngineUnderTest;
    beforeAll(async () => {
      engine = await start();
    }, 60_000);
    afterAll(async () => engine?.stop());
    afterEach(cleanUp);

    test(
      "two servers share it: made at one, resumed at the other, revoked at one, refused at the other; all of it is there after a restart",
      { timeout: 60_000 },
      () => checkShared(engine.url, engine.secret),
    );

    test("scrub looks through it; backup says that it is LMDB's alone", { timeout: 60_000 }, async () => {
      expect(await run(["scrub"], { SOJOURN_STORE: engine.url })).toMatchObject({
        code: 0,
        err: "",
        out: expect.stringMatching(/records looked through: all is well/) as string,
      });
      const { code, err } = await run(["backup", "x.mdb"], { SOJOURN_STORE: engine.url });
      expect([code, err.trim().split("\n").length], err).toEqual([1, 1]);
      expect(err).toMatch(/^sojournd: backup works on an LMDB data folder, and SOJOURN_STORE says .* own ways: .*--store lmdb:PATH/);
      expect(err).not.toContain(engine.secret);
    });

    test("on an address that cannot be, a server ends with one line that names the setting and the fix, and no password", { timeout: 60_000 }, async () => {
      // The first as its users have it, the others in this process: most of the time is taken by starting one.
      const [first, ...others] = engine.refused;
      if (first === undefined) return;
      const began = performance.now();
      const { code, out, err } = await run(["serve", "--port", "0"], { SOJOURN_STORE: first[1], SOJOURN_KEY: newKey() });
      expect([code, out, err.trim().split("\n").length], first[0]).toEqual([1, "", 1]);
      const told: (readonly [what: string, line: RegExp, said: string, ms: number])[] = [
        [first[0], first[2], err.replace("sojournd: ", "").trim(), performance.now() - began],
      ];
      for (const [what, url, line] of others) {
        const from = performance.now();
        told.push([what, line, await refusal(url), performance.now() - from]);
      }
      for (const [what, line, said, ms] of told) {
        console.log(`${name}, ${what}: ${Math.round(ms)} ms: ${said}`);
        expect(said, what).toMatch(line);
        expect(said, what).toMatch(/^SOJOURN_STORE \(/);
        expect(said, what).not.toMatch(/\n/);
        expect(said, what).not.toContain(engine.secret);
        expect(ms, what).toBeLessThan(5 * patience);
      }
    });

    test("killed and stopped while serving: 503 in time, alive meanwhile, and back without a restart of the server", { timeout: 120_000 }, async () => {
      const key = newKey();
      const { call, begin } = clientWith(key);
      const { server, address } = await served(engine.url, tempFolder(), { SOJOURN_KEY: key });
      const made = await begin(address, { data: { n: 1 } });

      for (const [what, down, up] of [
        ["killed", () => engine.kill(), () => engine.restart()],
        ["stopped", () => engine.freeze(), () => engine.thaw()],
      ] as const) {
        down();
        later(() => engine.thaw());
        // A thread of it may be at work when the signal comes.
        await sleep(200);
        const began = performance.now();
        const answers = await Promise.all([
          call(address, "GET", "/v1/session", made.token),
          call(address, "PATCH", "/v1/session", made.token, { set: { n: 2 } }),
          call(address, "POST", "/v1/sessions", undefined, {}),
          call(address, "GET", "/readyz"),
        ]);
        const took = performance.now() - began;
        expect(
          answers.map(({ status }) => status),
          JSON.stringify(answers),
        ).toEqual([503, 503, 503, 503]);
        for (const { body } of answers) expect(["store_unavailable", "outcome_unknown"]).toContain(body["code"]);
        expect(took).toBeLessThan(given);
        expect((await call(address, "GET", "/healthz")).status).toBe(200);
        await up();
        const back = performance.now();
        while ((await call(address, "GET", "/v1/session", made.token)).status !== 200) {
          if (performance.now() - back > 30_000) throw new Error(`It did not come back:\n${server.out().slice(-2_000)}`);
          await sleep(100);
        }
        console.log(`${name} ${what}: 503 after ${Math.round(took)} ms; back ${Math.round(performance.now() - back)} ms after the engine`);
        const deadline = performance.now() + 30_000;
        while ((await call(address, "PATCH", "/v1/session", made.token, { set: { n: 3 } })).status !== 200) {
          if (performance.now() > deadline) throw new Error(`It does not write again:\n${server.out().slice(-2_000)}`);
          await sleep(100);
        }
        expect((await call(address, "GET", "/readyz")).status).toBe(200);
      }
      expect((await call(address, "GET", "/v1/session", made.token)).body).toMatchObject({ data: { n: 3 } });
      expect(server.out()).not.toContain(engine.secret);
      expect(server.err()).toBe("");
      server.child.kill("SIGTERM");
      expect(await server.ended).toBe(0);
    });

    /** The engine's address by another way. */
    async function byProxy(): Promise<{ way: SilentProxy; url: string }> {
      const port = Number(/127\.0\.0\.1:(\d+)/.exec(engine.url)?.[1]);
      const way = await silentProxy(port);
      return { way, url: engine.url.replace(`127.0.0.1:${port}`, `127.0.0.1:${way.port}`) };
    }

    test("closing gives every connection back", { timeout: 60_000 }, async () => {
      const { way, url } = await byProxy();
      const place = await openAddress(storeAddress(url, "SOJOURN_STORE"));
      await keysOf(place.store).list();
      expect(way.open).toBeGreaterThan(0);
      await place.close();
      // By itself an idle connection of a pool would be closed after ten seconds or more.
      await vi.waitFor(() => expect(way.open).toBe(0), { timeout: 5_000 });
    });

    test("the way to it is lost without a word, and there is another: 503 in time, then it is found again", { timeout: 120_000 }, async () => {
      const { way, url } = await byProxy();
      const key = newKey();
      const { call, begin } = clientWith(key);
      const { server, address } = await served(url, tempFolder(), { SOJOURN_KEY: key });
      const made = await begin(address);
      // What goes on behind a commit is over then, and connections rest.
      await sleep(500);
      way.cut();
      const began = performance.now();
      // A pool may have no connection at rest at this moment, and open a new one, by the other way.
      const { status } = await call(address, "PATCH", "/v1/session", made.token, { set: { n: 1 } });
      expect(status).toBeOneOf([200, 503]);
      const took = performance.now() - began;
      expect(took).toBeLessThan(given);
      while ((await call(address, "PATCH", "/v1/session", made.token, { set: { n: 2 } })).status !== 200) {
        if (performance.now() - began > 60_000) throw new Error(`It did not come back:\n${server.out().slice(-2_000)}`);
        await sleep(200);
      }
      console.log(`${name} cut off: ${status} after ${Math.round(took)} ms; written again ${Math.round(performance.now() - began)} ms after`);
    });
  });
}
