import { SojournError } from "../core/errors.ts";

/** What a browser can be told to forget of a site (Clear Site Data, W3C). `"cookies"` takes all of the site's cookies, its subdomains' among them. */
export type ClearedData = "cache" | "clientHints" | "cookies" | "executionContexts" | "prefetchCache" | "prerenderCache" | "storage" | "*";

const known: ReadonlySet<string> = new Set<ClearedData>([
  "cache",
  "clientHints",
  "cookies",
  "executionContexts",
  "prefetchCache",
  "prerenderCache",
  "storage",
  "*",
]);

/** The Clear-Site-Data value; `undefined` for nothing. @throws {SojournError} `invalid_option` */
export function clearText(data: readonly ClearedData[] | undefined): string | undefined {
  for (const each of data ?? []) {
    if (!known.has(each))
      throw new SojournError("invalid_option", `clearSiteData: ${JSON.stringify(each)} is nothing that browsers clear. Give some of ${[...known].join(", ")}.`);
  }
  return data === undefined || data.length === 0 ? undefined : [...new Set(data)].map((each) => `"${each}"`).join(", ");
}
