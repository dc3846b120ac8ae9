import type { BreakerSettings } from "./breaker.ts";
import type { Clock } from "./clock.ts";
import { milliseconds, type Duration } from "./duration.ts";
import { SojournError } from "./errors.ts";
import { checkKind } from "./names.ts";
import type { Schemas, StandardSchema } from "./schema.ts";
import type { Store } from "./seam.ts";
import { checkName, defaultBounds, type Bounds } from "./values.ts";

/** What {@link createSessions} takes. */
export interface SessionsOptions<Data extends object = Record<string, unknown>> {
  readonly store: Store;
  /** What the values of fields must be; checked when they are set and when they are read. What is no longer allowed reads as absent, and is told as `unreadable`. */
  readonly schema?: Schemas<Data>;
  /** Which version of the application's data this is: a whole number. What is set is marked with it. Default 0. */
  readonly version?: number;
  /**
   * Makes fields of this version from those that an older one wrote; called with all that one version wrote, once for each change of a session.
   * Pure. Fields that this version has written itself come before what is given back.
   */
  readonly migrate?: (older: Readonly<Record<string, unknown>>, from: number) => Partial<Data>;
  /** Fields that grant something, such as roles: no checkpoint captures or restores them. */
  readonly authority?: readonly (keyof Data & string)[];
  /** How many checkpoints a subject may have, and for how long each is kept. Default 100, and 90 days. */
  readonly checkpoints?: { readonly limit?: number; readonly keep?: Duration };
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
  /**
   * When to leave a store alone that keeps failing, reads and writes apart: after this many failures in a row calls fail at once, for 100 ms at
   * first and then twice as long each time, at most `longest`; in between one call tries it. Default after 5, longest 5 seconds; `false`: never.
   */
  readonly breaker?: { readonly after?: number; readonly longest?: Duration } | false;
  /**
   * What a visit is told when the store cannot be read. Default `"refuse"`: `store_unavailable`. `{ serve: "30s" }`: a session that a visit to this
   * process found alive at most that long ago is served as it was then, read-only and marked `degraded`; every other one is refused.
   */
  readonly outage?: "refuse" | { readonly serve: Duration };
  /** How long a manager may not know of a mass ending by another process. Default 1 second. */
  readonly floorLag?: Duration;
  /** How often `run()` looks for due sessions. Default 1 second. */
  readonly sweep?: Duration;
  /** Bytes of UTF-8 that a field and a record may take. Default 64 kB and 1 MB. */
  readonly bounds?: Partial<Bounds>;
  /** Default: the machine's, but for its jumps, which are told as `clock`. */
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
  readonly breaker: BreakerSettings | undefined;
  /** ms for which a session is served from memory while the store cannot be read. */
  readonly serve: number;
  readonly floorLag: number;
  readonly sweep: number;
  readonly bounds: Bounds;
  readonly schema: ReadonlyMap<string, StandardSchema<unknown>>;
  readonly version: number;
  readonly migrate: ((older: Readonly<Record<string, unknown>>, from: number) => object) | undefined;
  readonly authority: ReadonlySet<string>;
  readonly checkpoints: { readonly limit: number; readonly keep: number };
  readonly clock: Clock;
}

/** The longest that a session may last: 400 days, as browsers keep cookies (RFC 6265bis, Cookie Lifetime Limits). */
export const longest: number = 400 * 86_400_000;

/** @param clock unless one is given. @throws {SojournError} `invalid_option`, naming the option */
export function settingsOf<Data extends object>(options: SessionsOptions<Data>, clock: Clock): Settings {
  const idle = milliseconds(options.idle ?? "30m", "idle");
  const rotation =
    options.rotation === false ? { every: Infinity, grace: "30s" as const } : { every: "1h" as const, grace: "30s" as const, ...options.rotation };
  const limit = options.limit ?? {};
  for (const name of ["perSubject", "total"] as const) wholeAboveZero(`limit.${name}`, limit[name]);
  wholeAboveZero("checkpoints.limit", options.checkpoints?.limit);
  if (options.version !== 0) wholeAboveZero("version", options.version);
  if (options.migrate !== undefined && options.version === undefined) {
    throw new SojournError("invalid_option", "migrate is given without a version. Say which version of the data it makes, such as version: 1.");
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
    breaker: breakerOf(options.breaker ?? {}),
    serve: serveOf(options.outage ?? "refuse"),
    floorLag: milliseconds(options.floorLag ?? "1s", "floorLag"),
    sweep: milliseconds(options.sweep ?? "1s", "sweep"),
    bounds: { ...defaultBounds, ...options.bounds },
    schema: schemasOf(options.schema),
    version: options.version ?? 0,
    migrate: options.migrate,
    authority: new Set<string>(options.authority),
    checkpoints: { limit: options.checkpoints?.limit ?? 100, keep: milliseconds(options.checkpoints?.keep ?? "90d", "checkpoints.keep") },
    clock: options.clock ?? clock,
  };
}

/** An absolute lifetime in ms. @throws {SojournError} `invalid_option` above 400 days */
export function absoluteOf(duration: Duration): number {
  const absolute = milliseconds(duration, "absolute");
  if (absolute > longest) throw new SojournError("invalid_option", `absolute is ${JSON.stringify(duration)}. A session may last 400 days at most.`);
  return absolute;
}

function breakerOf(given: NonNullable<SessionsOptions["breaker"]>): BreakerSettings | undefined {
  if (given === false) return undefined;
  wholeAboveZero("breaker.after", given.after);
  return { after: given.after ?? 5, longest: milliseconds(given.longest ?? "5s", "breaker.longest") };
}

function serveOf(given: NonNullable<SessionsOptions["outage"]>): number {
  if (given === "refuse") return 0;
  if (typeof given === "object") return milliseconds(given.serve, "outage.serve");
  throw new SojournError("invalid_option", `outage is ${JSON.stringify(given)}. Give "refuse", or how long to serve from memory, such as { serve: "30s" }.`);
}

function wholeAboveZero(name: string, value: number | undefined): void {
  if (value === undefined || (Number.isSafeInteger(value) && value > 0)) return;
  throw new SojournError("invalid_option", `${name} is ${JSON.stringify(value)}. Give a whole number above zero, or leave it out.`);
}

function schemasOf(given: object = {}): ReadonlyMap<string, StandardSchema<unknown>> {
  if ("~standard" in given) {
    throw new SojournError(
      "invalid_option",
      "schema is one schema. Give an object with a schema for each field, such as { cart: z.array(z.string()) }: fields are written one by one.",
    );
  }
  const schemas = new Map(Object.entries(given as Record<string, StandardSchema<unknown>>));
  for (const [name, schema] of schemas) {
    checkName(name);
    if (typeof schema?.["~standard"]?.validate === "function") continue;
    throw new SojournError("invalid_option", `schema.${name} is no schema. Give one that speaks Standard Schema, such as those of Zod, Valibot or ArkType.`);
  }
  return schemas;
}
