/** Cache-Control of an answer that used a session, when the application says nothing: a browser may keep it, and asks again before it shows it. */
export const privateAnswer = "private, no-cache";
/** Cache-Control of an answer that carries a token: nobody keeps it. */
export const tokenAnswer = "no-store";

/**
 * Cache-Control of an answer that used a session, from what the application set (RFC 9111 §5.2.2). What lets a shared cache keep the answer is taken out
 * (`public`, `s-maxage`, and qualified `private="…"`, which is weaker than it looks) and `private` put in; the rest stays.
 */
export function privately(own: string | undefined): string {
  if (own === undefined || own === "") return privateAnswer;
  const kept = directives(own).filter((directive) => !/^(?:public|s-maxage|private)(?:\s*=|$)/i.test(directive));
  if (kept.some((directive) => directive.toLowerCase() === "no-store")) return kept.join(", ");
  return ["private", ...kept].join(", ");
}

/** The directives that are well formed. A comma inside a quoted string separates nothing. */
function directives(text: string): string[] {
  return Array.from(
    text.matchAll(/(?:^|,)[ \t]*([\w!#$%&'*+\-.^`|~]+(?:[ \t]*=[ \t]*(?:[\w!#$%&'*+\-.^`|~]+|"(?:[^"\\]|\\.)*"))?)[ \t]*(?=,|$)/g),
    (match) => match[1] as string,
  );
}

/**
 * Whether a field tells some caches something else than Cache-Control, and wins there (RFC 9213; Surrogate-Control before it). It has no place on an
 * answer that used a session.
 */
export function isTargeted(name: string): boolean {
  const lower = name.toLowerCase();
  return lower === "surrogate-control" || lower.endsWith("-cache-control");
}

/** The application's Vary with these field names in it as well (RFC 9110 §12.5.5). */
export function varying(own: string | undefined, names: string): string {
  if (own === undefined || own === "") return names;
  const present = new Set(own.split(",").map((name) => name.trim().toLowerCase()));
  if (present.has("*")) return own;
  const missing = names.split(", ").filter((name) => !present.has(name.toLowerCase()));
  return missing.length === 0 ? own : [own, ...missing].join(", ");
}
