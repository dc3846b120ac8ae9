import { recordUnreadable, SojournError } from "../../core/errors.ts";
import { andThen } from "../../core/maybe.ts";
import { ownKind } from "../../core/names.ts";
import type {
  Change,
  ClockedStore,
  CountableStore,
  Found,
  MaybePromise,
  Outcome,
  Page,
  Query,
  ScrubbableStore,
  SessionRecord,
  Store,
  WatchableStore,
} from "../../core/seam.ts";
import { all } from "../../sealed/all.ts";
import { keyring, type Key, type Keyring } from "../../sealed/keys.ts";
import { sealedChange, type SealedChange } from "./changes.ts";
import { namelessOf } from "./layout.ts";
import { namesOf } from "./names.ts";
import { openedRecords, type OpenedRecord } from "./records.ts";
import { sealsOf } from "./seals.ts";

/** Settings of {@link encrypted}. */
export interface EncryptedOptions {
  /**
   * The key of the names by which subjects and aliases are found. It stays for the life of the store: under another one, sessions that have a subject or an
   * alias are not found by it and cannot be read. So it is none of the keys that are replaced now and then.
   */
  readonly names: Key;
  /** Records remembered opened, in this process's memory. Default 10,000. */
  readonly live?: number;
}

/** A store, with those powers of the inner one that stay what they are. */
export type Encrypted<S extends Store> = Store & Pick<S, Extract<keyof S, keyof Powers>>;

interface Powers extends WatchableStore, ClockedStore, CountableStore, ScrubbableStore {}

/**
 * A store around a store: whoever can read the inner one, its files or its backups sees no field's text, no subject, no alias and no reason of an end.
 * Texts of fields are sealed with XAES-256-GCM, each for its record and its field; subjects and aliases are looked for by their HMAC-SHA-256.
 * In the clear are ids, kinds, names of fields, sizes, wakes, versions, epochs, whether a session ended, and floors.
 *
 * @param keys the first seals, all open. A {@link Keyring} can be changed while it runs.
 * @throws {SojournError} `invalid_option`
 */
export function encrypted<S extends Store>(store: S, keys: Keyring | readonly Key[], options: EncryptedOptions): Encrypted<S> {
  const { names: nameKey, live = 10_000 } = options ?? {};
  if (!Number.isSafeInteger(live) || live < 1) throw new SojournError("invalid_option", `live is ${JSON.stringify(live)}. Give a whole number above zero.`);
  const seals = sealsOf(isList(keys) ? keyring(keys) : keys);
  const names = namesOf(nameKey);
  const records = openedRecords(seals, names, live);

  /** A checkpoint that lacks a field would take it away where it is restored. */
  function checked({ record, fault }: OpenedRecord): SessionRecord {
    if (fault !== undefined && record.kind.endsWith(`:${ownKind.checkpoint}`)) {
      throw recordUnreadable(record.id, new Error("it was sealed under a key that is not in the ring, or was changed"));
    }
    return record;
  }

  function outcomeOf(outcome: Outcome, { id, erase }: Change, { claimed, written }: SealedChange): MaybePromise<Outcome> {
    if (!outcome.ok) return outcome.why === "taken" ? { ...outcome, alias: claimed.get(outcome.alias) ?? outcome.alias } : outcome;
    if (erase) records.forget(id);
    if (outcome.record === undefined) return outcome;
    return andThen<OpenedRecord, Outcome>(records.open(outcome.record, written), ({ record }) => ({ ...outcome, record }));
  }

  function found({ records: raws, next }: Found, page: Page | undefined): MaybePromise<Found> {
    const only = page?.only && new Set(page.only);
    const opened = all(raws.map((raw) => records.openSome(raw, only)));
    return andThen<readonly OpenedRecord[], Found>(opened, (ready) => ({
      records: ready.map(({ record }) => record),
      ...(next === undefined ? undefined : { next }),
    }));
  }

  /** The same query by the names that the inner store knows, and what to make of the records found. */
  function find(query: Query, page?: Page): MaybePromise<Found> {
    // Names are fields too, under names that are not known before: so the inner store is asked for all, and what was asked for is opened.
    const { only: _, ...rest } = page ?? {};
    const inner = (by: Query): MaybePromise<Found> => andThen(store.find(by, rest), (answer) => found(answer, page));
    if ("subject" in query) {
      return andThen<string, Found>(names.subject(query.subject), (subject) =>
        andThen<Found, Found>(inner({ subject }), (answer) => renamed(answer, namelessOf(subject), query.subject)),
      );
    }
    if ("alias" in query) {
      return andThen<string, Found>(names.alias(query.alias), (alias) =>
        andThen<Found, Found>(inner({ alias }), (answer) => renamed(answer, namelessOf(alias), query.alias)),
      );
    }
    return inner(query);
  }

  const sealing: Store = {
    load: (id, given) =>
      andThen<SessionRecord | undefined, SessionRecord | undefined>(store.load(id, given), (raw) => raw && andThen(records.open(raw), checked)),
    commit: (change, given) =>
      andThen(sealedChange(change, seals, names), (sealed) => andThen(store.commit(sealed.change, given), (outcome) => outcomeOf(outcome, change, sealed))),
    find,
    close: () => store.close(),
  };
  return { ...sealing, ...powersOf(store) } as Encrypted<S>;
}

function isList(keys: Keyring | readonly Key[]): keys is readonly Key[] {
  return Array.isArray(keys);
}

/** What was found by its HMAC has that name, though the sealed one cannot be read. */
function renamed(found: Found, nameless: string, name: string): Found {
  const records = found.records.map((record) => {
    if (record.subject === nameless) return { ...record, subject: name };
    return record.aliases.includes(nameless) ? { ...record, aliases: record.aliases.map((alias) => (alias === nameless ? name : alias)) } : record;
  });
  return { ...found, records };
}

function powersOf(store: Store & Partial<Powers>): Partial<Powers> {
  return {
    ...(store.watch && { watch: (...given) => (store as WatchableStore).watch(...given) }),
    ...(store.now && { now: () => (store as ClockedStore).now() }),
    ...(store.count && { count: (query) => (store as CountableStore).count(query) }),
    ...(store.scrub && { scrub: (options) => (store as ScrubbableStore).scrub(options) }),
  } satisfies Partial<Powers>;
}
