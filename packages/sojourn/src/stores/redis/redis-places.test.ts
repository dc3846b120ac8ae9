import { randomBytes } from "node:crypto";
import * as fc from "fast-check";
import { missingRedis, startRedis } from "@sojourn/peers/redis";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { SessionId } from "../../core/seam.ts";
import { newId } from "../../testing/new-id.ts";
import type { Place } from "../places.ts";
import { connections, type Connected } from "./clients.fixture.ts";
import { keysFor } from "./keys.ts";
import { redisPlaces } from "./redis-places.ts";
import { runner } from "./runner.ts";

const reason = missingRedis();

describe.skipIf(reason !== undefined)(`places${reason === undefined ? "" : `: ${reason}`}`, () => {
  /** All places in one key. */
  const keys = keysFor("p", { shards: 1, buckets: 1 });
  let connected: Connected;
  let places: ReturnType<typeof redisPlaces>;
  let stop: (() => Promise<void>) | undefined;
  beforeAll(async () => {
    const server = await startRedis();
    stop = server.stop;
    connected = await connections["node-redis"]([server.url]);
    places = redisPlaces(connected.client, keys, runner(connected.client));
  });
  afterAll(async () => {
    connected.close();
    await stop?.();
  });
  const entry = (id: string, nonce: string): { id: SessionId; nonce: string } => ({ id: id as SessionId, nonce });

  it("an entry is put once, and stays as it is; others are told where they fill the place", async () => {
    expect(await places.reserve("ax", entry("one", "n1"), 1)).toEqual({ nonce: "n1", crowd: [] });
    expect(await places.reserve("ax", entry("one", "n2"), 1)).toEqual({ nonce: "n1", crowd: [] });
    expect(await places.reserve("ax", entry("two", "n3"), 1)).toMatchObject({ nonce: undefined, crowd: [{ id: "one", nonce: "n1" }] });
    expect(await places.reserve("ux", entry("two", "n3"), 0)).toEqual({ nonce: undefined, crowd: [] });
    await places.remove("ax", entry("one", "n2"));
    expect(await places.list("ax")).toMatchObject([{ id: "one", nonce: "n1" }]);
    await places.remove("ax", entry("one", "n1"));
    expect(await places.list("ax")).toEqual([]);
    expect(await places.reserve("ax", entry("two", "n3"), 1)).toEqual({ nonce: "n3", crowd: [] });
  });

  it("of a kind's place the order is that of coming, even if the server's clock is put back, and nothing is left behind", async () => {
    const { key, name } = keys.place("kweb");
    const all = async (): Promise<string[]> => (await connected.client.command(key, ["ZRANGEBYLEX", key, `[${name}`, `(${name}~`])) as string[];
    await places.reserve("kweb", entry("zzz", "n1"), Infinity);
    const [last, put] = (await all()) as [string, string];
    expect([put.slice(0, -14), last.slice(0, -12), put.slice(-14, -2)]).toEqual([`${name}zzz\0`, `${name}\0`, last.slice(-12)]);
    expect(Number.parseInt(last.slice(-12), 16) * 16 - Date.now() * 1000).toBeLessThan(60_000_000);
    // As if the clock had been ahead by days then.
    const later = last.slice(-12).replace(/^..../, (first) => (Number.parseInt(first, 16) + 6).toString(16).padStart(4, "0"));
    await connected.client.command(key, ["ZREM", key, put, last]);
    await connected.client.command(key, ["ZADD", key, "0", `${name}zzz\0${later}n1`, "0", `${name}\0${later}`]);
    await places.reserve("kweb", entry("mmm", "n2"), Infinity);
    await places.reserve("kweb", entry("aaa", "n3"), Infinity);
    expect((await places.list("kweb")).map(({ id }) => id)).toEqual(["zzz", "mmm", "aaa"]);
    expect((await places.reserve("kweb", entry("bbb", "n4"), 3)).crowd.map(({ id }) => id)).toEqual(["zzz", "mmm", "aaa"]);
    for (const one of await places.list("kweb")) {
      expect(await all()).not.toEqual([]);
      await places.remove("kweb", one);
    }
    expect(await all()).toEqual([]);
  });

  it("no place sees the entries of another, whatever places and sessions are called, in a small bucket and in one that has grown", async () => {
    const names = ["", "a", "aa", "a\0", "a\0b", "長", "\u{10ffff}", "a".repeat(300)];
    const ids = ["a", "aa", "a\0", "a\0a", "長", "\u{10ffff}", "z"] as SessionId[];
    const all = names.flatMap((name) => (["a", "u", "k"] as const).map((sort): Place => `${sort}${name}`));
    let nonces = 0;
    const play = async (steps: readonly { place: Place; id: SessionId; room: number; put: boolean }[]): Promise<void> => {
      const meant = new Map<Place, Map<SessionId, string>>(all.map((place) => [place, new Map()]));
      for (const { place, id, room, put } of steps) {
        const there = meant.get(place) as Map<SessionId, string>;
        const others = [...there].filter(([one]) => one !== id);
        if (put) {
          const nonce = `n${++nonces}`;
          const { nonce: by, crowd } = await places.reserve(place, { id, nonce }, room);
          if (others.length < room && !there.has(id)) there.set(id, nonce);
          expect(by).toBe(there.get(id));
          expect(crowd.map((one) => [one.id, one.nonce])).toEqual(others.length < room ? [] : others);
        } else {
          await places.remove(place, { id, nonce: "another" });
          await places.remove(place, { id, nonce: there.get(id) ?? "none" });
          there.delete(id);
        }
      }
      for (const [place, there] of meant) {
        expect((await places.list(place)).map((one) => [one.id, one.nonce])).toEqual([...there]);
        for (const [id, nonce] of there) await places.remove(place, { id, nonce });
      }
    };
    const { key } = keys.place("a");
    const encoding = (): Promise<unknown> => connected.client.command(key, ["OBJECT", "ENCODING", key]);
    for (const grown of ["listpack", "skiplist"]) {
      await connected.client.command(key, ["DEL", key]);
      const alone = grown === "listpack" ? "alone" : "alone".repeat(50);
      await connected.client.command(key, ["ZADD", key, "0", alone]);
      const step = fc.record({ place: fc.constantFrom(...all), id: fc.constantFrom(...ids), room: fc.constantFrom(0, 1, 2, 3, Infinity), put: fc.boolean() });
      await fc.assert(fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 60 }), play), { numRuns: 20 });
      expect(await encoding()).toBe(grown);
      expect(await connected.client.command(key, ["ZRANGE", key, "0", "-1"])).toEqual([alone]);
    }
    await connected.client.command(key, ["DEL", key]);
  });

  it("an entry with a session's id is as long as a small sorted set takes, and no longer", async () => {
    await places.reserve("ulong", entry(newId(), randomBytes(6).toString("base64url")), Infinity);
    const { key, name } = keys.place("ulong");
    const [text] = (await connected.client.command(key, ["ZRANGEBYLEX", key, `[${name}`, `(${name}~`])) as [string];
    expect(text).toHaveLength(64);
  });

  it("ages are told by the server's clock", async () => {
    await places.reserve("ua", entry("one", "n1"), Infinity);
    await new Promise((resolve) => setTimeout(resolve, 60));
    const [first] = await places.list("ua");
    expect(first?.age).toBeGreaterThanOrEqual(50);
    expect(first?.age).toBeLessThan(20_000);
  });
});
