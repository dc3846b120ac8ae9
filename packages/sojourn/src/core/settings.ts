import { systemClock, type Clock } from "./clock.ts";
import { milliseconds, type Duration } from "./duration.ts";
import { SojournError } from "./errors.ts";
import { checkKind } from "./names.ts";
import type { Store } from "./seam.ts";
import { defaultBounds, type Bounds } from "./values.ts";

/** What {@link createSessions} takes. */
export interface SessionsOptions {
  readonly store: Store;
  /** Whose sessions these are. Default `"main"`. */
  readonly tenant?: string;
  /** What kind of sessions this manager begins. Default `"web"`. */
  readonly kind?: string;
  /** Time without activity after which a session ends. Default 30 minutes. There is no "never". */
  readonly idle?: Duration;
  /** Time after which it ends whatever happens; at most 400 days. Default 12 hours. */
  readonly absolute?: Duration;
  /** How far activity may run ahead of what is written down. Default a tenth of `idle`. */
  readonly touch?: Duration;
  /** How long an ended session is kept, with its reason. Default 1 day. */
  readonly retention?: Duration;
  /** Periodic rotation of the secret, for carriers that can hand a new one back. Default every hour with a grace of 30 seconds; `false`: none. */
  readonly rotation?: { readonly every?: Duration; readonly grace?: Duration } | false;
  readonly limit?: Limit;
  /** How long one store call may take before it is given up. Default 2 seconds. */
  readonly deadline?: Duration;
  /** How long a manager may not know of a mass ending by another process. Default 1 second. */
  readonly floorLag?: Duration;
  /** How often `run()` looks for due sessions. Default 1 second. */
  readonly sweep?: Duration;
  /** Bytes of UTF-8 that a field and a record may take. Default 64 kB and 1 MB. */
  readonly bounds?: Partial<Bounds>;
  /** Default: the machine's. */
  readonly clock?: Clock;
}

/** How many sessions may live at a time, and what happens to the one too many. */
export interface Limit {
  /** Live sessions that one subject may hold. */
  readonly perSubject?: number;
  /** Live sessions of the manager's kind, in its tenant. */
  readonly total?: number;
  /** Default `"refuse"`: `limit_reached`. */
  readonly whenFull?: "end-oldest" | "refuse";
}

/** The options with every default filled in; durations in ms. */
export interface Settings {
  readonly tenant: string;
  readonly kind: string;
  readonly idle: number;
  readonly absolute: number;
  readonly touch: number;
  readonly retention: number;
  readonly rotateEvery: number;
  readonly grace: number;
  readonly limit: Limit;
  readonly deadline: number;
  readonly floorLag: number;
  readonly sweep: number;
  readonly bounds: Bounds;
  readonly clock: Clock;
}

/** The longest that a session may last: 400 days, as browsers keep cookies (RFC 6265bis, Cookie Lifetime Limits). */
export const longest: number = 400 * 86_400_000;

/** @throws {SojournError} `invalid_option`, naming the option */
export function settingsOf(options: SessionsOptions): Settings {
  const idle = milliseconds(options.idle ?? "30m", "idle");
  const rotation =
    options.rotation === false ? { every: Infinity, grace: "30s" as const } : { every: "1h" as const, grace: "30s" as const, ...options.rotation };
  const limit = options.limit ?? {};
  for (const name of ["perSubject", "total"] as const) {
    const value = limit[name];
    if (value !== undefined && !(Number.isSafeInteger(value) && value > 0)) {
      throw new SojournError("invalid_option", `limit.${name} is ${JSON.stringify(value)}. Give a whole number above zero, or leave it out for no limit.`);
    }
  }
  return {
    tenant: options.tenant ?? "main",
    kind: checkKind(options.kind ?? "web"),
    idle,
    absolute: absoluteOf(options.absolute ?? "12h"),
    touch: milliseconds(options.touch ?? idle / 10, "touch"),
    retention: milliseconds(options.retention ?? "1d", "retention"),
    rotateEvery: rotation.every === Infinity ? Infinity : milliseconds(rotation.every, "rotation.every"),
    grace: milliseconds(rotation.grace, "rotation.grace"),
    limit,
    deadline: milliseconds(options.deadline ?? "2s", "deadline"),
    floorLag: milliseconds(options.floorLag ?? "1s", "floorLag"),
    sweep: milliseconds(options.sweep ?? "1s", "sweep"),
    bounds: { ...defaultBounds, ...options.bounds },
    clock: options.clock ?? systemClock,
  };
}

/** An absolute lifetime in ms. @throws {SojournError} `invalid_option` above 400 days */
export function absoluteOf(duration: Duration): number {
  const absolute = milliseconds(duration, "absolute");
  if (absolute > longest) throw new SojournError("invalid_option", `absolute is ${JSON.stringify(duration)}. A session may last 400 days at most.`);
  return absolute;
}
