import { endEntry, endExpired } from "./ending.ts";
import type { Engine } from "./engine.ts";
import { expiryOf } from "./entry.ts";
import { aliasTaken, SojournError } from "./errors.ts";
import { commitWithinLimits } from "./limits.ts";
import { checkAlias } from "./names.ts";
import type { Change, Committed, Refused } from "./seam.ts";

const tries = 20;

/** As a store knows them. @throws {SojournError} `invalid_field`, `too_large` */
export async function storedAliases(engine: Engine, aliases: readonly string[]): Promise<readonly string[]> {
  const stored = new Set<string>();
  for (const alias of aliases) stored.add(await engine.names.alias(checkAlias(alias)));
  checkCount(engine, stored.size);
  return [...stored];
}

/**
 * Commits a change that claims aliases, within the limits. A holder whose time is over, or that lies below a floor, is ended and gives way.
 * @throws {SojournError} `alias_taken`, `limit_reached`, `store_full`
 */
export async function commitClaiming(engine: Engine, change: Change): Promise<Committed | Exclude<Refused, { why: "full" | "taken" }>> {
  for (let n = 0; n < tries; n++) {
    const outcome = await commitWithinLimits(engine, change);
    if (outcome.ok || outcome.why !== "taken") return outcome;
    if (!(await gaveWay(engine, outcome.alias))) throw aliasTaken();
  }
  throw aliasTaken();
}

/** Whether it is worth another try: the holder is over, or has gone meanwhile. */
async function gaveWay(engine: Engine, alias: string): Promise<boolean> {
  const { records } = await engine.calls.find({ alias });
  const [holder] = records;
  if (holder === undefined) return true;
  const entry = engine.entries.of(holder);
  if (entry === undefined) return false;
  const now = engine.settings.clock.now();
  if (expiryOf(entry, now) !== undefined) {
    await endExpired(engine, entry);
    return true;
  }
  if (!(await engine.floors.below(entry, now, true))) return false;
  await endEntry(engine, entry, "revoked");
  return true;
}

/** @throws {SojournError} `too_large` */
export function checkCount({ settings }: Engine, count: number): void {
  if (count <= settings.bounds.aliases) return;
  throw new SojournError(
    "too_large",
    `The session would hold ${count} aliases; the bound is ${settings.bounds.aliases}. Release those that it no longer needs.`,
  );
}
