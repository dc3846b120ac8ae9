import { SojournError } from "./errors.ts";

/** Milliseconds, or a number with a unit: `"250ms"`, `"30s"`, `"15m"`, `"12h"`, `"30d"`. */
export type Duration = number | `${number}${"ms" | "s" | "m" | "h" | "d"}`;

const units: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** The duration in ms. @throws {SojournError} `invalid_option`, naming the setting. */
export function milliseconds(duration: Duration, setting: string): number {
  const match = typeof duration === "string" ? /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(duration) : undefined;
  const ms = match ? Number(match[1]) * (units[match[2] as string] as number) : duration;
  const whole = typeof ms === "number" ? Math.round(ms) : Number.NaN;
  if (Number.isFinite(whole) && whole > 0) return whole;
  throw new SojournError(
    "invalid_option",
    `${setting} is ${JSON.stringify(duration)}. Give milliseconds above zero, or a text such as "30s", "15m", "12h" or "30d".`,
  );
}
