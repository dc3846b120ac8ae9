import { setTimeout as sleep } from "node:timers/promises";
import { missingRedis, startRedis, type RedisServer } from "@sojourn/peers/redis";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Cursor, SessionId, StoreEvent } from "../../core/seam.ts";
import { newId } from "../../testing/new-id.ts";
import { connections, type Connected } from "./clients.fixture.ts";
import { redisStore, type RedisStore } from "./redis.ts";

const reason = missingRedis();

async function until(holds: () => boolean): Promise<void> {
  for (let i = 0; i < 2000 && !holds(); i++) await sleep(5);
  expect(holds()).toBe(true);
}

describe.skipIf(reason !== undefined).each(["node-redis", "ioredis"] as const)(`the feed by %s${reason === undefined ? "" : `: ${reason}`}`, (name) => {
  let server: RedisServer;
  let connected: Connected;
  const stores: RedisStore[] = [];
  beforeAll(async () => {
    server = await startRedis();
    connected = await connections[name]([server.url]);
  });
  afterAll(async () => {
    for (const store of stores) await store.close();
    connected.close();
    await server.stop();
  });
  const fed = (prefix: string): RedisStore => {
    const store = redisStore(connected.client, { prefix, feed: true });
    stores.push(store);
    return store;
  };
  async function merges(store: RedisStore, id: SessionId, count: number): Promise<void> {
    await Promise.all(Array.from({ length: count }, (_, i) => store.commit({ id, expect: "live", set: { [`f${i % 9}`]: String(i) } })));
  }

  it("there is none where it was not asked for, and a commit of such a store writes nothing for it", async () => {
    const store = redisStore(connected.client, { prefix: "plain" });
    expect("watch" in store).toBe(false);
    await store.commit({ id: newId(), expect: "absent", kind: "k" });
    expect(await server.ask("EXISTS", "plain:f")).toBe("0");
    await store.close();
  });

  it("a lost connection costs no event and repeats none, while commits go on", async () => {
    const store = fed("lost");
    const id = newId();
    await store.commit({ id, expect: "absent", kind: "k" });
    const heard: (StoreEvent | "gap")[] = [];
    const stop = await store.watch?.((event) => heard.push(event));
    for (let round = 0; round < 5; round++) {
      await merges(store, id, 40);
      await server.ask("CLIENT", "KILL", "TYPE", "pubsub");
      await merges(store, id, 40);
    }
    await until(() => heard.length >= 400);
    expect(heard.map((event) => event !== "gap" && event.version)).toEqual(Array.from({ length: 400 }, (_, i) => i + 2));
    stop?.();
    await merges(store, id, 1);
    await sleep(50);
    expect(heard).toHaveLength(400);
  });

  it("a replay longer than one reading is whole; one from before what is kept begins with a gap and gives what there is", async () => {
    const store = fed("long");
    const id = newId();
    await store.commit({ id, expect: "absent", kind: "k" });
    const first: StoreEvent[] = [];
    const stop = await store.watch?.((event) => event !== "gap" && first.push(event));
    await merges(store, id, 1);
    await until(() => first.length === 1);
    await merges(store, id, 1300);
    await until(() => first.length === 1301);
    stop?.();
    const after = (first[0] as StoreEvent).cursor;
    const replayed: (StoreEvent | "gap")[] = [];
    const ending = await store.watch?.((event) => replayed.push(event), { after });
    await until(() => replayed.length >= 1300);
    ending?.();
    expect(replayed).toEqual(first.slice(1));
    await server.ask("XTRIM", "long:f", "MAXLEN", "10");
    const short: (StoreEvent | "gap")[] = [];
    const end = await store.watch?.((event) => short.push(event), { after });
    await until(() => short.length >= 11);
    end?.();
    expect(short).toEqual(["gap", ...first.slice(-10)]);
    const none: (StoreEvent | "gap")[] = [];
    await server.ask("DEL", "long:f");
    const finish = await store.watch?.((event) => none.push(event), { after });
    await until(() => none.length >= 1);
    await merges(store, id, 1);
    await until(() => none.length >= 2);
    finish?.();
    expect(none).toMatchObject(["gap", { id, version: 1303 }]);
  });

  it("a cursor that is none of this store's begins with a gap", async () => {
    const heard: (StoreEvent | "gap")[] = [];
    const stop = await fed("unknown").watch?.((event) => heard.push(event), { after: "of-no-store" as Cursor });
    expect(heard).toEqual(["gap"]);
    stop?.();
  });

  it("several watchers hear each event once, and what one of them throws harms no other", async () => {
    const store = fed("several");
    const id = newId();
    const heard: number[][] = [[], []];
    const thrown: unknown[] = [];
    const listener = (error: unknown): void => void thrown.push(error);
    process.prependListener("uncaughtException", listener);
    const others = process.listeners("uncaughtException").filter((one) => one !== listener);
    for (const other of others) process.off("uncaughtException", other);
    const stops = await Promise.all(
      heard.map((mine, i) =>
        store.watch?.((event) => {
          if (event !== "gap") mine.push(event.version);
          if (i === 0) throw new Error("mine");
        }),
      ),
    );
    await store.commit({ id, expect: "absent", kind: "k" });
    await merges(store, id, 20);
    await until(() => heard.every((mine) => mine.length >= 21));
    await sleep(20);
    for (const other of others) process.on("uncaughtException", other);
    process.off("uncaughtException", listener);
    for (const mine of heard) expect(mine).toEqual(Array.from({ length: 21 }, (_, i) => i + 1));
    expect(thrown).toHaveLength(21);
    for (const stop of stops) stop?.();
  });
});
