import { storeUnavailable } from "../../core/errors.ts";
import type { Bucket } from "./bucket.ts";
import type { Follow } from "./follow.ts";
import type { Replica } from "./replica.ts";

/** How often is asked again, and after how many ms, when the leader has less than this member: one that has just been elected may still be reading its own log. */
const patience = 3;
const pause = 100;

/** Puts what the stream's leader has of a key into the replica. `revisionOf` tells what the replica has. */
export type Learn = (key: string, revisionOf: () => number, deadline?: number) => Promise<void>;

export function learning(bucket: Bucket, replica: Replica, { doubt }: Pick<Follow, "doubt">): Learn {
  return async (key, revisionOf, deadline) => {
    for (let tries = 0; tries < patience; tries++) {
      const than = revisionOf();
      if (replica.learnt(key, await bucket.read(key, deadline), than)) return;
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
    doubt();
    throw storeUnavailable(`the bucket ${bucket.name} has lost what it had acknowledged, or was made anew; this member reads it again`);
  };
}
