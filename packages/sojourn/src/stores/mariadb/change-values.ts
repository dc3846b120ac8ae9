import { SojournError } from "../../core/errors.ts";
import type { Change } from "../../core/seam.ts";
import type { MariadbValue } from "./client.ts";
import { linesOf, patternsOf } from "./field-lines.ts";
import { hashOf } from "./hash-of.ts";
import { kindSlots, subjectSlots } from "./schema.ts";

/** Aliases that one change may name: their hashes go into one regular expression. */
const mostAliases = 200;

/** What the commit procedure takes for a change, and the aliases by their place in it, for its answer. */
export interface ChangeValues {
  readonly values: readonly MariadbValue[];
  readonly aliases: readonly string[];
}

/**
 * The arguments of the commit procedure.
 * @throws {SojournError} `invalid_field` for a text that is not well-formed Unicode, which UTF-8 cannot carry; `too_large` for more than 200 aliases.
 */
export function valuesOf(change: Change): ChangeValues {
  const { expect, kind, subject, ended, set, unset, claim, release } = change;
  const creates = expect === "absent";
  const joins = typeof subject === "string" ? subject : undefined;
  const wants = new Map<string, boolean>();
  for (const alias of release ?? []) wants.set(alias, false);
  for (const alias of claim ?? []) wants.set(alias, true);
  if (wants.size > mostAliases)
    throw new SojournError("too_large", `The change claims and releases ${wants.size} aliases. Name at most ${mostAliases} at a time.`);
  const aliases = [...wants].map(([alias, claims]) => ({ alias, claims, hash: hashOf(alias, "an alias") })).sort((x, y) => Buffer.compare(x.hash, y.hash));
  const touches = set !== undefined || unset !== undefined;
  return {
    aliases: aliases.map(({ alias }) => alias),
    values: [
      bytes(change.id, "the id"),
      creates ? 0 : expect === "live" ? 1 : 2,
      typeof expect === "number" ? expect : null,
      change.fence ?? null,
      reachesEnded(change) ? 1 : 0,
      change.erase ? 1 : 0,
      creates ? bytes(kind ?? "", "the kind") : null,
      creates ? slotOf(kind ?? "", "the kind", 0, kindSlots) : null,
      creates ? limit(change.kindLimit) : null,
      subject === undefined ? 0 : 1,
      joins === undefined ? null : bytes(joins, "the subject"),
      joins === undefined ? null : slotOf(joins, "the subject", kindSlots, subjectSlots),
      limit(change.subjectLimit),
      change.wake === undefined ? 0 : 1,
      change.wake ?? null,
      change.epoch ?? null,
      ended === undefined ? null : bytes(ended, "the ending"),
      touches ? Buffer.from(patternsOf(namesIn(change)).join("\n")) : null,
      fieldLines(set),
      Buffer.concat(aliases.flatMap(({ hash, claims }) => [hash, Buffer.from(claims ? "+" : "-")])),
      aliases.length === 0 ? null : Buffer.from(patternsOf(aliases.map(({ hash }) => hash.toString("hex")))[0] ?? ""),
      Buffer.from(linesOf(aliases.filter(({ claims }) => claims).map(({ alias, hash }) => [hash.toString("hex"), alias]))),
    ],
  };
}

/** The arguments of the statement for a plain merge: the pattern, the lines, the id, the version, the fence. `undefined` when the change is another, or needs several patterns. */
export function mergeValuesOf(change: Change): readonly MariadbValue[] | undefined {
  if (!isMerge(change)) return undefined;
  const [pattern = "", ...more] = patternsOf(namesIn(change));
  if (more.length > 0) return undefined;
  const version = typeof change.expect === "number" ? change.expect : null;
  return [Buffer.from(pattern), fieldLines(change.set), bytes(change.id, "the id"), version, change.fence ?? null];
}

function isMerge(change: Change): boolean {
  return (
    change.expect !== "absent" &&
    (change.set !== undefined || change.unset !== undefined) &&
    change.wake === undefined &&
    change.ended === undefined &&
    change.subject === undefined &&
    change.claim === undefined &&
    change.release === undefined &&
    change.epoch === undefined &&
    change.erase === undefined
  );
}

/** As in `apply`: retention is re-armed and records are erased after the end; nothing else is. */
function reachesEnded(change: Change): boolean {
  if (typeof change.expect !== "number") return false;
  if (change.erase) return true;
  const { wake, set, unset, claim, release, subject, epoch, ended } = change;
  return wake !== undefined && [set, unset, claim, release, subject, epoch, ended].every((part) => part === undefined);
}

/** Names that the change sets or takes away, each once. */
function namesIn({ set, unset }: Change): string[] {
  const names = set === undefined ? [] : Object.keys(set);
  return unset === undefined ? names : [...new Set([...names, ...unset])];
}

function fieldLines(set: Change["set"]): Buffer {
  return set === undefined ? Buffer.alloc(0) : bytes(linesOf(Object.entries(set)), "a field");
}

/** The text's UTF-8. */
function bytes(text: string, what: string): Buffer {
  if (!(text as string & { isWellFormed(): boolean }).isWellFormed()) {
    throw new SojournError("invalid_field", `The text of ${what} is not well-formed Unicode: it holds half of a surrogate pair. Nothing was written.`);
  }
  return Buffer.from(text);
}

/** One of `count` slots from `first`, by the text. */
function slotOf(text: string, what: string, first: number, count: number): number {
  return first + (hashOf(text, what).readUInt32BE() % count);
}

/** No limit and one without end are the same. */
function limit(most: number | undefined): number | null {
  return most === undefined || most > Number.MAX_SAFE_INTEGER ? null : most;
}
