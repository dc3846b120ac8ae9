import type { Answer } from "@sojourn/client";
import { onTerminal } from "./output.ts";
import { plain } from "./plain.ts";
import type { Column } from "./table.ts";
import { iso, relative } from "./times.ts";

/** A session from outside. */
export type SessionInfo = Answer<"showSession">;

/** Of {@link sessionRow}. */
export const sessionColumns: readonly Column[] = [
  { name: "id" },
  { name: "kind" },
  { name: "subject", style: "bold" },
  { name: "created" },
  { name: "seen" },
  { name: "expires" },
];

/** A row of a listing of sessions. */
export function sessionRow({ id, kind, subject, created, seen, expiresAt, ended }: SessionInfo): readonly string[] {
  const ends = ended === undefined ? momentText(expiresAt) : `ended ${momentText(ended.at)} (${endingText(ended)})`;
  return [id, kind, subject ?? "-", created, seen, ends].map((cell) => (typeof cell === "number" ? momentText(cell) : plain(cell)));
}

/** Why, and by whom; not yet made plain. */
export function endingText({ reason, by }: NonNullable<SessionInfo["ended"]>): string {
  return by === undefined ? reason : `${reason} by ${by}`;
}

/** For people how long ago, for whatever reads a pipe ISO 8601. */
export function momentText(at: number): string {
  return onTerminal ? relative(at) : iso(at);
}
