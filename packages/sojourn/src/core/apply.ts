import type { Change, Refused, SessionRecord } from "./seam.ts";

/** What a change makes of a record: the next record (`undefined` once erased), or the refusal. */
export type Applied = { readonly ok: true; readonly version: number; readonly next: SessionRecord | undefined } | Refused;

const none: readonly string[] = Object.freeze([]);

/**
 * The meaning of a {@link Change}, once. Pure. Stores that can read before they write call it; stores that cannot (Lua, SQL) restate it
 * and are tested against it. What needs more than the one record is left to the store: whether an alias is taken and whether a limit is reached.
 */
export function apply(record: SessionRecord | undefined, change: Change): Applied {
  const { expect } = change;
  if (expect === "absent") {
    if (record !== undefined) return refused.exists;
  } else {
    if (record === undefined) return refused.missing;
    if (record.ended !== undefined && !(typeof expect === "number" && reachesEnded(change))) return refused.ended;
    if (typeof expect === "number" && record.version !== expect) return refused.stale;
    if (change.fence !== undefined && record.epoch !== change.fence) return refused.fenced;
    if (change.erase) return { ok: true, version: record.version, next: undefined };
  }
  const version = (record?.version ?? 0) + 1;
  const ended = change.ended ?? record?.ended;
  const subject = change.subject === undefined ? record?.subject : (change.subject ?? undefined);
  const wake = nextWake(record?.wake, change);
  const next: SessionRecord = {
    id: change.id,
    version,
    kind: record?.kind ?? change.kind ?? "",
    ...(subject === undefined ? undefined : { subject }),
    ...(wake === undefined ? undefined : { wake }),
    epoch: change.epoch ?? record?.epoch ?? 0,
    ...(ended === undefined ? undefined : { ended }),
    aliases: ended === undefined ? nextAliases(record?.aliases ?? none, change) : none,
    fields: nextFields(record?.fields, change),
  };
  return { ok: true, version, next };
}

const refused = {
  exists: { ok: false, why: "exists" },
  missing: { ok: false, why: "missing" },
  ended: { ok: false, why: "ended" },
  stale: { ok: false, why: "stale" },
  fenced: { ok: false, why: "fenced" },
} as const;

/** Retention is re-armed and records are erased after the end; nothing else is. */
function reachesEnded(change: Change): boolean {
  if (change.erase) return true;
  return (
    change.wake !== undefined &&
    change.set === undefined &&
    change.unset === undefined &&
    change.claim === undefined &&
    change.release === undefined &&
    change.subject === undefined &&
    change.epoch === undefined &&
    change.ended === undefined
  );
}

/** A late touch must not hide a reminder that was set meanwhile: a merge can only bring the wake nearer. */
function nextWake(current: number | undefined, change: Change): number | undefined {
  const { wake } = change;
  if (wake === undefined) return current;
  if (change.expect === "live" && change.ended === undefined) {
    if (wake === null) return current;
    return current === undefined ? wake : Math.min(current, wake);
  }
  return wake ?? undefined;
}

function nextAliases(current: readonly string[], { claim, release }: Change): readonly string[] {
  if (claim === undefined && release === undefined) return current;
  const next = new Set(current);
  for (const alias of release ?? none) next.delete(alias);
  for (const alias of claim ?? none) next.add(alias);
  return [...next];
}

function nextFields(current: SessionRecord["fields"] | undefined, { set, unset }: Change): SessionRecord["fields"] {
  if (current !== undefined && set === undefined && unset === undefined) return current;
  // Spreading an object with fast properties and taking the prototype off afterwards is several times faster than filling a null-prototype one.
  const next: Record<string, string> = { ...current };
  if (unset !== undefined) for (const name of unset) delete next[name];
  if (set !== undefined) for (const name of Object.keys(set)) define(next, name, set[name] as string);
  return Object.setPrototypeOf(next, null) as SessionRecord["fields"];
}

function define(fields: Record<string, string>, name: string, text: string): void {
  if (name === "__proto__") Object.defineProperty(fields, name, { value: text, writable: true, enumerable: true, configurable: true });
  else fields[name] = text;
}
