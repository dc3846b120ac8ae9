import { apply } from "../../core/apply.ts";
import type { Change, Outcome, SessionId, SessionRecord } from "../../core/seam.ts";
import { holderOf, isLive, liveOfKind, liveSubject, reindex, subjectHolds } from "./indexes.ts";
import { short } from "./keys.ts";
import type { Layout } from "./layout.ts";
import type { LogEntry } from "./log-entries.ts";
import { encodeRecord } from "./record-codec.ts";
import type { View } from "./view.ts";

/** The part of a transaction that has been judged so far. */
export interface Judged {
  readonly entries: LogEntry[];
  readonly records: Map<SessionId, SessionRecord | undefined>;
  /** Whether a change is half written: if it fails now, the transaction has to be undone as a whole. */
  writing: boolean;
}

/** Characters of a delta above which the record itself is written instead: what the log holds, every process holds. */
const longestDelta = 1024;

/** Judges one change inside the write transaction and writes what it does. */
export function judge(layout: Layout, view: View, judged: Judged, change: Change): Outcome {
  const { id } = change;
  const before = judged.records.has(id) ? judged.records.get(id) : view.peek(id);
  const applied = apply(before, change);
  if (!applied.ok) return applied;
  const { version, next } = applied;
  const refusal = refuse(layout, view, judged, change, before, next);
  if (refusal !== undefined) return refusal;

  if (next !== undefined && isDelta(change)) {
    judged.entries.push({ was: "delta", id, version, set: change.set ?? nothing, unset: change.unset ?? none });
  } else {
    judged.writing = true;
    reindex(layout, before, next);
    if (next === undefined) layout.records.remove(short(id));
    else layout.records.put(short(id), encodeRecord(next));
    judged.writing = false;
    judged.entries.push(next === undefined ? { was: "erased", id, version } : { was: "written", id, version, ended: next.ended !== undefined });
  }
  judged.records.set(id, next);
  return next === undefined ? { ok: true, version } : { ok: true, version, record: next };
}

const nothing: Readonly<Record<string, string>> = Object.freeze({});
const none: readonly string[] = Object.freeze([]);

/** Whether nothing but fields changes, so that no index does. */
export function isPlain(change: Change): boolean {
  return (
    change.expect !== "absent" &&
    change.wake === undefined &&
    change.subject === undefined &&
    change.epoch === undefined &&
    change.ended === undefined &&
    change.claim === undefined &&
    change.release === undefined &&
    change.erase === undefined
  );
}

function isDelta(change: Change): boolean {
  if (!isPlain(change)) return false;
  let length = 0;
  if (change.set !== undefined) for (const name in change.set) length += name.length + (change.set[name] as string).length;
  if (change.unset !== undefined) for (const name of change.unset) length += name.length;
  return length <= longestDelta;
}

/** What needs more than the one record: whether an alias is taken and whether a limit is reached. Earlier changes of the transaction are in the index already. */
function refuse(
  layout: Layout,
  view: View,
  judged: Judged,
  change: Change,
  before: SessionRecord | undefined,
  next: SessionRecord | undefined,
): Outcome | undefined {
  if (next === undefined || !isLive(next)) return undefined;
  for (const alias of change.claim ?? none) {
    const holder = holderOf(layout, alias);
    if (holder === undefined || holder === short(change.id)) continue;
    const other = judgedAt(judged, holder) ?? view.at(holder);
    if (isLive(other) && other?.aliases.includes(alias)) return { ok: false, why: "taken", alias };
  }
  const subject = liveSubject(next);
  if (change.subjectLimit !== undefined && subject !== undefined && subject !== liveSubject(before) && subjectHolds(layout, subject, change.subjectLimit)) {
    return { ok: false, why: "full", of: "subject" };
  }
  if (change.kindLimit !== undefined && before === undefined && liveOfKind(layout, next.kind) >= change.kindLimit)
    return { ok: false, why: "full", of: "kind" };
  return undefined;
}

function judgedAt(judged: Judged, place: string): SessionRecord | undefined {
  return judged.records.get(place as SessionId);
}
