import { createSessions } from "sojourn";
import { kindsOfLmdb, type LmdbRoot, type LmdbStore } from "sojourn/stores/lmdb";

/** Ends all sessions of all tenants and kinds, behind a floor for each tenant: whatever was issued until now is void. @returns how many were live. */
export async function endEveryone(store: LmdbStore, root: LmdbRoot, progress: (done: number, of: number) => void): Promise<number> {
  const stored = kindsOfLmdb(root);
  const kinds = stored.flatMap((each) => {
    const [, tenant, kind] = /^([^:]+):([a-z][a-z0-9-]*)$/i.exec(each) ?? [];
    return tenant === undefined || kind === undefined ? [] : [{ tenant, kind, live: store.count({ kind: each }) }];
  });
  // A tenant of whom only revocations are kept has sessions all the same: their clients have them.
  for (const tenant of new Set(stored.map((each) => each.slice(0, each.indexOf(":")))))
    if (tenant !== "" && !kinds.some((known) => known.tenant === tenant)) kinds.push({ tenant, kind: "web", live: 0 });
  const of = kinds.reduce((sum, { live }) => sum + live, 0);
  let done = 0;
  let ended = 0;
  for (const { tenant, kind } of kinds) {
    const sessions = createSessions({ store, tenant, kind, deadline: "1m" });
    sessions.on("ended", () => progress(++done, of));
    ended += await sessions.endAll({ everyone: true }, "revoked", "sojournd restore");
    await sessions.close();
  }
  return ended;
}
