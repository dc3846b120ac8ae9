import { SojournError } from "../../core/errors.ts";
import type { Session as SojournSession } from "../../core/session.ts";
import type { StoredSession } from "./request-session.ts";
import type { Cookie, CookieData } from "./session-cookie.ts";
import { valuesOf, type Texts } from "./texts.ts";

/** How a session of the middleware lies in a Sojourn session: each property is a field, and the cookie is one with some notes in it. */
export interface KeptCookie extends Omit<CookieData, "expires"> {
  /** Idle time that the Sojourn session was given, ms. */
  readonly idle?: number;
  /** Epoch ms at which it runs out, where that is before the Sojourn session does: it was given a shorter maxAge later. */
  readonly until?: number;
  /** The fixed `expires` of a cookie that has no maxAge. */
  readonly expires?: unknown;
  /** The first of the Sojourn sessions that this session has been, where there were several. */
  readonly first?: string;
}

export type Kept = SojournSession<Record<string, unknown>>;

const cookieField = "cookie";

/** Every name can be a property, but not a field's: "$…" is the manager's. */
export function fieldOf(property: string): string {
  return property === "" || property === cookieField || /^[$~]/.test(property) ? `~${property}` : property;
}

function propertyOf(field: string): string {
  return field.startsWith("~") ? field.slice(1) : field;
}

/** The properties. */
export function textsIn(kept: Kept): Texts {
  const texts = new Map<string, string>();
  for (const [field, value] of Object.entries(kept.data)) if (field !== cookieField) texts.set(propertyOf(field), JSON.stringify(value));
  return texts;
}

/** The same of a record of a manager without versions or schemas, whose texts are JSON. */
export function textsOfFields(fields: Readonly<Record<string, string>>): Texts {
  const own = Object.entries(fields).filter(([field]) => !field.startsWith("$") && field !== cookieField);
  return new Map(own.map(([field, text]) => [propertyOf(field), text]));
}

export function cookieIn(kept: Kept): KeptCookie | undefined {
  const cookie = kept.get(cookieField);
  return typeof cookie === "object" && cookie !== null ? (cookie as unknown as KeptCookie) : undefined;
}

/** Epoch ms at which the session runs out. */
export function untilOf(kept: Kept): number {
  return Math.min(cookieIn(kept)?.until ?? Infinity, kept.expiresAt ?? Infinity);
}

/** As express-session has it. */
export function storedOf(kept: Kept): StoredSession {
  const { idle: _idle, until: _until, first: _first, expires, ...attributes } = cookieIn(kept) ?? { originalMaxAge: null };
  const runsOut = typeof attributes.originalMaxAge === "number" ? new Date(untilOf(kept)) : fixed(expires);
  return { cookie: { ...attributes, expires: runsOut }, ...valuesOf(textsIn(kept)) };
}

function fixed(expires: unknown): unknown {
  return typeof expires === "string" ? new Date(expires) : (expires ?? null);
}

/** ms that a cookie asks for; `undefined` for one that goes with the browser. */
export function maxAgeOf(cookie: Pick<CookieData, "originalMaxAge">): number | undefined {
  const { originalMaxAge } = cookie;
  return typeof originalMaxAge === "number" && Number.isFinite(originalMaxAge) ? originalMaxAge : undefined;
}

/** The field of a cookie. @param idle what the Sojourn session has. @param now epoch ms */
export function keptCookie(cookie: Cookie, idle: number | undefined, first: string | undefined, now: number): KeptCookie {
  const data = JSON.parse(JSON.stringify(cookie)) as CookieData;
  const { expires, ...attributes } = data;
  const maxAge = maxAgeOf(data);
  return {
    ...attributes,
    ...(maxAge === undefined && expires !== undefined && expires !== null ? { expires } : undefined),
    ...(idle === undefined ? undefined : { idle }),
    ...(maxAge !== undefined && (idle === undefined || isShorter(maxAge, idle)) ? { until: now + maxAge } : undefined),
    ...(first === undefined ? undefined : { first }),
  };
}

/** By more than a hundredth: `expires` set to "in an hour" by the clock is a millisecond off each time. */
export function isShorter(a: number, b: number): boolean {
  return a < b * 0.99;
}

/** The name of a session among aliases, of which the store has only a digest. */
export function aliasOf(sid: string): string {
  return `express-session:${sid}`;
}

/** The name of the session that is about to take another's place, until it has its name. */
export function nextAliasOf(sid: string): string {
  return `express-session-next:${sid}`;
}

/** Whether a write came too late: the session had ended. */
export function isEnded(error: unknown): boolean {
  return error instanceof SojournError && error.code === "session_ended";
}

/** What a write hears that came too late. */
export function endedMeanwhile(): SojournError {
  return new SojournError("session_ended", "The session ended, or became somebody's, while the request was under way; nothing was written.");
}
