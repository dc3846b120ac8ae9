/** What `scrub` does inside the database: a look at a page, and repairs that look again under the locks of a commit. */
export function scrubFunctions(schema: string): string {
  return `
create or replace function ${schema}.scrub_sessions(past text, size int4) returns table (last text, records text, faults text) language sql stable as $function$
  with page as (select s.id, s.ended, s.aliases, s.names, s.fields from ${schema}.session s where s.id >= past order by s.id limit size),
  lacking as (
    select p.id, l.alias, coalesce(p.names->>l.alias, l.alias) as name, h.id as holder from page p, unnest(p.aliases) l (alias)
      left join ${schema}.alias a on a.alias = l.alias
      left join ${schema}.session h on h.id = a.id and h.ended is null and l.alias = any (h.aliases)
      where p.ended is null and a.id is distinct from p.id),
  odd as (select p.id from page p where jsonb_typeof(p.fields) <> 'object' or exists (select from jsonb_each(case when jsonb_typeof(p.fields) = 'object' then p.fields else '{}' end) f where jsonb_typeof(f.value) <> 'string'))
  -- The next text after one is itself and U+0001.
  select (select max(id) from page) || chr(1), (select count(*) from page)::text,
    json_build_object('lacking', coalesce((select json_agg(json_build_object('id', id, 'alias', alias, 'name', name, 'holder', holder)) from lacking), '[]'),
      'odd', coalesce((select json_agg(id) from odd), '[]'))::text
$function$;
create or replace function ${schema}.scrub_aliases(past text, size int4) returns table (last text, entries text, dead text) language sql stable as $function$
  with page as (select a.alias, a.id from ${schema}.alias a where a.alias >= past order by a.alias limit size),
  dead as (select p.alias from page p left join ${schema}.session s on s.id = p.id and s.ended is null and p.alias = any (s.aliases) where s.id is null)
  select (select max(alias) from page) || chr(1), (select count(*) from page)::text, coalesce((select json_agg(alias) from dead), '[]')::text
$function$;
create or replace function ${schema}.repair_alias(which text, of text) returns boolean language plpgsql as $function$
begin
  perform set_config('lock_timeout', '10000', true);
  if of is not null then
    perform from ${schema}.session s where s.id = of and s.ended is null and which = any (s.aliases) for update;
    if not found then return false; end if;
  end if;
  perform pg_advisory_xact_lock(hashtextextended('${schema} alias ' || which, 0));
  delete from ${schema}.alias a where a.alias = which
    and not exists (select from ${schema}.session s where s.id = a.id and s.ended is null and which = any (s.aliases));
  if of is null then return found; end if;
  insert into ${schema}.alias values (which, of) on conflict (alias) do nothing;
  return found;
end $function$;
create or replace function ${schema}.scrub_counts(repair boolean) returns table (kind text, wrong text) language plpgsql as $function$
begin
  if repair then perform pg_advisory_xact_lock(hashtextextended('${schema} counts', 0)); end if;
  return query
  with wrong as (
    select x.kind, sum(x.live)::int8 as by from (
      select s.kind, count(*) filter (where s.ended is null) as live from ${schema}.session s group by s.kind
      union all select t.kind, -t.live from ${schema}.live_count t) x group by x.kind having sum(x.live) <> 0),
  -- What is added is right whatever the counts have become meanwhile.
  repaired as (insert into ${schema}.live_count as t select w.kind, 0, w.by from wrong w where repair on conflict on constraint live_count_pkey do update set live = t.live + excluded.live)
  select w.kind, w.by::text from wrong w;
end $function$;
`;
}
