import { entryLines } from "./place-entry.ts";
import { script, type Script } from "./script.ts";

/*
 * The entries of some places are in one sorted set, all with score 0: in the order of their bytes, so that those of one place are side by side. Their moments are
 * by the node's clock. Where the order has to be strict (places of kinds), an entry with an empty id and nonce holds the last moment given, and the
 * next is above it, whatever the clock does.
 */

/** Lua: from and to where the entries of a place are. No id has a byte 255. */
const range = "'['..name,'('..name..'\\255'";

/** KEYS: where the place is. ARGV: its name, id, nonce, capacity (empty: any), whether the order is strict. Answer: own entry or nothing, now in µs, all entries if others fill it. */
export const reserveScript: Script = script(`${entryLines}
local k,name,id,nonce,strict=KEYS[1],ARGV[1],ARGV[2],ARGV[3],ARGV[5]~=''
local n=ARGV[4]~='' and redis.call('ZLEXCOUNT',k,${range})
local mine,last=n~=0 and entry(k,name,id),strict and n~=0 and entry(k,name,'')
local when,micros=now()
local full=n and n-(mine and 1 or 0)-(last and 1 or 0)>=tonumber(ARGV[4])
local crowd=full and redis.call('ZRANGEBYLEX',k,${range}) or {}
if not mine and not full then
  if last then when=math.max(when,tail(last,name,'')+1) end
  mine=name..id..'\\0'..moment(when)..nonce
  redis.call('ZADD',k,0,mine)
  if last then redis.call('ZREM',k,last) end
  if strict then redis.call('ZADD',k,0,name..'\\0'..moment(when)) end
end
return {mine,micros,crowd}`);

/** KEYS: where the place is. ARGV: its name, id, nonce, whether the order may be strict. */
export const removeScript: Script = script(`${entryLines}
local k,name,id=KEYS[1],ARGV[1],ARGV[2]
local mine=entry(k,name,id)
if not mine then return 0 end
local _,nonce=tail(mine,name,id)
if nonce~=ARGV[3] then return 0 end
redis.call('ZREM',k,mine)
if ARGV[4]~='' and redis.call('ZLEXCOUNT',k,${range})==1 then
  local last=entry(k,name,'')
  if last then redis.call('ZREM',k,last) end
end
return 1`);

/** KEYS: where the place is. ARGV: its name. Answer: now in µs, all entries. */
export const listScript: Script = script(`local name=ARGV[1]
local t=redis.call('TIME')
return {string.format('%.0f',t[1]*1000000+t[2]),redis.call('ZRANGEBYLEX',KEYS[1],${range})}`);
