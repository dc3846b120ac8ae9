import type { Entry } from "../core/entry.ts";
import type { Settings } from "../core/settings.ts";

/** Epoch ms after which no token of a session that is out by now can be good: what ended, or was replaced, need be remembered no longer. */
export function goodUntil({ clock, floorLag }: Pick<Settings, "clock" | "floorLag">, { life }: Entry): number {
  return Math.min(life.absolute, clock.now() + life.idle + floorLag);
}
