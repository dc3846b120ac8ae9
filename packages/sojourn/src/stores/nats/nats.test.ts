import { jetstream } from "@nats-io/jetstream";
import { connect, type NatsConnection } from "@nats-io/transport-node";
import { newNats, startNats, type NatsServer } from "@sojourn/peers/nats";
import { missing } from "@sojourn/peers/programs";
import fc from "fast-check";
import { afterAll, beforeAll, describe, test } from "vitest";
import { delayed } from "../../testing/delayed.ts";
import { playHistory } from "../../testing/store-differential.ts";
import { keepsTheContract } from "../contract.fixture.ts";
import { natsStore, type NatsStore, type NatsStoreOptions } from "./nats.ts";

const absent = missing("nats-server", "nats-server");
const newer = await newNats();
const servers = {
  "nats-server of Debian": absent === undefined ? { program: undefined } : { missing: absent },
  "a newer nats-server": newer,
};

for (const [which, how] of Object.entries(servers)) {
  const reason = "missing" in how ? how.missing : undefined;
  describe.skipIf(reason !== undefined)(reason === undefined ? which : `${which}: ${reason}`, () => {
    let server: NatsServer;
    const connections: NatsConnection[] = [];
    const stores: NatsStore[] = [];
    async function open(options?: NatsStoreOptions): Promise<NatsStore> {
      const connection = await connect({ servers: server.url });
      connections.push(connection);
      const store = await natsStore({ connection, jetstream: jetstream(connection) }, options);
      stores.push(store);
      return store;
    }
    let fresh: NatsStore[];
    let local: NatsStore;
    beforeAll(async () => {
      server = await startNats("program" in how && how.program !== undefined ? { program: how.program } : {});
      // The machine may be busy with other things; what the time-out is for has tests of its own.
      const timeout = 15_000;
      fresh = [await open({ timeout }), await open({ timeout })];
      local = await open({ timeout, reads: "replica" });
    });
    afterAll(async () => {
      for (const store of stores) await store.close();
      for (const connection of connections) await connection.close();
      await server.stop();
    });

    let next = 0;
    const view = (): NatsStore => fresh[next++ % 2] as NatsStore;
    describe("fresh reads over two connections", () => keepsTheContract({ open: view }, 60_000));
    describe("with delayed answers", () => keepsTheContract({ open: () => delayed(view()) }, 60_000));
    describe("reads of the replica, one member", () => keepsTheContract({ open: () => local }, 60_000));

    test("random histories give what the plain store gives", { timeout: 60_000 }, async () => {
      const history = fc.array(fc.array(fc.nat(), { maxLength: 24, size: "max" }), { maxLength: 30, size: "max" });
      await fc.assert(
        fc.asyncProperty(history, (steps) => playHistory({ open: view }, steps)),
        { numRuns: 25, endOnFailure: true },
      );
    });
  });
}
