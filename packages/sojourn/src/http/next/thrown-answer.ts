/** An answer that Next.js is told of by throwing: `redirect()`, `permanentRedirect()`, `notFound()`, `forbidden()`, `unauthorized()`. */
export interface ThrownAnswer {
  readonly status: number;
  readonly location: string | undefined;
}

/**
 * Which answer an error stands for, by its digest: `NEXT_REDIRECT;<push or replace>;<url>;<status>;` (the URL may have semicolons of its own),
 * `NEXT_HTTP_ERROR_FALLBACK;<status>`, and `NEXT_NOT_FOUND` of Next.js 14. `undefined` for every other error.
 */
export function thrownAnswer(error: unknown): ThrownAnswer | undefined {
  const digest = digestOf(error);
  if (digest === undefined) return undefined;
  if (digest === "NEXT_NOT_FOUND") return { status: 404, location: undefined };
  const fallback = /^NEXT_HTTP_ERROR_FALLBACK;(40[134])$/.exec(digest);
  if (fallback !== null) return { status: Number(fallback[1]), location: undefined };
  const redirect = /^NEXT_REDIRECT;(?:push|replace);(.+);(30[378]);?$/s.exec(digest);
  return redirect === null ? undefined : { status: Number(redirect[2]), location: redirect[1] };
}

/** Whether Next.js threw this for purposes of its own (to leave static rendering, for one). It must see it again. */
export function isNextSignal(error: unknown): boolean {
  return digestOf(error) !== undefined;
}

function digestOf(error: unknown): string | undefined {
  if (typeof error !== "object" || error === null || !("digest" in error)) return undefined;
  return typeof error.digest === "string" ? error.digest : undefined;
}
