import { rememberedFor } from "../session-document.ts";
import { script, type Script } from "./script.ts";

/** KEYS: session, its bucket, due buckets. ARGV: id, the bucket's number. Answer: the hash, the score of its entry, the moment at which the bucket is due. */
export const lookScript: Script = script(`local s=KEYS[1]
local h=redis.call('HMGET',s,'k','n')
local name=h[2] or h[1] or ''
return {redis.call('HGETALL',s),redis.call('ZSCORE',KEYS[2],name..'\\0'..ARGV[1]),redis.call('ZSCORE',KEYS[3],ARGV[2])}`);

/** KEYS: session, its bucket, due buckets. ARGV: id, the bucket's number. Puts in what the record says. Answer: whether the entry was not right, whether the bucket was due too late. */
export const assertScript: Script = script(`local s,b,d=KEYS[1],KEYS[2],KEYS[3]
redis.call('ZCARD',b) redis.call('ZCARD',d)
local h=redis.call('HMGET',s,'k','n','w','v')
if not h[4] or not h[1] then return {0,0} end
local wake,entry,put,late=h[3],(h[2] or h[1])..'\\0'..ARGV[1],0,0
local score=redis.call('ZSCORE',b,entry)
local is=score and (wake and score~='inf' and tonumber(score)==tonumber(wake) or not wake and score=='inf')
if not is then redis.call('ZADD',b,wake or '+inf',entry) put=1 end
local due=wake and redis.call('ZSCORE',d,ARGV[2])
if wake and (not due or tonumber(due)>tonumber(wake)) then redis.call('ZADD',d,'LT',wake,ARGV[2]) late=1 end
return {put,late}`);

/** KEYS: session, its bucket. ARGV: entry, id, whether to take it away. Answer: whether no record has it. One that leads to a key of another type is left alone. */
export const deadScript: Script = script(`local h=redis.pcall('HMGET',KEYS[1],'k','n')
if h.err or not redis.call('ZSCORE',KEYS[2],ARGV[1]) then return 0 end
if h[1] and (h[2] or h[1])..'\\0'..ARGV[2]==ARGV[1] then return 0 end
if ARGV[3]~='' then redis.call('ZREM',KEYS[2],ARGV[1]) end
return 1`);

/** KEYS: a bucket. ARGV: an entry of a session whose bucket is another, whether to take it away. Answer: whether it is there. */
export const misplacedScript: Script = script(`if not redis.call('ZSCORE',KEYS[1],ARGV[1]) then return 0 end
if ARGV[2]~='' then redis.call('ZREM',KEYS[1],ARGV[1]) end
return 1`);

/** KEYS: session, forbidden. ARGV: nonce, the version that was judged. Answer: whether the record is still of that version; the nonce is forbidden then. */
export const forbidScript: Script = script(`#!lua flags=allow-oom
if (redis.call('HGET',KEYS[1],'v') or '')~=ARGV[2] then return 0 end
redis.call('ZCARD',KEYS[2])
local t=redis.call('TIME')
local now=t[1]*1000+math.floor(t[2]/1000)
redis.call('ZADD',KEYS[2],now,ARGV[1])
redis.call('ZREMRANGEBYSCORE',KEYS[2],'-inf',now-${rememberedFor})
return 1`);

/** Lua: does the work with the keys of each bucket of a shard that is there, all of which are on this node: see find-scripts. */
const eachBucket = (beside: string, buckets: string, work: string): string => `local index=string.sub(KEYS[1],1,-2)..'i'
for base=0,${buckets}-1,256 do
  local names={}
  for b=base,math.min(base+255,${buckets}-1) do names[#names+1]=index..b end
  if redis.call('EXISTS',${beside},unpack(names))>0 then for _,name in ipairs(names) do ${work} end end
end`;

/** KEYS: due buckets. ARGV: how many buckets there are. Answer: entries in all of them. */
export const sizeScript: Script = script(`local n=0
${eachBucket("KEYS[1]", "ARGV[1]", "n=n+redis.call('ZCARD',name)")}
return n`);

/**
 * KEYS: due buckets, counts. ARGV: what sessions' keys begin with, whether to write, how many buckets there are, ids that are in none. Answer: how many counts
 * were wrong.
 */
export const recountScript: Script = script(`local live,seen,wrong,counts={},{},0,KEYS[2]
local function look(id)
  if seen[id] then return end
  seen[id]=true
  local h=redis.pcall('HMGET',ARGV[1]..id,'v','k','n','e')
  if h.err then
    if not string.find(h.err,'WRONGTYPE',1,true) then error(h) end
    return
  end
  if not h[1] then redis.call('EXISTS',ARGV[1]..id,counts) end
  if not h[1] or not h[2] or h[4] then return end
  local name=h[3] or h[2]
  live[name]=(live[name] or 0)+1
end
${eachBucket("counts", "ARGV[3]", "for _,entry in ipairs(redis.call('ZRANGE',name,0,-1)) do look(string.match(entry,'%z(.*)$') or '') end")}
for i=4,#ARGV do look(ARGV[i]) end
local kept=redis.call('HGETALL',counts)
for i=1,#kept,2 do
  local name,is=kept[i],live[kept[i]] or 0
  live[name]=nil
  if tonumber(kept[i+1])~=is then
    wrong=wrong+1
    if ARGV[2]~='' then if is>0 then redis.call('HSET',counts,name,is) else redis.call('HDEL',counts,name) end end
  end
end
for name,is in pairs(live) do
  wrong=wrong+1
  if ARGV[2]~='' then redis.call('HSET',counts,name,is) end
end
return wrong`);
