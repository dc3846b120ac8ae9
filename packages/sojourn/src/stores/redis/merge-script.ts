import type { Change } from "../../core/seam.ts";
import { feedLines, type Publish } from "./feed-lines.ts";
import { script, type Script } from "./script.ts";

/*
 * The hot path: a merge of fields, and nothing else, into what has not ended. Plain arguments, and without a feed no key but the session's own.
 * A whole number above zero is the new version, one below zero a refusal.
 */

/** KEYS: session. ARGV: field, text, … */
export const setScript: Script = script(`local k=KEYS[1]
local h=redis.call('HMGET',k,'v','e')
if not h[1] then return -1 end
if h[2] then return -2 end
local n=h[1]+1
redis.call('HSET',k,'v',n,unpack(ARGV))
return n`);

/**
 * KEYS: session; with a feed its stream. ARGV: version or `live`; how many of the following are fields and texts; with a feed id, length and channel;
 * field, text, …; fields to be taken away.
 */
export function mergeScript(publish: Publish | undefined): Script {
  const first = publish === undefined ? 3 : 6;
  const told =
    publish === undefined ? "" : feedLines(publish, { stream: "KEYS[2]", id: "ARGV[3]", version: "n", ended: "'0'", most: "ARGV[4]", channel: "ARGV[5]" });
  return script(`local k=KEYS[1]
local h=redis.call('HMGET',k,'v','e')
if not h[1] then return -1 end
if h[2] then return -2 end
if ARGV[1]~='live' and ARGV[1]~=h[1] then return -3 end
local n,m=h[1]+1,tonumber(ARGV[2])
${told}
if #ARGV>=${first}+m then redis.call('HDEL',k,unpack(ARGV,${first}+m)) end
redis.call('HSET',k,'v',n,unpack(ARGV,${first},${first}+m-1))
return n`);
}

/** Lua's stack holds some thousand values; the general script sets them a part at a time. */
const most = 1000;

/** Whether the change is of fields only, and of few enough. */
export function isMerge(change: Change): boolean {
  return (
    change.expect !== "absent" &&
    change.wake === undefined &&
    change.fence === undefined &&
    change.subject === undefined &&
    change.ended === undefined &&
    change.erase === undefined &&
    change.claim === undefined &&
    change.release === undefined &&
    change.epoch === undefined &&
    (change.unset === undefined || change.unset.length < most) &&
    (change.set === undefined || Object.keys(change.set).length < most)
  );
}

const refusals = ["missing", "ended", "stale"] as const;

/** The word of a refusal, from the script's answer below zero. */
export function refusalOf(answer: number): (typeof refusals)[number] {
  return refusals[-answer - 1] ?? "missing";
}
