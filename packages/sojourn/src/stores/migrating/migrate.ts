import { SojournError } from "../../core/errors.ts";
import type { Cursor, Page, SessionId, SessionRecord, Store } from "../../core/seam.ts";
import { arrivalOf, isMarker, movedWake } from "./layout.ts";
import type { Houses } from "./migrating.ts";
import { isSame, mover } from "./mover.ts";
import { markedNames } from "./names.ts";

/** Settings of {@link migrate}. */
export interface MigrateOptions extends Houses {
  /** The kinds to move, as the store calls them: `main:web`, and the manager's own, `main:$floor` among them. Others that have a wake are moved, too. */
  readonly kinds: readonly string[];
  /** Sessions moved at once. Default 16. */
  readonly atOnce?: number;
  /** Every how-many-th session is compared with what it was, field by field. Default 20; 1 is every one. */
  readonly compare?: number;
  /** Told now and then how far it is. */
  readonly progress?: (progress: MigrateProgress) => void;
  /** Stops it. What was moved stays moved; begun again, it goes on. */
  readonly signal?: AbortSignal;
}

export interface MigrateProgress {
  /** Records looked at, those among them that had moved before. */
  readonly done: number;
  /** How many there were when it began; more may come while it runs. */
  readonly of: number;
}

export interface MigrateReport {
  /** The house is moved: nothing is left in `from`, everything that came was found in `to`, and nothing differed. */
  readonly complete: boolean;
  /** Sessions that this run carried over. */
  readonly moved: number;
  /** Sessions that are still in `from`. */
  readonly left: number;
  /** For each kind, how many records `from` knows of, and how many of these are in `to`. Those that began in `to` are not among them. */
  readonly kinds: Readonly<Record<string, { readonly known: number; readonly found: number }>>;
  /** Kinds that were not named, and of which there were sessions with a wake. */
  readonly unnamed: readonly string[];
  /** How many were compared with what they had been. */
  readonly compared: number;
  /** Those that were not the same. */
  readonly different: readonly SessionId[];
  /** Sessions that could not be moved, and why. */
  readonly failed: readonly { readonly id: SessionId; readonly why: string }[];
}

const pageSize = 100;
const mostPasses = 10;

/**
 * Moves every session of the kinds named from one store to the other, while both are in use through `migrating`. It may be stopped at any moment, killed
 * too, and begun again, by any process, also by several at once.
 * @throws {SojournError} `store_unavailable` when one of the stores is broken; `invalid_option`
 */
