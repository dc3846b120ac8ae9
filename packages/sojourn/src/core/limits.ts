import { SojournError, storeFull } from "./errors.ts";
import { endEntry, endExpired } from "./ending.ts";
import { belongsSince, expiryOf, type Entry } from "./entry.ts";
import type { Engine } from "./engine.ts";
import type { Change, Committed, Cursor, Query, Refused } from "./seam.ts";

const tries = 200;
const vainTries = 10;
/** Live sessions that are looked at when the oldest of a whole kind has to go. */
const examined = 1_000;

/**
 * Commits a change that may be refused as `full`, making room as the limit says: first what has expired goes, then, with `end-oldest`,
 * the oldest. The store counts and the manager judges, so the limit holds however many try at once; whoever loses tries again.
 * @throws {SojournError} `limit_reached`, `store_full`
 */
export async function commitWithinLimits(engine: Engine, change: Change): Promise<Committed | Exclude<Refused, { why: "full" }>> {
  let vain = 0;
  for (let n = 0; n < tries; n++) {
    const outcome = await engine.calls.commit(change);
    if (outcome.ok || outcome.why !== "full") return outcome;
    if (outcome.of === "store") throw storeFull("the session was not written");
    const [query, most]: [Query, number] =
      outcome.of === "subject" ? [{ subject: String(change.subject) }, change.subjectLimit ?? 1] : [{ kind: String(change.kind) }, change.kindLimit ?? 1];
    const room = await makeRoom(engine, query, most);
    // A store that goes on saying "full" where there is room counts wrongly; a few tries tell the two apart.
    if (room === "none" || (room === "there" && ++vain > vainTries)) throw limitReached(engine, outcome.of);
    if (n > 2) await pause(Math.random() * 2 ** Math.min(n, 6));
  }
  throw new SojournError("limit_reached", `No place was free in ${tries} tries: too many log in at the same moment. Try again.`);
}

function limitReached(engine: Engine, of: "subject" | "kind"): SojournError {
  const { limit } = engine.settings;
  return of === "subject"
    ? new SojournError("limit_reached", `The subject holds ${limit.perSubject} live sessions already. End one of them first.`)
    : new SojournError("limit_reached", `${limit.total} sessions are live already, as many as may be. Try again later.`);
}

/** Frees at least one place, unless others have done so meanwhile (`there`), or the limit says that the newcomer is refused (`none`). */
async function makeRoom(engine: Engine, query: Query, most: number): Promise<"freed" | "there" | "none"> {
  const live: Entry[] = [];
  let unreadable = 0;
  let freed = false;
  let after: Cursor | undefined;
  do {
    const found = await engine.calls.find(query, after === undefined ? {} : { after });
    for (const record of found.records) {
      if (record.ended !== undefined) continue;
      const entry = engine.entries.of(record);
      if (entry === undefined) unreadable++;
      else if (expiryOf(entry, engine.settings.clock.now()) === undefined) live.push(entry);
      else {
        // Whoever ends it, this process or another: the place is free, and the next try tells.
        await endExpired(engine, entry);
        freed = true;
      }
    }
    after = found.next;
  } while (after !== undefined && live.length < examined && !freed);
  if (freed) return "freed";
  if (live.length + unreadable < most && after === undefined) return "there";
  if (engine.settings.limit.whenFull !== "end-oldest") return "none";
  const oldest = live.sort((a, b) => belongsSince(a) - belongsSince(b) || (a.record.id < b.record.id ? -1 : 1))[0];
  if (oldest !== undefined) await endEntry(engine, oldest, "limit");
  return "freed";
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
