import type { PostgresStatement } from "./postgres-client.ts";
import { columns } from "./rows.ts";

/** What a merge of fields says beside the fields it sets. */
export interface MergeShape {
  readonly unset: boolean;
  readonly version: boolean;
  readonly fence: boolean;
}

/** The word of a query. */
export type SoughtBy = "alias" | "subject" | "kind" | "wakeBefore";

/** Every statement of the store on one schema. */
export interface Statements {
  readonly load: PostgresStatement;
  readonly commit: PostgresStatement;
  readonly count: PostgresStatement;
  readonly now: PostgresStatement;
  /** By id, fields, ms that it may wait for another transaction, and then what of its shape is true, in the order in which it stands there. */
  merge(shape: MergeShape): PostgresStatement;
  /** By what is sought, limit, after (not for wakes), and then the names of the fields, if there are any. */
  find(by: SoughtBy, only: boolean): PostgresStatement;
}

/** @param feed whether commits leave an event */
export function statementsOf(schema: string, feed: boolean): Statements {
  const kept = new Map<string, PostgresStatement>();
  const named = (name: string, text: () => string): PostgresStatement => {
    const full = `sojourn:${schema}:${name}`;
    let statement = kept.get(full);
    if (statement === undefined) kept.set(full, (statement = { name: full, text: text() }));
    return statement;
  };

  /**
   * Fields alone touch no column that an index names, so the new row stays on its page (HOT) and no index is written.
   *
   * The time it may wait is set for its transaction, and only where there may be somebody to wait for: to set it costs the server a tenth of the whole
   * merge. A row that another transaction holds, or has changed, says so in its xmax, and so may one that was held once. The row is asked when it is
   * found, a few µs before it is changed.
   */
  const merges: PostgresStatement[] = [];
  function merge(shape: MergeShape): PostgresStatement {
    const { unset, version, fence } = shape;
    return (merges[Number(unset) + 2 * Number(version) + 4 * Number(fence)] ??= mergeOf(shape));
  }

  function mergeOf({ unset, version, fence }: MergeShape): PostgresStatement {
    const shape = [feed && "feed", unset && "unset", version && "version", fence && "fence"].filter(Boolean).join("+");
    return named(`merge:${shape}`, () => {
      let n = 3;
      const fields = unset ? `(s.fields - $${++n}::text::text[])` : "s.fields";
      const update = `update ${schema}.session s set version = s.version + 1, fields = ${fields} || $2::text::jsonb
        where s.id = $1 and s.ended is null${version ? ` and s.version = $${++n}::int8` : ""}${fence ? ` and s.epoch = $${++n}::int8` : ""}
          and (s.xmax = '0' or set_config('lock_timeout', $3, true) is not null)`;
      if (!feed) return `${update} returning s.version::text as number`;
      return `with merged as (${update} returning s.id, s.version),
        told as (insert into ${schema}.event_fresh (id, version, ended) select id, version, false from merged)
        select version::text as number from merged`;
    });
  }

  function find(by: SoughtBy, only: boolean): PostgresStatement {
    const from = `${schema}.session s`;
    return named(`find-${by}${only ? "+only" : ""}`, () => {
      const fields = (n: number): string =>
        only ? `select jsonb_object_agg(f.key, f.value) from jsonb_each(s.fields) f where f.key = any ($${n}::text::text[])` : "s.fields";
      if (by === "alias")
        return `select ${columns(fields(3))} from ${schema}.alias a join ${from} on s.id = a.id where a.alias = $1 and s.ended is null limit $2::int8`;
      if (by === "wakeBefore") {
        // The index gives the minutes in order; the moments of one minute are sorted.
        return `select ${columns(fields(3))} from ${from} where s.wake_minute <= $1::int8 / 60000 and s.wake <= $1::int8 order by s.wake_minute, s.wake limit $2::int8`;
      }
      // Not "s.kind = $1": its order would then be that of the ids alone, and a plan might walk through all of them for a kind that few have.
      const lives = by === "subject" ? " and s.ended is null and s.subject is not null" : "";
      return `select ${columns(fields(4))} from ${from} where (s.${by}, s.id) > ($1, $3) and s.${by} <= $1${lives} order by s.${by}, s.id limit $2::int8`;
    });
  }

  return {
    load: named("load", () => `select ${columns()} from ${schema}.session s where s.id = $1`),
    commit: named("commit", () => `select word, number, note from ${schema}.commit($1::text::jsonb, $2::text::boolean, $3)`),
    count: named("count", () => `select coalesce(sum(live), 0)::text as live from ${schema}.live_count where kind = $1`),
    now: named("now", () => "select (extract(epoch from clock_timestamp()) * 1000)::text as now"),
    merge,
    find,
  };
}
