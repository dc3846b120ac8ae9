import { milliseconds, type Duration } from "sojourn";
import { wrongUsage } from "./exit-codes.ts";

/** A moment as people and programs give it: ISO 8601, epoch ms, or how long ago (`2h`). @returns epoch ms @throws {CommandFailure} naming the option */
export function momentOf(text: string, option: string, now: number = Date.now()): number {
  if (/^\d{9,16}$/.test(text)) return Number(text);
  if (/^\d+(\.\d+)?(ms|s|m|h|d)$/.test(text) && /[1-9]/.test(text)) {
    const at = now - milliseconds(text as Duration, option);
    if (at >= 0) return at;
  }
  // A date with a time of day has to say of which zone it is: what it means must not depend on where it is read.
  if (/^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d))?$/.test(text)) {
    const at = Date.parse(text);
    if (at >= 0) return at;
  }
  throw wrongUsage(
    `${option} is ${JSON.stringify(text)}. Give a moment such as 2026-05-04T10:00:00Z, 2026-05-04 (its beginning in UTC), epoch milliseconds, or how long ago, such as 2h.`,
  );
}

const units = [
  ["s", 1_000],
  ["min", 60_000],
  ["h", 3_600_000],
  ["d", 86_400_000],
] as const;

/** `3 min ago`, `in 25 min`, `now`. @param at epoch ms */
export function relative(at: number, now: number = Date.now()): string {
  const distance = Math.abs(at - now);
  const [unit, ms] = units.findLast(([, least]) => distance >= least) ?? ["", 0];
  if (ms === 0) return "now";
  const count = `${Math.floor(distance / ms)} ${unit}`;
  return at < now ? `${count} ago` : `in ${count}`;
}

/** ISO 8601, also of what no date can be. @param at epoch ms */
export function iso(at: number): string {
  const date = new Date(at);
  return Number.isNaN(date.getTime()) ? String(at) : date.toISOString();
}

/** The names under which answers have moments. What sessions hold is not looked into. */
const moments: ReadonlySet<string> = new Set(["at", "until", "created", "seen", "expiresAt", "authenticatedAt", "issuedBefore"]);

/** An answer of the server with its moments as ISO 8601. */
export function withIso(answer: object): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(answer).map(([name, value]: [string, unknown]) => {
      if (moments.has(name) && typeof value === "number") return [name, iso(value)];
      return (name === "ended" || name === "last" || name === "checkpoint") && typeof value === "object" && value !== null
        ? [name, withIso(value)]
        : [name, value];
    }),
  );
}
