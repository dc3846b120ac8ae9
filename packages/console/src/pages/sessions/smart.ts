import type { Route, Search } from "../../app/routes.ts";

/** What somebody wrote into the one box, as it is understood. */
export interface Understood {
  readonly route: Route;
  /** The other thing that it may have meant. */
  readonly other?: Search;
  /** It was a whole token: its secret was left out, and nobody should write it into a box. */
  readonly token?: true;
}

// Crockford's base 32, as ids are written; a token is an id, a point and 32 characters.
const id = /^(?:id:)?([0-9a-hjkmnp-tv-z]{26})(\.\S*)?$/;
const prefix = /^(subject|kind|address|device):(.*)$/s;

/** An id leads to its session; `kind:` and the like say what is meant; a known kind is one; all else is a subject. Undefined: nothing was written. */
export function understood(text: string, kinds: readonly string[]): Understood | undefined {
  const asked = text.trim();
  if (asked === "") return undefined;
  const [, found, secret] = id.exec(asked) ?? [];
  if (found !== undefined) return { route: { page: "session", id: found }, ...(secret !== undefined && { token: true as const }) };
  const search: { -readonly [Key in keyof Search]: Search[Key] } = {};
  const rest: string[] = [];
  for (const word of asked.split(/\s+/)) {
    const [, name, value = ""] = prefix.exec(word) ?? [];
    if (name === undefined || value === "") rest.push(word);
    else search[name === "device" ? "agent" : (name as "subject" | "kind" | "address")] = value;
  }
  // A subject may have blanks; where nothing else was said, the text is it as it was written.
  const subject = rest.length === 0 ? undefined : Object.keys(search).length === 0 ? asked : rest.join(" ");
  if (subject !== undefined && Object.keys(search).length === 0 && kinds.includes(subject))
    return { route: { page: "sessions", search: { kind: subject } }, other: { subject } };
  return { route: { page: "sessions", search: { ...(subject !== undefined && { subject }), ...search } } };
}

/** Whether it has to be searched for by reading, because no index has it. */
export function needsReading({ address, agent, after, before, live }: Search): boolean {
  return [address, agent, after, before, live].some((value) => value !== undefined);
}
