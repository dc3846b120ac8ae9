const told = new Set<string>();

/**
 * Says, once for each text, that something of express-session's API is to go. Like express-session's own it can be turned off with `NO_DEPRECATION=express-session`
 * (or `*`), and like all of Node's with `--no-deprecation`.
 */
export function deprecate(what: string): void {
  const off = (process.env["NO_DEPRECATION"] ?? "").split(/[ ,]+/);
  if (told.has(what) || off.includes("express-session") || off.includes("*")) return;
  told.add(what);
  process.emitWarning(`express-session: ${what}`, { type: "DeprecationWarning", code: "SOJOURN_EXPRESS_SESSION" });
}
