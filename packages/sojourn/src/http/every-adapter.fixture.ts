import type { HttpHarness } from "../testing/http-contract-harness.ts";
import { expressHarness } from "./express/express.fixture.ts";
import { fastifyHarness } from "./fastify/fastify.fixture.ts";
import { fetchHarness } from "./fetch/fetch.fixture.ts";
import { h3Harness } from "./h3/h3.fixture.ts";
import { honoHarness, honoOnNodeHarness } from "./hono/hono.fixture.ts";
import { koaHarness } from "./koa/koa.fixture.ts";
import { nextHarness } from "./next/next.fixture.ts";
import { nodeHarness } from "./node/node.fixture.ts";

/** Every adapter, as the contract meets it. Hono's server comes last: it puts a Request and a Response of its own in place of the global ones. */
export const adapters: Readonly<Record<string, HttpHarness>> = {
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
