import { SojournError, type SessionId, type Store } from "sojourn";

/** The tenants that have, or had, webhooks. */
export interface Tenants {
  all(): Promise<readonly string[]>;
  /** @throws {SojournError} `store_full`, `store_unavailable` */
  add(tenant: string): Promise<void>;
}

const id = "wh_tenants" as SessionId;
const kind = "server:$webhook-tenants";
const tries = 5;

/**
 * They stand in one record: whoever looks every few seconds which webhooks there are reads that, and then each tenant's by their index. To list a rare kind
 * would be to read the whole index of the store, where that is by shard.
 */
export function tenantsOf(store: Store): Tenants {
  const known = new Set<string>();
  return {
    async all() {
      return Object.keys((await store.load(id))?.fields ?? {});
    },
    async add(tenant) {
      if (known.has(tenant)) return;
      const set = { [tenant]: "" };
      for (let n = 0; n < tries; n++) {
        const merged = await store.commit({ id, expect: "live", set });
        const outcome = merged.ok || merged.why !== "missing" ? merged : await store.commit({ id, expect: "absent", kind, set });
        if (outcome.ok) {
          known.add(tenant);
          return;
        }
        if (outcome.why === "full") throw new SojournError("store_full", "The session store is full: the webhook was not made.");
      }
      throw new SojournError("store_unavailable", "The session store refused to keep the webhook.");
    },
  };
}