export async function migrate(options: MigrateOptions): Promise<MigrateReport> {
  const { from, to, kinds, signal, atOnce = 16, compare = 20 } = options;
  for (const [name, value] of Object.entries({ atOnce, compare })) {
    if (!Number.isSafeInteger(value) || value < 1)
      throw new SojournError("invalid_option", `${name} is ${JSON.stringify(value)}. Give a whole number above zero.`);
  }
  const moves = mover(from, to);
  const names = markedNames(from, to);
  const unnamed = new Set<string>();
  const failed = new Map<SessionId, string>();
  const different: SessionId[] = [];
  const stopped = (): boolean => signal?.aborted === true;
  let moved = 0;
  let compared = 0;
  let done = 0;
  let of = 0;

  /** Carries one over, and looks whether it is the same where it is now. */
  async function carry({ id }: SessionRecord): Promise<void> {
    failed.delete(id);
    for (let tries = 0; tries < 100; tries++) {
      const home = await moves.find(id);
      if (home.at !== "from") return;
      const carried = await moves.carry(home);
      if (carried === "full") return void failed.set(id, "the new store is full");
      if (carried !== "moved") continue;
      if (moved++ % compare === 0) await look(home.record);
      return;
    }
    failed.set(id, "others changed it 100 times in a row");
  }

  async function look(before: SessionRecord): Promise<void> {
    let home = await moves.find(before.id);
    // Somebody is erasing it; what was lost stays like this.
    for (let n = 0; n < 10 && home.at === "nowhere" && home.marker !== undefined; n++) {
      await new Promise((resolve) => setTimeout(resolve, 20));
      home = await moves.find(before.id);
    }
    if (home.at === "nowhere" && home.marker === undefined) return;
    // Somebody has written to it since.
    if (home.record !== undefined && home.record.version > before.version) return;
    compared++;
    if (home.at !== "to" || !isSame(home.record, before)) different.push(before.id);
  }

  /** Takes away a copy that a process has left which died, or was too late. */
  async function clean(copy: SessionRecord): Promise<void> {
    if (arrivalOf(copy) === undefined) return;
    const home = await moves.find(copy.id);
    if (home.at === "nowhere" && home.copy !== undefined) await to.commit({ id: copy.id, expect: home.copy.version, erase: true });
  }

  async function each(records: readonly SessionRecord[], act: (record: SessionRecord) => Promise<unknown>): Promise<void> {
    for (let i = 0; i < records.length && !stopped(); i += atOnce) await Promise.all(records.slice(i, i + atOnce).map(act));
  }

  /** Moves what is due first, first: it covers every kind. What has moved is due no more. */
  async function withWakes(): Promise<void> {
    for (let pages = 0; !stopped(); pages++) {
      const { records } = await from.find({ wakeBefore: movedWake - 1 }, { limit: pageSize });
      const rest = records.filter(({ id }) => !failed.has(id));
      for (const { kind } of rest) if (!kinds.includes(kind)) unnamed.add(kind);
      if (rest.length === 0) return;
      await each(rest, carry);
      done += rest.length;
      options.progress?.({ done: Math.min(done, of), of });
    }
  }

  async function ofKinds(): Promise<number> {
    let left = 0;
    for (const kind of [...kinds, ...unnamed]) {
      for await (const records of pagesOf(from, kind)) {
        if (stopped()) return left;
        const rest = stillThere(records);
        await each(rest, carry);
        left += rest.length;
      }
    }
    return left;
  }

  for (const kind of kinds) for await (const records of pagesOf(from, kind)) of += records.length;
  for (const kind of kinds) for await (const records of pagesOf(from, kind)) done += records.length - stillThere(records).length;
  options.progress?.({ done, of });
  let left = Number.POSITIVE_INFINITY;
  for (let pass = 0; pass < mostPasses && left > 0 && !stopped(); pass++) {
    await withWakes();
    left = await ofKinds();
  }
  const counted: Record<string, { known: number; found: number }> = {};
  left = 0;
  for (const kind of [...kinds, ...unnamed]) {
    const count = (counted[kind] = { known: 0, found: 0 });
    for await (const records of pagesOf(from, kind)) {
      if (stopped()) break;
      await each(records, async ({ id }) => {
        // What a process that died has left of a name is taken away here, too.
        await names.tidy(id);
        const home = await moves.find(id);
        if (home.at === "nowhere") return;
        count.known++;
        if (home.at === "to") count.found++;
        else left++;
      });
    }
  }
  for (const kind of [...kinds, ...unnamed]) for await (const records of pagesOf(to, kind)) await each(records, clean);
  options.progress?.({ done: of, of });
  const complete = !stopped() && left === 0 && failed.size === 0 && different.length === 0;
  return { complete, moved, left, kinds: counted, unnamed: [...unnamed], compared, different, failed: [...failed].map(([id, why]) => ({ id, why })) };
}

/** Of the records of a page those that have not moved. */
function stillThere(records: readonly SessionRecord[]): readonly SessionRecord[] {
  return records.filter((record) => !isMarker(record));
}

async function* pagesOf(store: Store, kind: string): AsyncGenerator<readonly SessionRecord[], void, undefined> {
  let after: Cursor | undefined;
  do {
    const page: Page = { limit: pageSize, ...(after === undefined ? undefined : { after }) };
    const found = await store.find({ kind }, page);
    yield found.records;
    after = found.next;
  } while (after !== undefined);
}
