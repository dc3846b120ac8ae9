import { startPostgres, type Postgres } from "@sojourn/peers/postgres";
import { missing } from "@sojourn/peers/programs";
import fc from "fast-check";
import pg from "pg";
import postgres from "postgres";
import { afterAll, beforeAll, describe, it } from "vitest";
import type { MaybePromise, Store } from "../../core/seam.ts";
import { delayed } from "../../testing/delayed.ts";
import { playHistory } from "../../testing/store-differential.ts";
import type { StoreHarness } from "../../testing/store-harness.ts";
import { racers, startChild } from "../child.fixture.ts";
import { keepsTheContract } from "../contract.fixture.ts";
import { fromPg, fromPostgresJs, postgresStore, type PostgresStoreOptions } from "./postgres.ts";

// Another seed in every run; a failure names it, and SOJOURN_SEED repeats it.
const seed = Number(process.env["SOJOURN_SEED"] ?? Math.floor(Math.random() * 2 ** 31));
const histories = fc.array(fc.array(fc.nat(), { minLength: 12, maxLength: 48, size: "max" }), { minLength: 1, maxLength: 40, size: "max" });
const absent = missing("postgresql", "initdb", "postgres");

describe.skipIf(absent !== undefined)(`PostgreSQL${absent === undefined ? "" : `: ${absent}`}`, () => {
  let server: Postgres;
  const endings: (() => MaybePromise<unknown>)[] = [];
  beforeAll(async () => {
    server = await startPostgres({ settings: { max_connections: 60 } });
  }, 60_000);
  afterAll(async () => {
    for (const end of endings.toReversed()) await end();
    await server.stop();
  });

  const overPg = (options?: PostgresStoreOptions): Store => {
    const pool = new pg.Pool({ connectionString: server.url, max: 6 });
    const store = postgresStore(fromPg(pool), options);
    endings.push(
      () => pool.end(),
      () => store.close(),
    );
    return store;
  };
  const overPostgresJs = (options?: PostgresStoreOptions): Store => {
    const sql = postgres(server.url, { max: 4, onnotice: () => undefined });
    const store = postgresStore(fromPostgresJs(sql), options);
    endings.push(
      () => sql.end({ timeout: 1 }),
      () => store.close(),
    );
    return store;
  };
  /** Two views, opened when the first test asks for one. */
  const views = (open: () => Store): StoreHarness => {
    const opened: Store[] = [];
    let turn = 0;
    return { open: () => (opened[turn % 2] ??= open()) && (opened[turn++ % 2] as Store) };
  };

  const racing = racers((n) => startChild(new URL("postgres-child.mjs", import.meta.url), [server.url, "sojourn", n % 2 === 0 ? "pg" : "postgres"]));
  endings.push(() => racing.end());

  describe("over pg, races between processes", () => keepsTheContract({ ...views(() => overPg()), race: racing.race }));
  describe("over postgres.js, with a feed", () => keepsTheContract(views(() => overPostgresJs({ schema: "fed", feed: true }))));
  describe("over both, with a feed and delayed answers", () => {
    let turn = 0;
    keepsTheContract(views(() => delayed((turn++ % 2 ? overPg : overPostgresJs)({ schema: "late", feed: true }))));
  });

  describe("random histories", () => {
    for (const [name, open] of [
      ["pg", overPg],
      ["postgres.js, with a feed", () => overPostgresJs({ schema: "fed", feed: true })],
    ] as const) {
      it(`over ${name} differ in nothing from the plainest store`, async () => {
        const harness = views(() => open());
        await fc.assert(
          fc.asyncProperty(histories, (history) => playHistory(harness, history)),
          { seed, numRuns: 10, endOnFailure: true },
        );
      }, 60_000);
    }
  });
});
