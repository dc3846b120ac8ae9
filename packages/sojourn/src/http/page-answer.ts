import { linkWith } from "./page-links.ts";
import type { PageToken } from "./page-rewriter.ts";

/** What the head of an answer becomes when tokens travel in URLs, forms and pages. */
export interface AnswerPlan {
  /** What links are given; without it nothing is. */
  readonly token: PageToken | undefined;
  /** Whether the request's own URL has a token, which no other site may be told. */
  readonly inUrl: boolean;
  /** The Clear-Site-Data value. */
  readonly clear: string | undefined;
}

/** The fields of an answer, whatever keeps them; names in lower case. */
export interface AnswerFields {
  get(name: string): string | undefined;
  set(name: string, value: string): void;
  remove(name: string): void;
}

/** What describes the bytes of a page as they were, and ways to ask for some of them. */
const ofBytes = ["content-length", "etag", "last-modified", "accept-ranges", "content-md5", "digest", "content-digest", "repr-digest"];

/** Whether an answer is a page that can be rewritten: HTML in UTF-8, whole, and not compressed yet. */
export function isPage(status: number, fields: Pick<AnswerFields, "get">): boolean {
  if (status < 200 || status === 204 || status === 205 || status === 206 || status === 304) return false;
  if (!isPlain(fields.get("content-encoding")) || fields.get("content-range") !== undefined) return false;
  const [type = "", ...parameters] = (fields.get("content-type") ?? "").toLowerCase().split(";");
  if (type.trim() !== "text/html") return false;
  const charset = parameters.map((each) => each.trim()).find((each) => each.startsWith("charset="));
  return charset === undefined || /^charset="?(?:utf-?8|us-ascii)"?$/.test(charset);
}

function isPlain(encoding: string | undefined): boolean {
  return encoding === undefined || encoding === "" || encoding.toLowerCase() === "identity";
}

/**
 * Changes the head of an answer as the plan says; gives whether its body is a page to be rewritten.
 *
 * - A page and a redirect that carry a token: `no-store`, and nothing that describes the page as it was.
 * - So does a page: `base-uri 'self'`, for a `<base>` of another origin that comes late would lead the links before it there too.
 * - Whatever is answered to a URL with a token, or carries one: no other site is told the URL (Referrer-Policy).
 */
export function planned(status: number, fields: AnswerFields, { token, inUrl, clear }: AnswerPlan): boolean {
  if (clear !== undefined) fields.set("clear-site-data", clear);
  const page = token !== undefined && isPage(status, fields);
  const location = token === undefined || status < 300 || status > 399 || status === 304 ? undefined : fields.get("location");
  const led = token === undefined || location === undefined ? undefined : linkWith(location, token.page, token);
  if (led !== undefined) fields.set("location", led);
  if (page) {
    for (const name of ofBytes) fields.remove(name);
    fields.set("content-security-policy", joined(fields.get("content-security-policy"), "base-uri 'self'"));
  }
  if (page || led !== undefined) fields.set("cache-control", "no-store");
  if ((page || led !== undefined || inUrl) && !isQuiet(fields.get("referrer-policy"))) fields.set("referrer-policy", "same-origin");
  return page;
}

/** Policies that come several times are all kept by browsers. */
function joined(own: string | undefined, more: string): string {
  return own === undefined || own === "" ? more : `${own}, ${more}`;
}

function isQuiet(policy: string | undefined): boolean {
  return policy !== undefined && /^(?:no-referrer|same-origin)$/i.test(policy.trim());
}
