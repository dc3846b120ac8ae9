import { commitFunction } from "./commit-function.ts";
import { feedSql } from "./feed-sql.ts";
import { scrubFunctions } from "./scrub-functions.ts";

/** One numbered step. They are never changed once released; what is to be different is a further one. */
export interface Migration {
  readonly version: number;
  readonly about: string;
  /** Several statements. */
  sql(schema: string): string;
}

const tables = (schema: string): string => `
create table ${schema}.session (
  id text collate "C" primary key,
  version int8 not null,
  wake int8,
  -- wake / 60000. Not generated: PostgreSQL would read the expression anew for each merge.
  wake_minute int8,
  epoch int8 not null default 0,
  kind text collate "C" not null,
  subject text collate "C",
  ended text,
  aliases text[],
  -- Whole names of those that are too long for an index.
  names jsonb,
  fields jsonb not null
) with (fillfactor = 70);
create index session_kind on ${schema}.session (kind, id);
create index session_subject on ${schema}.session (subject, id) where ended is null and subject is not null;
-- The condition names the minute, not the wake: a change of a column that an index names cannot stay on its page.
create index session_wake on ${schema}.session (wake_minute) where wake_minute is not null;
create table ${schema}.alias (
  alias text collate "C" primary key,
  id text collate "C" not null
);
-- Live records by kind. Each connection counts in one of 64 rows, so that they do not wait for each other.
create table ${schema}.live_count (
  kind text collate "C",
  shard int4,
  live int8 not null,
  primary key (kind, shard)
) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);
`;

/** In order. */
export const migrations: readonly Migration[] = [
  { version: 1, about: "sessions, aliases, counts", sql: tables },
  { version: 2, about: "the feed", sql: feedSql },
  { version: 3, about: "commit and scrub", sql: (schema) => commitFunction(schema) + scrubFunctions(schema) },
];

/** What this release works with. */
export const newest: number = migrations.at(-1)?.version ?? 0;
