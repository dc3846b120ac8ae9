import type { ScrubOptions, ScrubReport, SessionId } from "../../core/seam.ts";
import type { Owners } from "../places.ts";
import type { Reservations } from "../reservations.ts";
import { nameOf, type Keys } from "./keys.ts";
import { recordOf } from "./record-reply.ts";
import type { RedisClient } from "./redis-client.ts";
import type { redisPlaces } from "./redis-places.ts";
import type { Runner } from "./runner.ts";
import { deadEntries } from "./scrub-index.ts";
import { placeScrubber } from "./scrub-places.ts";
import { assertScript, lookScript, recountScript, sizeScript } from "./scrub-scripts.ts";
import { shardOf } from "./tags.ts";
import { keyCount, keysBeginning } from "./walk.ts";

/** What a scrub works with. */
export interface Scrubbed {
  readonly client: RedisClient;
  readonly keys: Keys;
  readonly run: Runner;
  readonly owners: Owners;
  readonly places: ReturnType<typeof redisPlaces>;
  readonly reservations: Reservations;
  readonly prefix: string;
  /** ms */
  readonly grace: number;
}

/**
 * Compares records, indexes, places and counts, a few hundred at a time and side by side. What a shard keeps beside a session is compared in one step with
 * it; a place lies elsewhere, so what is found there is looked at again.
 */
export async function scrub(its: Scrubbed, { repair = false, progress }: ScrubOptions = {}): Promise<ScrubReport> {
  const { client, keys, run, prefix } = its;
  const report = { records: 0, missing: 0, dead: 0, miscounted: 0, repaired: 0 };
  const unreadable: { id: string; why: string }[] = [];
  const scrubPlaces = placeScrubber(its, repair);
  /** By shard: live sessions by the name of their kind, and ids that are not in their bucket. */
  const live = keys.shards.map(() => new Map<string, number>());
  const unlisted: string[][] = keys.shards.map(() => []);
  /** Buckets that are due after a wake in them, which would be missed. */
  const [late, mended] = [new Set<string>(), new Set<string>()];
  const sizes = await Promise.all(keys.shards.map(({ due }) => run(sizeScript, [due], [String(keys.buckets)]).catch(() => 0)));
  const of = (await keyCount(await client.primaries())) + sizes.reduce<number>((sum, size) => sum + Number(size), 0);
  let done = 0;
  const tell = (looked: number): void => {
    done += looked;
    progress?.({ done, of: Math.max(of, done) });
  };

  async function lookAt(id: SessionId): Promise<void> {
    const { session, index, due } = keys.of(id);
    const bucket = String(keys.bucket(id));
    const named = [session + id, index + bucket, due];
    let found: [string[], string | null, string | null] | undefined;
    let record: ReturnType<typeof recordOf>;
    try {
      found = (await run(lookScript, named, [id, bucket])) as [string[], string | null, string | null];
      record = recordOf(id, found[0]);
    } catch (error) {
      // Either the server refused, and then the key is of another type, or what it gave is no record.
      const why = found === undefined ? "its key is of another type" : (error as Error).message;
      if (found === undefined && !/WRONGTYPE/.test(String(error))) throw error;
      report.records++;
      unreadable.push({ id, why });
      return;
    }
    if (record === undefined) return;
    report.records++;
    const [hash, score, bound] = found;
    const shard = shardOf(id, keys.shards.length);
    if (record.ended === undefined) {
      const counts = live[shard] as Map<string, number>;
      counts.set(nameOf(record.kind), (counts.get(nameOf(record.kind)) ?? 0) + 1);
    }
    const lacks = score === null || momentOf(score) !== (record.wake ?? Infinity);
    const isLate = record.wake !== undefined && (bound === null || Number(bound) > record.wake);
    if (lacks) report.missing++;
    if (isLate) late.add(index + bucket);
    if (score === null && !repair) unlisted[shard]?.push(id);
    if (repair && (lacks || isLate)) {
      const [put, earlier] = (await run(assertScript, named, [id, bucket])) as [number, number];
      report.repaired += put;
      if (earlier === 1) mended.add(index + bucket);
    }
    if (record.ended === undefined) add(await scrubPlaces.held(record, hash));
  }

  function add(found: { readonly missing: number; readonly dead: number; readonly repaired: number }): void {
    report.missing += found.missing;
    report.dead += found.dead;
    report.repaired += found.repaired;
  }

  for await (const some of keysBeginning(client, `${prefix}:`)) {
    const ids = some.flatMap((key) => idIn(key, prefix) ?? []);
    await Promise.all(ids.filter((id) => some.includes(keys.of(id).session + id)).map(lookAt));
    const held = some.filter((key) => isPlaces(key, prefix));
    for (const found of await Promise.all(held.map((key) => scrubPlaces.entries(key)))) add(found);
    tell(some.length);
    for (const key of some.filter((one) => isBucket(one, prefix))) {
      for await (const { looked, dead } of deadEntries(its, key, repair)) {
        add({ missing: 0, dead, repaired: repair ? dead : 0 });
        tell(looked);
      }
    }
  }
  report.missing += late.size;
  report.repaired += mended.size;

  for (const [i, { session, due, counts }] of keys.shards.entries()) {
    const kept = (await client.command(counts, ["HGETALL", counts])) as string[];
    if (isSame(kept, live[i] as Map<string, number>)) continue;
    const args = [session, repair ? "1" : "", String(keys.buckets), ...(unlisted[i] as string[])];
    const wrong = Number(await run(recountScript, [due, counts], args));
    report.miscounted += wrong;
    if (repair) report.repaired += wrong;
  }

  return { ...report, conflicts: scrubPlaces.conflicts(), unreadable };
}

function isSame(kept: readonly string[], live: ReadonlyMap<string, number>): boolean {
  return kept.length === 2 * live.size && kept.every((text, i) => i % 2 === 0 || live.get(kept[i - 1] as string) === Number(text));
}

/** The id in a session's key. */
function idIn(key: string, prefix: string): SessionId | undefined {
  const match = /^:\{[0-9a-z]+\}:s:([^]*)$/.exec(key.slice(prefix.length));
  return match?.[1] as SessionId | undefined;
}

/** The score of an entry. */
function momentOf(score: string): number {
  return score === "inf" ? Infinity : Number(score);
}

function isBucket(key: string, prefix: string): boolean {
  return /^:\{[0-9a-z]+\}:i\d+$/.test(key.slice(prefix.length));
}

function isPlaces(key: string, prefix: string): boolean {
  return /^:p\d+$/.test(key.slice(prefix.length));
}
