import { recordUnreadable } from "../../core/errors.ts";
import type { Change, Outcome, SessionId, SessionRecord } from "../../core/seam.ts";
import type { Freed, Held, Landing, Owners, Place } from "../places.ts";
import { commitArguments } from "./commit-arguments.ts";
import { commitScript, resolveScript } from "./commit-script.ts";
import { isFull, readFault, writeFault } from "./faults.ts";
import type { Publish } from "./feed-lines.ts";
import { liveOf } from "./live.ts";
import { loadHash } from "./load-hash.ts";
import type { Keys } from "./keys.ts";
import { isMerge, mergeScript, refusalOf, setScript } from "./merge-script.ts";
import { recordOf } from "./record-reply.ts";
import type { RedisClient } from "./redis-client.ts";
import type { Runner } from "./runner.ts";
import type { Script } from "./script.ts";

/** Where a shard's events go. */
export interface FeedOf {
  readonly publish: Publish;
  /** Events kept, at least. */
  readonly length: number;
  stream(id: string): string;
  channel(id: string): string;
}

export interface RedisOwners extends Owners {
  /** A merge of fields in one small script; `undefined` when the change is more than that. */
  merge(change: Change, deadline?: number): Promise<Outcome> | undefined;
}

/**
 * The sessions' hashes and the indexes beside them.
 * @param run for reads and for what forbids
 * @param write for what commits
 */
export function owners(client: RedisClient, keys: Keys, run: Runner, write: Runner, feed: FeedOf | undefined): RedisOwners {
  const commit = commitScript(feed?.publish);
  const end = commitScript(feed?.publish, "allow-oom");
  const merge = mergeScript(feed?.publish);

  async function committed(script: Script, change: Change, held: readonly Held[], deadline?: number): Promise<Landing> {
    const { session, index, due, counts, forbidden } = keys.of(change.id);
    const bucket = keys.bucket(change.id);
    const named = [session + change.id, index + bucket, due, counts, forbidden, ...(feed === undefined ? [] : [feed.stream(change.id)])];
    const args = commitArguments(change, held, bucket, feed);
    try {
      return landingOf((await write(script, named, args, deadline)) as readonly (string | number)[]);
    } catch (error) {
      if (!isFull(client, error)) throw writeFault(client, `the change of session ${change.id}`, error);
      // What was reserved for it is not forbidden: it is taken away when somebody meets it after the grace.
      return { ok: false, why: "full", of: "store", freed: [] };
    }
  }

  // No async function and no list copied that need not be: this is most of what a busy store does.
  function merged(change: Change, script: Script, named: readonly string[], args: readonly string[], deadline?: number): Promise<Outcome> {
    return write(script, named, args, deadline).then(mergedOf, (error: unknown) => {
      if (isFull(client, error)) return { ok: false, why: "full", of: "store" };
      throw writeFault(client, `the change of session ${change.id}`, error);
    });
  }

  return {
    load: (id, deadline) =>
      loadHash(run, keys.of(id).session + id, deadline).then(
        (list) => recordIn(id, list),
        (error: unknown) => {
          throw readFault(client, `reading session ${id}`, error);
        },
      ),
    merge(change, deadline) {
      if (!isMerge(change)) return undefined;
      const { id, set, unset, expect } = change;
      const key = keys.of(id).session + id;
      const pairs: string[] = [];
      if (set !== undefined) for (const name of Object.keys(set)) pairs.push(`.${name}`, set[name] as string);
      if (feed === undefined && expect === "live" && unset === undefined) return merged(change, setScript, [key], pairs, deadline);
      const gone = (unset ?? []).map((name) => `.${name}`);
      const told = feed === undefined ? [] : [id, String(feed.length), feed.channel(id)];
      const named = feed === undefined ? [key] : [key, feed.stream(id)];
      return merged(change, merge, named, [String(expect), String(pairs.length), ...told, ...pairs, ...gone], deadline);
    },
    commit: (change, held, deadline) => committed(change.ended === undefined && !change.erase ? commit : end, change, held, deadline),
    async resolve(entry, place, forbid, deadline) {
      const { session, forbidden } = keys.of(entry.id);
      try {
        const answer = await run(resolveScript, [session + entry.id, forbidden], [place, entry.nonce, forbid ? "1" : ""], deadline);
        return answer as Awaited<ReturnType<Owners["resolve"]>>;
      } catch (error) {
        throw readFault(client, `asking after a name of session ${entry.id}`, error);
      }
    },
    live: (kind, deadline) => liveOf(client, keys, run, kind, deadline),
  };
}

function mergedOf(answer: unknown): Outcome {
  return Number(answer) > 0 ? { ok: true, version: Number(answer) } : { ok: false, why: refusalOf(Number(answer)) };
}

function recordIn(id: SessionId, list: readonly string[]): SessionRecord | undefined {
  try {
    return recordOf(id, list);
  } catch (error) {
    throw recordUnreadable(id, error as Error);
  }
}

function landingOf(answer: readonly (string | number)[]): Landing {
  const [word, ...rest] = answer;
  if (word === "lost") return { ok: false, why: "lost", nonces: rest as string[] };
  if (word === "unjudged") return { ok: false, why: "unjudged", place: rest[0] as Place };
  if (word === "ok") return { ok: true, version: Number(rest[0]), freed: freedIn(rest, 1) };
  return { ok: false, why: word as "exists", freed: freedIn(rest, 0) };
}

function freedIn(list: readonly (string | number)[], from: number): Freed[] {
  const freed: Freed[] = [];
  for (let i = from; i < list.length; i += 2) freed.push({ place: list[i] as Place, nonce: list[i + 1] as string });
  return freed;
}
