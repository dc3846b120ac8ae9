import type { Bucket } from "./bucket.ts";
import type { Replica } from "./replica.ts";

/** How often (ms) is looked for what can be taken away. */
const every = 15_000;
/** Requests at a time. */
const atOnce = 16;

/**
 * Takes away documents that hold nothing, some minutes after they came to: what an erased session leaves, so that no commit that was late revives it, and
 * lists in which nobody stands. They are purged without a trace, unless the server takes them away itself (`ttl`). What fails is left to another member.
 */
export async function forget(bucket: Bucket, replica: Replica, ttl: boolean, now: number): Promise<void> {
  const due = replica.forgettable(now);
  if (ttl) return;
  for (let from = 0; from < due.length; from += atOnce) {
    await Promise.all(due.slice(from, from + atOnce).map(({ key, revision }) => bucket.purge(key, revision).catch(() => undefined)));
  }
}

/** Does it now and then. @returns how it is stopped */
export function forgetting(bucket: Bucket, replica: Replica, ttl: boolean): () => void {
  let busy = false;
  const timer = setInterval(() => {
    if (busy || !bucket.connected()) return;
    busy = true;
    void forget(bucket, replica, ttl, performance.now()).finally(() => (busy = false));
  }, every).unref();
  return () => clearInterval(timer);
}
