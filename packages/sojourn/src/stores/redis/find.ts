import { SojournError } from "../../core/errors.ts";
import { satisfies, type Cursor, type Found, type Page, type Query, type SessionId, type SessionRecord } from "../../core/seam.ts";
import { readFault } from "./faults.ts";
import { dropScript, dueScript, kindScript } from "./find-scripts.ts";
import { entryOf, idIn, type Keys } from "./keys.ts";
import { loadHash } from "./load-hash.ts";
import { namesFor, pairsOf, recordOf } from "./record-reply.ts";
import type { RedisClient } from "./redis-client.ts";
import type { Runner } from "./runner.ts";

/** Shards asked side by side on a Cluster. */
const atOnce = 64;
/** Entries looked at in one step, about: some milliseconds, in which the server does nothing else. */
const stretch = 5_000;

/** Listings that walk the shards: by kind in the order of shards and buckets, by wake the earliest first. */
export interface Finder {
  find(query: Extract<Query, { kind: string } | { wakeBefore: number }>, page?: Page): Promise<Found>;
}

/** Where a listing by kind stands: before all ids of a bucket, or after one. */
interface Position {
  readonly shard: number;
  readonly bucket: number;
  readonly last: string;
}

/** An id, and where it was found. */
interface Listed {
  readonly id: SessionId;
  readonly shard: number;
  readonly bucket: number;
}

export function finder(client: RedisClient, keys: Keys, run: Runner): Finder {
  const { shards, buckets } = keys;

  async function load(id: SessionId, { only, deadline }: Page): Promise<SessionRecord | undefined | "unreadable"> {
    const key = keys.of(id).session + id;
    const names = only === undefined ? undefined : namesFor(only);
    const list = names === undefined ? await loadHash(run, key, deadline) : pairsOf(names, await client.command(key, ["HMGET", key, ...names], deadline));
    try {
      return recordOf(id, list);
    } catch {
      // Its own load names it.
      return "unreadable";
    }
  }

  /** Loads what entries of the index lead to. One that leads nowhere is taken away meanwhile. */
  async function recordsOf(entries: readonly string[], query: Query, page: Page): Promise<SessionRecord[]> {
    const loaded = await Promise.all(entries.map((entry) => load(idIn(entry) as SessionId, page)));
    const found: SessionRecord[] = [];
    for (const [i, record] of loaded.entries()) {
      if (record === undefined) {
        const entry = entries[i] as string;
        const id = idIn(entry);
        const { session, index } = keys.of(id);
        run(dropScript, [session + id, index + keys.bucket(id)], [entry]).catch(() => undefined);
      } else if (record !== "unreadable" && satisfies(record, query)) found.push(record);
    }
    return found;
  }

  /** Ids of a kind from a position on, in one stretch of shards after the other. */
  async function idsIn(kind: string, { shard, bucket, last }: Position, end: number, limit: number, deadline?: number): Promise<Listed[]> {
    const ids: Listed[] = [];
    for (let next: Position | undefined = { shard, bucket, last }; next !== undefined && next.shard < end && ids.length < limit;) {
      const from: Position = next;
      const dues = shards.slice(from.shard, end).map(({ due }) => due);
      const args = [entryOf(kind, ""), limit - ids.length, buckets, from.bucket, from.last, stretch].map(String);
      const [found, ...left] = (await run(kindScript, dues, args, deadline)) as [(number | string[])[], ...number[]];
      for (let i = 0; i < found.length; i += 3) {
        const at = { shard: from.shard + Number(found[i]), bucket: Number(found[i + 1]) };
        for (const id of found[i + 2] as SessionId[]) ids.push({ id, ...at });
      }
      next = left.length === 0 ? undefined : { shard: from.shard + Number(left[0]), bucket: Number(left[1]), last: "" };
    }
    return ids;
  }

  async function idsOfKind(kind: string, from: Position, limit: number, deadline?: number): Promise<Listed[]> {
    const ids: Listed[] = [];
    // On one node all shards that are left are one step.
    const width = client.cluster ? 1 : shards.length;
    // Full shards answer with a page each: few are asked at first.
    for (let { shard } = from, many = 4; shard < shards.length && ids.length < limit; many = Math.min(2 * many, atOnce)) {
      const steps: Promise<Listed[]>[] = [];
      for (; shard < shards.length && steps.length < many; shard += width) {
        const begin = shard === from.shard ? from : { shard, bucket: 0, last: "" };
        steps.push(idsIn(kind, begin, Math.min(shard + width, shards.length), limit, deadline));
      }
      ids.push(...(await Promise.all(steps)).flat());
    }
    return ids.slice(0, limit);
  }

  async function byKind(kind: string, page: Page): Promise<Found> {
    const { limit = 100, after, deadline } = page;
    const ids = await idsOfKind(kind, positionOf(after), limit, deadline);
    const entries = ids.map(({ id }) => entryOf(kind, id));
    const records = await recordsOf(entries, { kind }, page);
    const end = ids.at(-1);
    return { records, ...(end !== undefined && ids.length === limit && { next: `${end.shard}.${end.bucket}:${end.id}` as Cursor }) };
  }

  async function byWake(wakeBefore: number, page: Page): Promise<Found> {
    const { limit = 100, deadline } = page;
    const dues = shards.map(({ due }) => due);
    // What has no wake stands at +inf.
    const moment = wakeBefore === Infinity ? "(+inf" : wakeBefore === -Infinity ? "-inf" : String(wakeBefore);
    const steps = (client.cluster ? dues.map((one) => [one]) : [dues]).map((some) => run(dueScript, some, [moment, String(limit)], deadline));
    const due: { entry: string; wake: number }[] = [];
    for (const answer of (await Promise.all(steps)) as string[][]) {
      for (let i = 0; i < answer.length; i += 2) due.push({ entry: answer[i] as string, wake: Number(answer[i + 1]) });
    }
    const first = due.sort((x, y) => x.wake - y.wake).slice(0, limit);
    const entries = first.map(({ entry }) => entry);
    const records = await recordsOf(entries, { wakeBefore }, page);
    return { records: records.sort((x, y) => (x.wake as number) - (y.wake as number)) };
  }

  return {
    async find(query, page = {}) {
      try {
        return await ("kind" in query ? byKind(query.kind, page) : byWake(query.wakeBefore, page));
      } catch (error) {
        throw readFault(client, "searching", error);
      }
    },
  };
}

function positionOf(after: Cursor | undefined): Position {
  if (after === undefined) return { shard: 0, bucket: 0, last: "" };
  const match = /^(\d{1,4})\.(\d{1,5}):([^]+)$/.exec(after);
  if (match === null) throw new SojournError("invalid_option", "the cursor is of another store; begin the listing again");
  return { shard: Number(match[1]), bucket: Number(match[2]), last: match[3] as string };
}
