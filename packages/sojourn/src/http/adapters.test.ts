import { afterAll, beforeAll, describe, test, vi } from "vitest";
import { memoryStore } from "../stores/memory/memory.ts";
import { delayed } from "../testing/delayed.ts";
import { httpContract } from "../testing/http-contract.ts";
import type { HttpHarness } from "../testing/http-contract-harness.ts";
import { expressHarness } from "./express/express.fixture.ts";
import { fastifyHarness } from "./fastify/fastify.fixture.ts";
import { fetchHarness } from "./fetch/fetch.fixture.ts";
import { h3Harness } from "./h3/h3.fixture.ts";
import { honoHarness, honoOnNodeHarness } from "./hono/hono.fixture.ts";
import { koaHarness } from "./koa/koa.fixture.ts";
import { nextHarness } from "./next/next.fixture.ts";
import { nodeHarness } from "./node/node.fixture.ts";

/** Hono's server comes last: it puts a Request and a Response of its own in place of the global ones. */
const adapters: Readonly<Record<string, HttpHarness>> = {
  node: nodeHarness,
  fetch: fetchHarness,
  express: expressHarness,
  fastify: fastifyHarness,
  koa: koaHarness,
  h3: h3Harness,
  next: nextHarness,
  hono: honoHarness,
  "hono on Node": honoOnNodeHarness,
};

// Some servers write on stderr what their handlers threw.
beforeAll(() => void vi.spyOn(console, "error").mockImplementation(() => undefined));
afterAll(() => void vi.restoreAllMocks());

for (const [name, harness] of Object.entries(adapters)) {
  for (const [as, store] of [
    ["answers at once", () => memoryStore()],
    ["answers later", () => delayed(memoryStore())],
  ] as const) {
    describe(`${name}, a store that ${as}`, () => {
      for (const [promise, check] of Object.entries(httpContract)) {
        test(promise, () => check({ ...harness, store }));
      }
    });
  }
}
