/**
 * One commit, whatever it changes, as one function: core's `apply` in SQL, and the three rules that need more than one record.
 *
 * Everything is judged before anything is written, so that a refusal has nothing to undo. Locks are taken in one order, by everybody: the row of the
 * session, then its new aliases and the subject that is limited, by number, then the kind that is limited, and at last a row of the count. So two commits
 * cannot wait for each other.
 *
 * A limit on a kind is judged by everybody at once (a shared lock) while it is further away than there can be commits under way, and by one at a time near it.
 */
export function commitFunction(schema: string): string {
  return `
create or replace function ${schema}.commit(c jsonb, feed boolean, patience text)
returns table (word text, number text, note text) language plpgsql as $function$
declare
  expect constant text := c->>'expect';
  creates constant boolean := expect = 'absent';
  ends constant boolean := c ? 'ended';
  most constant int8 := current_setting('max_connections')::int8;
  r ${schema}.session;
  n ${schema}.session;
  is_over boolean;
  fresh text[];
  gone text[];
  judged text;
  shares boolean;
  live int8;
  step int4 := 0;
begin
  if current_setting('transaction_isolation') <> 'read committed' then
    raise exception 'transactions of this role begin as %', current_setting('transaction_isolation') using errcode = 'SJ001';
  end if;
  perform set_config('lock_timeout', patience, true);

  if creates then
    if exists (select from ${schema}.session s where s.id = c->>'id') then return query select 'exists', null, null; return; end if;
  else
    select * into r from ${schema}.session s where s.id = c->>'id' for update;
    if not found then return query select 'missing', null, null; return; end if;
    if r.ended is not null and (expect = 'live' or not (c ? 'erase' or (c ? 'wake' and not c ?| array['set', 'unset', 'claim', 'release', 'subject', 'epoch', 'ended']))) then
      return query select 'ended', null, null; return;
    end if;
    if expect <> 'live' and r.version <> expect::int8 then return query select 'stale', null, null; return; end if;
    if c ? 'fence' and r.epoch <> (c->>'fence')::int8 then return query select 'fenced', null, null; return; end if;
  end if;

  if c ? 'erase' then
    delete from ${schema}.session s where s.id = r.id;
    delete from ${schema}.alias a where a.alias = any(r.aliases) and a.id = r.id;
    if r.ended is null then
      insert into ${schema}.live_count as t values (r.kind, pg_backend_pid() % 64, -1) on conflict (kind, shard) do update set live = t.live - 1;
    end if;
    if feed then insert into ${schema}.event_fresh (id, version, ended) values (r.id, r.version, true); end if;
    return query select 'ok', r.version::text, null;
    return;
  end if;

  n := r;
  n.id := c->>'id';
  n.version := coalesce(r.version, 0) + 1;
  if creates then n.kind := c->>'kind'; end if;
  n.ended := coalesce(c->>'ended', r.ended);
  is_over := n.ended is not null;
  if c ? 'subject' then n.subject := c->>'subject'; end if;
  n.epoch := coalesce((c->>'epoch')::int8, r.epoch, 0);
  if c ? 'wake' then
    if expect = 'live' and not ends then n.wake := least(r.wake, (c->>'wake')::int8); else n.wake := (c->>'wake')::int8; end if;
    n.wake_minute := n.wake / 60000;
  end if;
  n.fields := coalesce(r.fields, '{}');
  if c ? 'unset' then n.fields := n.fields - array(select jsonb_array_elements_text(c->'unset')); end if;
  if c ? 'set' then n.fields := n.fields || (c->'set'); end if;

  if is_over then n.aliases := null;
  elsif c ?| array['claim', 'release'] then
    n.aliases := array(
      select x.a from (
        select a, i, 0 as claimed from unnest(r.aliases) with ordinality as held (a, i) where not coalesce(c->'release', '[]') ? a
        union all
        select a, min(i), 1 from jsonb_array_elements_text(coalesce(c->'claim', '[]')) with ordinality as claim (a, i)
          where coalesce(a <> all (r.aliases), true) or coalesce(c->'release', '[]') ? a group by a
      ) x order by x.claimed, x.i);
    if n.aliases = '{}' then n.aliases := null; end if;
  end if;
  fresh := array(select a from unnest(n.aliases) a except select unnest(r.aliases));
  gone := array(select a from unnest(r.aliases) a except select unnest(n.aliases));
  if c ? 'names' or r.names is not null then
    n.names := (select jsonb_object_agg(key, value) from jsonb_each(coalesce(r.names, '{}') || coalesce(c->'names', '{}')) where key in (n.kind, n.subject) or key = any (n.aliases));
  end if;

  if not is_over and n.subject is not null and n.subject is distinct from r.subject and c->>'subjectLimit' is not null then judged := n.subject; end if;
  if judged is not null or fresh <> '{}' then
    perform pg_advisory_xact_lock(k) from (
      select hashtextextended('${schema} subject ' || judged, 0) as k where judged is not null
      union select hashtextextended('${schema} alias ' || a, 0) from unnest(fresh) a order by 1) locks;
  end if;
  if fresh <> '{}' then
    select a.alias into note from ${schema}.alias a where a.alias = any (fresh) and a.id <> n.id limit 1;
    if found then return query select 'taken', null, note; return; end if;
  end if;
  if judged is not null then
    select count(*) into live from (select from ${schema}.session s where s.subject = judged and s.ended is null limit (c->>'subjectLimit')::int8) holders;
    if live >= (c->>'subjectLimit')::int8 then return query select 'full', null, 'subject'; return; end if;
  end if;
  if creates and not is_over and c->>'kindLimit' is not null then
    select coalesce(sum(t.live), 0) into live from ${schema}.live_count t where t.kind = n.kind;
    shares := live + 2 * most <= (c->>'kindLimit')::int8;
    if shares then perform pg_advisory_xact_lock_shared(hashtextextended('${schema} kind ' || n.kind, 0));
    else perform pg_advisory_xact_lock(hashtextextended('${schema} kind ' || n.kind, 0)); end if;
    select coalesce(sum(t.live), 0) into live from ${schema}.live_count t where t.kind = n.kind;
    if shares and live + most > (c->>'kindLimit')::int8 then raise exception 'near its limit by now' using errcode = 'SJ002'; end if;
    if live >= (c->>'kindLimit')::int8 then return query select 'full', null, 'kind'; return; end if;
  end if;

  if creates then
    insert into ${schema}.session (id, version, wake, wake_minute, epoch, kind, subject, ended, aliases, names, fields)
      values (n.id, n.version, n.wake, n.wake_minute, n.epoch, n.kind, n.subject, n.ended, n.aliases, n.names, n.fields) on conflict (id) do nothing;
    if not found then return query select 'exists', null, null; return; end if;
    if not is_over then step := 1; end if;
  else
    update ${schema}.session s set version = n.version, wake = n.wake, wake_minute = n.wake_minute, epoch = n.epoch, subject = n.subject, ended = n.ended, aliases = n.aliases, names = n.names, fields = n.fields
      where s.id = n.id;
    if is_over and r.ended is null then step := -1; end if;
  end if;
  if gone <> '{}' then delete from ${schema}.alias a where a.alias = any (gone) and a.id = n.id; end if;
  if fresh <> '{}' then insert into ${schema}.alias select a, n.id from unnest(fresh) a on conflict (alias) do nothing; end if;
  if step <> 0 then
    insert into ${schema}.live_count as t values (n.kind, pg_backend_pid() % 64, step) on conflict (kind, shard) do update set live = t.live + step;
  end if;
  if feed then insert into ${schema}.event_fresh (id, version, ended) values (n.id, n.version, is_over); end if;
  return query select 'ok', n.version::text, null;
end $function$;
`;
}
