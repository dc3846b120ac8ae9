import { startChild, type Child } from "../child.fixture.ts";
import type { NatsStoreOptions } from "./nats.ts";

/** A process of its own with a store. Resolves when its replica is complete. */
export function natsChild(servers: readonly string[], options: NatsStoreOptions = {}): Promise<Child> {
  return startChild(new URL("nats-child.mjs", import.meta.url), [JSON.stringify({ servers, options })]);
}
