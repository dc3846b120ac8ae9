import { apply } from "../core/apply.ts";
import type { Calls } from "../core/calls.ts";
import { belongsSince, own, type Entries, type Entry } from "../core/entry.ts";
import { SojournError } from "../core/errors.ts";
import { endingOf } from "../core/events.ts";
import { andThen } from "../core/maybe.ts";
import { isOwnKind } from "../core/names.ts";
import { lifeOf } from "../core/own-fields.ts";
import type { Change, MaybePromise, Outcome, SessionId, SessionRecord } from "../core/seam.ts";
import { asideOf, type AsideRecord } from "./aside.ts";
import { goodUntil } from "./good-until.ts";
import { restsAside, type Held } from "./held.ts";
import type { SealedParts } from "./parts.ts";
import { seal } from "./sealing.ts";

/** The verbs of a store over the one record. What ends it, or replaces its tokens, is written where revocations are kept; what rests aside, there. */
export function heldCalls(parts: SealedParts, held: Held, entries: Entries): Calls {
  const { aside, places, revocations } = parts;

  function isOver(record: SessionRecord): boolean {
    if (revocations === undefined || held.out !== record.id || held.entry === undefined) return false;
    return revocations.refused(record.id, held.generation, record.subject, belongsSince(held.entry), parts.settings.clock.now()) !== undefined;
  }

  function commit(change: Change): MaybePromise<Outcome> {
    const begins = change.expect === "absent";
    const { record } = held;
    if (begins ? isOwnKind(change.kind ?? "") : change.id !== record?.id) {
      if (places === undefined || begins) throw needsStore();
      return places.commit(change);
    }
    checkActs(change);
    if (!begins && record !== undefined && isOver(record)) return { ok: false, why: "ended" };
    const applied = apply(begins ? undefined : record, change);
    if (!applied.ok) return applied;
    if (applied.next === undefined) throw needsStore();
    const { next } = applied;
    checkLife(parts, change.set?.[own.life]);
    if (begins) Object.assign(held, { generation: 0, entry: undefined, aside: "none", rested: undefined } satisfies Partial<Held>);
    return andThen(recorded(change, next), (refused) => refused ?? andThen(rest(change), (given) => given ?? taken(take(change, next))));
  }

  /** What others have to know. Gives a refusal. */
  function recorded(change: Change, next: SessionRecord): MaybePromise<Outcome | undefined> {
    const replaces = change.set?.[own.secret] !== undefined && change.expect !== "absent";
    if (change.ended === undefined && !replaces && change.subjectLimit === undefined) return undefined;
    const placed = change.subjectLimit === undefined || places === undefined ? undefined : places.take(change, next);
    return andThen(placed, (full) => {
      if (full !== undefined) return full;
      if (change.ended !== undefined) return over(change, next);
      return replaces ? replaced(change, next) : undefined;
    });
  }

  function over(change: Change, { id }: SessionRecord): MaybePromise<Outcome | undefined> {
    const resting = held.aside === "none" ? undefined : aside?.erase(id);
    return andThen(resting, () => andThen(revoked(change, id), (refused) => refused ?? andThen(places?.end(change), () => undefined)));
  }

  /** No token of it is good any more, unless none was ever given out. Gives a refusal. */
  function revoked({ ended }: Change, id: SessionId): MaybePromise<Outcome | undefined> {
    if (revocations === undefined || held.out !== id || held.entry === undefined) return undefined;
    const { reason, by } = endingOf(ended as string);
    const noted = revocations.end(id, { reason, ...(by === undefined ? undefined : { by }), until: goodUntil(parts.settings, held.entry) });
    return andThen<boolean, Outcome | undefined>(noted, (byUs) => (byUs ? undefined : { ok: false, why: "ended" }));
  }

  /** At once after a log-in or an elevation; a rotation that was only asked for leaves requests under way their grace. */
  function replaced(change: Change, { id }: SessionRecord): MaybePromise<Outcome | undefined> {
    held.generation++;
    if (revocations === undefined || held.out !== id || held.entry === undefined) return undefined;
    // Whatever the clocks of other nodes say.
    const from = change.set?.[own.auth] === undefined ? parts.settings.clock.now() + parts.settings.grace : 0;
    const won = revocations.replace(id, held.generation, from, goodUntil(parts.settings, held.entry));
    return andThen<boolean, Outcome | undefined>(won, (byUs) => (byUs ? undefined : { ok: false, why: "ended" }));
  }

  /** The part of a change that rests aside. Gives a refusal. */
  function rest(change: Change): MaybePromise<Outcome | undefined> {
    if (aside === undefined || change.ended !== undefined) return undefined;
    const set = Object.entries(change.set ?? {}).filter(([name]) => restsAside(parts, held.aside, name));
    const unset = (change.unset ?? []).filter((name) => restsAside(parts, held.aside, name));
    const life = change.set?.[own.life];
    const rested = held.rested !== undefined;
    if (set.length === 0 && (!rested || (unset.length === 0 && life === undefined))) return undefined;
    const expect = held.rested === undefined ? "absent" : typeof change.expect === "number" ? held.rested.version : "live";
    const wake = (life === undefined ? (held.entry as Entry).life : lifeOf(life)).absolute;
    const part = { ...(set.length === 0 ? undefined : { set: Object.fromEntries(set) }), ...(unset.length === 0 || !rested ? undefined : { unset }) };
    return andThen(aside.commit(change.id, expect, wake, part), (outcome) => {
      if (outcome.ok) {
        held.rested = outcome.record === undefined ? merged(held.rested, part, outcome.version) : asideOf(outcome.record);
        if (held.aside === "none") held.aside = "shared";
        return undefined;
      }
      if (outcome.why === "exists") {
        // Another request of the visitor was the first.
        held.rested = { version: 0, fields: {} };
        held.aside = "shared";
        held.changed = true;
        return typeof change.expect === "number" ? { ok: false, why: "stale" } : rest(change);
      }
      return outcome.why === "missing" ? { ok: false, why: "ended" } : outcome;
    });
  }

  function take(change: Change, next: SessionRecord): Outcome {
    const record = withRested(next);
    const begins = change.expect === "absent";
    held.wrote = true;
    held.changed ||= begins || !onlyAside(change);
    held.record = record;
    return { ok: true, version: record.version, record };
  }

  /** Where sealing takes a promise, who asks for the token later could not wait for it. */
  function taken(outcome: Outcome): MaybePromise<Outcome> {
    if (!parts.asynchronous || held.record === undefined || entries.of(held.record) === undefined) return outcome;
    return andThen(seal(parts, held, undefined), (text) => {
      held.text = text;
      return outcome;
    });
  }

  function onlyAside(change: Change): boolean {
    if (held.aside === "none" || change.ended !== undefined || change.subject !== undefined) return false;
    return [...Object.keys(change.set ?? {}), ...(change.unset ?? [])].every((name) => restsAside(parts, held.aside, name));
  }

  function withRested(record: SessionRecord): SessionRecord {
    if (held.rested === undefined) return record;
    const fields: Record<string, string> = {};
    for (const name in record.fields) if (!restsAside(parts, held.aside, name)) fields[name] = record.fields[name] as string;
    for (const name in held.rested.fields) if (restsAside(parts, held.aside, name)) fields[name] = held.rested.fields[name] as string;
    return { ...record, fields: Object.setPrototypeOf(fields, null) as SessionRecord["fields"] };
  }

  function load(id: SessionId): MaybePromise<SessionRecord | undefined> {
    const { record } = held;
    if (record?.id !== id) throw needsStore();
    if (held.aside === "none" || aside === undefined) return record;
    return andThen(aside.load(id), (rested) => {
      if (rested === undefined) return undefined;
      held.rested = rested;
      return (held.record = withRested(record));
    });
  }

  return {
    writable: true,
    lags: false,
    load,
    glance: load,
    commit,
    find(query, page) {
      if (places === undefined) throw needsStore();
      return places.find(query, page);
    },
  };
}

function merged(before: AsideRecord | undefined, { set, unset }: Pick<Change, "set" | "unset">, version: number): AsideRecord {
  const fields: Record<string, string> = { ...before?.fields, ...set };
  for (const name of unset ?? []) delete fields[name];
  return { version, fields };
}

function checkActs({ claim, release, set, epoch, subject }: Change): void {
  const leased = epoch !== undefined && subject === undefined;
  if (
    claim === undefined &&
    release === undefined &&
    set?.[own.due] === undefined &&
    !leased &&
    !Object.keys(set ?? {}).some((name) => name.startsWith("$ticket."))
  )
    return;
  throw needsStore();
}

function checkLife({ longest }: SealedParts, text: string | undefined): void {
  if (text === undefined || lifeOf(text).lifetime <= longest) return;
  throw new SojournError(
    "invalid_option",
    `absolute is longer than the ${longest} ms for which ended sessions are remembered. Give sealedSessions({ longest }) the longest time that any session may last.`,
  );
}

function needsStore(): SojournError {
  return new SojournError(
    "needs_store",
    "A sealed session travels with its client: it has no aliases, leases, wakes, tickets and checkpoints. Use createSessions() with a store for these.",
  );
}
