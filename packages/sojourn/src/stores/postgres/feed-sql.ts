/**
 * The feed. A commit puts its event into `event_fresh`, in its own transaction; a later, short transaction gives all that it can see there their
 * numbers and moves them to `event`, one such transaction at a time. So numbers are given in an order in which the commits can have happened, and one that
 * has been read is never followed by a smaller one: numbers taken by the commits themselves could become visible in another order.
 */
export function feedSql(schema: string): string {
  return `
create table ${schema}.event_fresh (
  -- Taken while the session is locked, and before the commit is acknowledged: it orders what becomes visible at once.
  n int8 generated always as identity,
  id text not null,
  version int8 not null,
  ended boolean not null
) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);
create table ${schema}.event (
  seq int8 primary key,
  id text not null,
  version int8 not null,
  ended boolean not null
);
-- name: told from that of another database, or of this one before it was restored. last: the newest number. cut: the newest that is kept no more.
create table ${schema}.feed (
  name text not null default left(md5(random()::text || clock_timestamp()::text), 12),
  last int8 not null default 0,
  cut int8 not null default 0
) with (fillfactor = 50);
insert into ${schema}.feed default values;
create or replace function ${schema}.number_events(kept int8, patience text) returns text language plpgsql as $function$
declare
  f ${schema}.feed;
  numbered int8;
begin
  perform set_config('lock_timeout', patience, true);
  perform pg_advisory_xact_lock(hashtextextended('${schema} events', 0));
  select * into f from ${schema}.feed;
  with seen as (delete from ${schema}.event_fresh returning n, id, version, ended)
    insert into ${schema}.event select f.last + row_number() over (order by n), id, version, ended from seen;
  get diagnostics numbered = row_count;
  if numbered > 0 then
    update ${schema}.feed set last = f.last + numbered;
    perform pg_notify('sojourn_${schema}', '');
    -- Now and then, a tenth more than is to be kept being there.
    if f.last + numbered - f.cut > kept + kept / 10 then
      delete from ${schema}.event e where e.seq <= f.last + numbered - kept;
      update ${schema}.feed set cut = f.last + numbered - kept;
    end if;
  end if;
  return (f.last + numbered)::text;
end $function$;
`;
}
