import { createSessions } from "sojourn";
import { kindsOfLmdb, type LmdbRoot, type LmdbStore } from "sojourn/stores/lmdb";

/** Ends all sessions of all tenants and kinds, behind a floor for each tenant: whatever was issued until now is void. @returns how many were live. */
export async function endEveryone(store: LmdbStore, root: LmdbRoot, progress: (done: number, of: number) => void): Promise<number> {
  // A tenant of whom only revocations are kept has sessions all the same: their clients have them.
  const tenants = new Map<string, string[]>();
  let of = 0;
  for (const stored of kindsOfLmdb(root)) {
    const [, tenant, kind = ""] = /^([^:]+):(.*)$/s.exec(stored) ?? [];
    if (tenant === undefined) continue;
    const kinds = tenants.get(tenant) ?? [];
    tenants.set(tenant, kinds);
    if (!/^[a-z][a-z0-9-]*$/i.test(kind)) continue;
    kinds.push(kind);
    of += store.count({ kind: stored });
  }
  let ended = 0;
  for (const [tenant, kinds] of tenants) {
    const sessions = createSessions({ store, tenant, deadline: "1m" });
    const before = ended;
    const tell = (so: { readonly ended: number }): void => progress(before + so.ended, of);
    ended += await sessions.endAll({ everyone: true, kinds }, "revoked", "sojournd restore", { progress: tell });
    await sessions.close();
  }
  return ended;
}
