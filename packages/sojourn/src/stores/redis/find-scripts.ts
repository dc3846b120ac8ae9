import { script, type Script } from "./script.ts";

/*
 * Scripts that walk the buckets of shards. Of a shard they are told the key of its due buckets, and make the others of it: all are in its slot. While that slot
 * is being moved some of its keys are on another node, where one that is asked for alone looks as if it had never been; asked for together with others it
 * stops the script (`EXISTS` of several), which is then tried again.
 */

/** Lua: `least(room,below)` keeps so many of what is put in, the least. It gives what puts one in, what gives all, and what gives one that later ones have to be below. */
const least = `local function least(room,below)
  local list,edge={},nil
  local function cut()
    table.sort(list,below)
    for i=#list,room+1,-1 do list[i]=nil end
    edge=list[room]
  end
  local function put(x)
    if edge and not below(x,edge) then return end
    list[#list+1]=x
    if #list>=2*room+64 or (not edge and #list>=room) then cut() end
  end
  return put,function() cut() return list end,function() return edge end
end`;

/**
 * Ids of a kind in the order of shards and buckets, and within a bucket by their last six bytes (of a session's they are random), then by all of them. By bytes,
 * because Lua compares texts by the server's locale.
 *
 * KEYS: due buckets of shards. ARGV: the kind's name and `\0` · limit · how many buckets there are · the first bucket, in the first shard · the id after which
 * to begin in it, or nothing · how many entries to look at. Answer: shard, bucket, ids, shard, …; and where entries are left that were not looked at, the
 * shard and the bucket to go on with.
 */
export const kindScript: Script = script(`${least}
local function item(id)
  local a,b,c,d,e,f=string.byte(id,-6,-1)
  return {(((((a or 0)*256+(b or 0))*256+(c or 0))*256+(d or 0))*256+(e or 0))*256+(f or 0),id}
end
local function below(x,y)
  if x[1]~=y[1] then return x[1]<y[1] end
  local p,q=x[2],y[2]
  for i=1,math.min(#p,#q) do
    local a,b=string.byte(p,i),string.byte(q,i)
    if a~=b then return a<b end
  end
  return #p<#q
end
local kind,room,buckets,from,most=ARGV[1],tonumber(ARGV[2]),tonumber(ARGV[3]),tonumber(ARGV[4]),tonumber(ARGV[6])
local after=ARGV[5]~='' and item(ARGV[5])
local found,seen={},0
for i,due in ipairs(KEYS) do
  local index=string.sub(due,1,-2)..'i'
  for base=from,buckets-1,256 do
    local names={}
    for b=base,math.min(base+255,buckets-1) do names[#names+1]=index..b end
    local some=redis.call('EXISTS',due,unpack(names))>0
    for j,name in ipairs(names) do
      local size=some and redis.call('ZCARD',name) or 0
      if size>0 then
        local put,all=least(room,below)
        for _,entry in ipairs(redis.call('ZRANGE',name,0,-1)) do
          if string.sub(entry,1,#kind)==kind then
            local x=item(string.sub(entry,#kind+1))
            if not after or below(after,x) then put(x) end
          end
        end
        local ids={}
        for m,x in ipairs(all()) do ids[m]=x[2] end
        if #ids>0 then
          found[#found+1]=i-1 found[#found+1]=base+j-1 found[#found+1]=ids
          room=room-#ids
        end
        seen=seen+size
        if room<=0 then return {found} end
        if seen>=most then return {found,i-1,base+j} end
      end
      after=false
    end
  end
  from=0
end
return {found}`);

/**
 * The earliest wakes of shards. Of each bucket that was read the moment at which it is due is put right. That makes nothing larger, and sweeping makes room:
 * so it goes on in a full memory.
 *
 * KEYS: due buckets of shards. ARGV: moment, limit. Answer: entry, wake, …, the earliest first.
 */
export const dueScript: Script = script(`#!lua flags=allow-oom
${least}
local most,room=ARGV[1],tonumber(ARGV[2])
local put,all,edge=least(room,function(x,y) return x[1]<y[1] end)
-- Buckets looked at first: of most shards no more are needed, for others have earlier ones.
local first=8
local function walk(due,some)
  local index,right,from,size,over=string.sub(due,1,-2)..'i',{},0,first,false
  while #some>0 and not over do
    local names={}
    for j=1,#some,2 do names[#names+1]=index..some[j] end
    redis.call('EXISTS',due,unpack(names))
    for j,name in ipairs(names) do
      local b,bound,last=some[2*j-1],some[2*j],edge()
      -- As early is not earlier: of a hundred thousand of one moment a page reads no more than it gives.
      over=last and tonumber(bound)>=last[1]
      if over then break end
      local found=redis.call('ZRANGEBYSCORE',name,'-inf',last and '('..last[2] or most,'WITHSCORES','LIMIT',0,room)
      for m=1,#found,2 do put({tonumber(found[m+1]),found[m+1],found[m]}) end
      local first=found[2] or redis.call('ZRANGE',name,0,0,'WITHSCORES')[2] or 'inf'
      if first~=bound then right[#right+1]={b,first} end
    end
    if over then break end
    from,size=from+size,math.min(2*size,256)
    some=redis.call('ZRANGEBYSCORE',due,'-inf',most,'WITHSCORES','LIMIT',from,size)
  end
  for _,x in ipairs(right) do
    if x[2]=='inf' then redis.call('ZREM',due,x[1]) else redis.call('ZADD',due,x[2],x[1]) end
  end
end
for _,due in ipairs(KEYS) do
  local some=redis.call('ZRANGEBYSCORE',due,'-inf',most,'WITHSCORES','LIMIT',0,first)
  if #some>0 then walk(due,some) end
end
local out={}
for _,x in ipairs(all()) do out[#out+1]=x[3] out[#out+1]=x[2] end
return out`);

/** KEYS: session, its bucket. ARGV: entry. Takes away what leads to no session. */
export const dropScript: Script = script(`redis.call('ZCARD',KEYS[2])
if redis.call('EXISTS',KEYS[1])==1 then return 0 end
return redis.call('ZREM',KEYS[2],ARGV[1])`);
