import { hash } from "node:crypto";
import { Problem } from "./problem.ts";

/** What a limiter says of one more. */
export interface Verdict {
  readonly ok: boolean;
  /** Seconds after which it may be tried again; 0 when it may be now. */
  readonly retryAfter: number;
}

/** How many a key may ask. */
export interface Rate {
  /** For long. */
  readonly perSecond: number;
  /** At once. */
  readonly burst: number;
}

/** Counts failures of each address, and holds those off that have too many. */
export interface AttemptLimiter {
  mayTry(address: string): Verdict;
  failed(address: string): void;
}

/** The limits that hold for requests with application keys. In memory: each server counts for itself. */
export interface RateLimits {
  /** Before a key is looked up. @throws {Problem} 429 when there were too many wrong ones from the address, unless this very key was good lately */
  checkAddress(address: string, key: string): void;
  /** A key from there was none of ours. */
  wrongKey(address: string, key: string): void;
  /** Counts a request of who was let in, by a key or at the console. @throws {Problem} 429 when it has asked too much */
  count(caller: { readonly id: string }, key?: string): void;
}

/** Addresses and keys that are remembered at most; the oldest are forgotten. */
const remembered = 10_000;
const minute = 60_000;
const wrongKeys = { most: 20, within: minute };
/** Ten wrong proofs of one address, and so many of all together that nobody can try from many at once. */
const ofOne = { most: 10, within: 15 * minute };
const ofAll = { most: 100, within: minute };

/** @param rate undefined: keys may ask as much as they like. @param clock ms that only grow */
export function rateLimits(rate: Rate | undefined, clock: () => number = () => performance.now()): RateLimits {
  const failures = failureCounter(wrongKeys, clock);
  const take = rate === undefined ? undefined : bucketOfEach(rate, clock);
  /** Of keys that were good lately: whose is which digest, and the other way round, so that a key is hashed once and not with each request. */
  const callers = new Map<string, string>();
  const digests = new Map<string, string>();
  return {
    checkAddress(address, key) {
      const { ok, retryAfter } = failures.mayTry(address);
      // One wrong key behind a proxy must not lock out who has a good one.
      if (ok || callers.has(digestOf(key))) return;
      throw tooMany(
        `${wrongKeys.most} requests with a wrong key came from this address within a minute. Correct the key, and ask again in ${retryAfter} s.`,
        retryAfter,
        { name: "wrong-keys", quota: wrongKeys.most, window: wrongKeys.within / 1_000 },
      );
    },
    wrongKey(address, key) {
      failures.failed(address);
      const digest = digestOf(key);
      digests.delete(callers.get(digest) ?? "");
      callers.delete(digest);
    },
    count({ id }, key) {
      if (key !== undefined && !digests.has(id)) {
        const digest = digestOf(key);
        put(digests, id, digest);
        put(callers, digest, id);
      }
      const verdict = take?.(id);
      if (rate === undefined || verdict === undefined || verdict.ok) return;
      const { perSecond, burst } = rate;
      throw tooMany(`This key asks more than ${perSecond} times a second. Ask again in ${verdict.retryAfter} s, and less often.`, verdict.retryAfter, {
        name: "key",
        quota: burst,
        window: Math.max(1, Math.ceil(burst / perSecond)),
      });
    },
  };
}

/** For log-ins: 10 failures of an address in 15 minutes, 100 of all addresses in one. @param clock ms that only grow */
export function attemptLimiter(clock: () => number = () => performance.now()): AttemptLimiter {
  const each = failureCounter(ofOne, clock);
  const all = failureCounter(ofAll, clock);
  return {
    mayTry(address) {
      const one = each.mayTry(address);
      return one.ok ? all.mayTry("") : one;
    },
    failed(address) {
      each.failed(address);
      all.failed("");
    },
  };
}

/** @param most within so many ms, of one address @param clock ms that only grow */
export function failureCounter({ most, within }: { readonly most: number; readonly within: number }, clock: () => number): AttemptLimiter {
  const counted = new Map<string, { count: number; readonly until: number }>();
  return {
    mayTry(address) {
      // The way of nearly every request.
      if (counted.size === 0) return fine;
      const found = counted.get(networkOf(address));
      const left = found === undefined || found.count < most ? 0 : found.until - clock();
      return left <= 0 ? fine : { ok: false, retryAfter: Math.ceil(left / 1_000) };
    },
    failed(address) {
      const network = networkOf(address);
      const found = counted.get(network);
      if (found !== undefined && found.until > clock()) found.count += 1;
      else {
        counted.delete(network);
        put(counted, network, { count: 1, until: clock() + within });
      }
    },
  };
}

/** A bucket of tokens for each name: kept as the moment at which it is full again (the generic cell rate algorithm), so nothing has to be filled. */
function bucketOfEach({ perSecond, burst }: Rate, clock: () => number): (name: string) => Verdict {
  const step = 1_000 / perSecond;
  const fullAt = new Map<string, number>();
  return (name) => {
    const now = clock();
    const known = fullAt.get(name);
    const next = Math.max(known ?? now, now) + step;
    const wait = next - now - burst * step;
    // A millionth of a step is what adding up fractions may have cost.
    if (wait > step * 1e-6) return { ok: false, retryAfter: Math.ceil(wait / 1_000) };
    if (known === undefined) put(fullAt, name, next);
    else fullAt.set(name, next);
    return fine;
  };
}

const fine: Verdict = { ok: true, retryAfter: 0 };

/** Adds, and forgets the oldest when there are too many. */
function put<T>(map: Map<string, T>, name: string, value: T): void {
  if (map.size >= remembered) for (const oldest of map.keys()) if (map.delete(oldest)) break;
  map.set(name, value);
}

/** Keys rest nowhere, not in memory either. */
function digestOf(key: string): string {
  return hash("sha256", key, "base64");
}

/** Whoever has one IPv6 address has the 2^64 of its network. */
export function networkOf(address: string): string {
  if (!address.includes(":") || address.includes(".")) return address;
  const [head = "", tail = ""] = address.split("::", 2);
  const groups = head === "" ? [] : head.split(":");
  const rest = tail === "" ? 0 : tail.split(":").length;
  const all = [...groups, ...Array.from({ length: Math.max(0, 8 - groups.length - rest) }, () => "0"), ...tail.split(":")];
  return all.slice(0, 4).join(":");
}

interface Policy {
  readonly name: string;
  readonly quota: number;
  /** Seconds. */
  readonly window: number;
}

/** With the fields of draft-ietf-httpapi-ratelimit-headers. */
function tooMany(detail: string, retryAfter: number, { name, quota, window }: Policy): Problem {
  return new Problem(429, "too_many_requests", detail, {
    headers: {
      "Retry-After": String(retryAfter),
      "RateLimit-Policy": `"${name}";q=${quota};w=${window}`,
      RateLimit: `"${name}";r=0;t=${retryAfter}`,
    },
  });
}
