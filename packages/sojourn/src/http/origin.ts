/** What a request says of where it comes from. */
export interface Provenance {
  readonly method: string;
  /** Sec-Fetch-Site (Fetch Metadata): written by the browser, out of reach of scripts. */
  readonly site: string | undefined;
  /** Origin (RFC 6454 §7). */
  readonly origin: string | undefined;
  /** Host, or `:authority`. */
  readonly host: string | undefined;
  /** Whether the request is known to have come over TLS. */
  readonly secure: boolean;
}

/** Whether a method must change nothing (RFC 9110 §9.2.1), and so may come from anywhere. */
export function isSafe(method: string): boolean {
  return method === "GET" || method === "HEAD" || method === "OPTIONS" || method === "TRACE";
}

/**
 * Whether a browser sent this request for a page of another origin (OWASP Cross-Site Request Forgery Prevention, "Fetch Metadata", with Origin as the fall-back).
 *
 * - A safe method never counts as one.
 * - `Sec-Fetch-Site: same-origin` or `none` (the user typed it) passes; any other value only from an origin in `allowed`.
 * - Without Sec-Fetch-Site (plain http to another host, browsers before 2023), Origin must be the request's own or in `allowed`. The scheme counts once TLS is known.
 * - With neither, the caller decides: see {@link isUnstated}.
 */
export function isCrossOrigin(from: Provenance, allowed: ReadonlySet<string>): boolean {
  if (isSafe(from.method)) return false;
  const { site, origin } = from;
  if (site === "same-origin" || site === "none") return false;
  if (origin !== undefined && allowed.has(origin)) return false;
  if (site !== undefined) return true;
  return origin !== undefined && !isOwn(origin, from);
}

/**
 * Whether the request says nothing of where it comes from: a program sent it (every browser sends Origin with unsafe methods since 2020), or something on
 * the way took it off.
 */
export function isUnstated({ site, origin }: Provenance): boolean {
  return site === undefined && origin === undefined;
}

function isOwn(origin: string, { host, secure }: Provenance): boolean {
  if (host === undefined) return false;
  const own = host.toLowerCase();
  return origin === `https://${own}` || (!secure && origin === `http://${own}`);
}
