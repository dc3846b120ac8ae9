import type { SessionId, SessionRecord } from "../../core/seam.ts";
import type { Head } from "./head.ts";
import { encodeRecord } from "./record-codec.ts";
import { short } from "./keys.ts";
import type { Layout } from "./layout.ts";
import type { Judged } from "./judge.ts";
import type { View } from "./view.ts";

/** Entries that the log may hold before the records they are about are written. Every process holds their fields in memory, and a process that opens the folder reads them. */
const longestTail = 8192;
/** Records that may wait. */
const mostWaiting = 2048;
/** Records or batches a transaction works off: enough to stay ahead of the group that comes with it, little enough to take no time to speak of. */
const atOnce = 128;

/**
 * Writes the records that have waited longest to their places, if too much waits. Part of a transaction with changes of its own, before they are judged.
 * A session that changes often is so written once for many changes; no process has this as its duty, so none can die of it.
 * @returns the number up to which the log is folded afterwards.
 */
export function fold(layout: Layout, view: View, head: Head, judged: Judged): number {
  let worked = 0;
  let remaining = view.tail.size;
  for (const [id, first] of view.tail.waiting()) {
    if (worked === atOnce || (remaining <= mostWaiting && head.last - first < longestTail)) return first - 1;
    const record = readable(view, id as SessionId);
    if (record !== undefined) layout.records.put(short(id), encodeRecord(record));
    judged.entries.push({ was: "folded", id: id as SessionId });
    worked++;
    remaining--;
  }
  return head.last;
}

/** A record that is damaged in its place must not hold up every other: its deltas are of no more use than it is. */
function readable(view: View, id: SessionId): SessionRecord | undefined {
  try {
    return view.peek(id);
  } catch {
    return undefined;
  }
}

/** Cuts off what the log no longer needs to hold, in larger pieces. @returns the number up to which it is gone. */
export function prune({ log }: Layout, head: Head, folded: number, feed: number): number {
  const upTo = Math.min(head.last - feed, folded);
  if (upTo - head.pruned < Math.max(64, feed / 16)) return head.pruned;
  let pruned = head.pruned;
  for (const key of log.getKeys({ start: pruned + 1, end: upTo + 1, limit: atOnce }) as Iterable<number>) {
    log.remove(key);
    pruned = key;
  }
  return pruned;
}
