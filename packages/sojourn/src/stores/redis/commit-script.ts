import { rememberedFor } from "../session-document.ts";
import { feedLines, type Publish } from "./feed-lines.ts";
import { script, type Script } from "./script.ts";

const feedOfCommit = {
  stream: "KEYS[6]",
  id: "A[1]",
  version: "string.format('%.0f',n)",
  ended: "((ended or erase) and '1' or '0')",
  most: "A[11]",
  channel: "A[12]",
} as const;

/**
 * `Owners.commit` on a session's hash: what `apply` says, restated, and the places that the session holds.
 *
 * Fields of the hash: `v` version · `k` kind · `n` the kind's name in keys, where it is another · `u` subject · `un` the nonce by which its place is held ·
 * `w` wake · `e` ended · `p` epoch · `a` aliases, each before its nonce, as JSON · `.name` a field.
 *
 * KEYS: the session, its bucket of the index, the shard's due buckets, counts, forbidden; with a feed its stream. ARGV: 1 id · 2 expect · 3 fence · 4 whether it
 * reaches an ended record · 5 erase · 6 kind · 7 the kind's name · 8 subject: `-` none, `=…` this one · 9 wake: `-` none · 10 epoch · 11 the feed's length ·
 * 12 its channel · 13 ended · 14 the bucket's number · 15–19 how many places held, texts set, names unset, aliases claimed and released follow; an empty text
 * says that the change has nothing there.
 * The bucket is due when the earliest wake in it is, or before: a wake that is put off leaves that moment as it is, and `find` corrects it.
 * `"allow-oom"` is for changes that end or erase: in a full memory they are what makes room.
 * Answer: what it came to, the version if it landed, and then places and nonces, or nonces, or a place, as `Landing` has them.
 */
export function commitScript(publish: Publish | undefined, flag?: "allow-oom"): Script {
  return script(`${flag === undefined ? "" : `#!lua flags=${flag}\n`}local A=ARGV
local s,b,d,c,x=KEYS[1],KEYS[2],KEYS[3],KEYS[4],KEYS[5]
local h=redis.call('HMGET',s,'v','e','p','k','u','un','w','a','n')
local due=redis.call('ZSCORE',d,A[14])
redis.call('ZCARD',b) redis.call('HLEN',c) redis.call('ZCARD',x)
local v,e,subject,unonce,expect,erase=h[1],h[2],h[5],h[6],A[2],A[5]~=''
local own,order={},{}
if h[8] then local l=cjson.decode(h[8]) for i=1,#l,2 do order[#order+1]=l[i] own[l[i]]=l[i+1] end end
local function has(place)
  local sort,name=string.sub(place,1,1),string.sub(place,2)
  if sort=='a' then return own[name] end
  if sort=='u' and name==subject then return unonce end
end
local at=20
local function some(n,size) local from=at at=at+tonumber(n)*size return from,at-size end
local held,heldend=some(A[15],3)
local set,setend=some(A[16],2)
local unset,unsetend=some(A[17],1)
local claim,claimend=some(A[18],1)
local release,releaseend=some(A[19],1)
local now
local function forbid(nonce)
  if not now then local t=redis.call('TIME') now=t[1]*1000+math.floor(t[2]/1000) end
  redis.call('ZADD',x,now,nonce)
end
local function trim() if now then redis.call('ZREMRANGEBYSCORE',x,'-inf',now-${rememberedFor}) end end

local why
if expect=='absent' then if v then why='exists' end
elseif not v then why='missing'
elseif e and A[4]=='' then why='ended'
elseif expect~='live' and expect~=v then why='stale'
elseif A[3]~='' and A[3]~=(h[3] or '0') then why='fenced' end
if why then
  local out={why}
  for i=held,heldend,3 do if has(A[i])~=A[i+1] then forbid(A[i+1]) out[#out+1]=A[i] out[#out+1]=A[i+1] end end
  trim()
  return out
end
local lost={'lost'}
for i=held,heldend,3 do if has(A[i])~=A[i+1] and redis.call('ZSCORE',x,A[i+1]) then lost[#lost+1]=A[i+1] end end
if #lost>1 then return lost end
for i=held,heldend,3 do if A[i+2]=='0' and not has(A[i]) then return {'unjudged',A[i]} end end

local n=erase and tonumber(v) or (v and tonumber(v) or 0)+1
local ended=e
if A[13]~='' then ended=A[13] end
local nsubject=subject
if A[8]=='-' then nsubject=false elseif A[8]~='' then nsubject=string.sub(A[8],2) end
local taken={}
for i=held,heldend,3 do taken[A[i]]=A[i+1] end
local nown,norder={},{}
if not ended and not erase then
  local gone={}
  for i=release,releaseend do gone[A[i]]=true end
  for i=claim,claimend do gone[A[i]]=nil end
  for _,alias in ipairs(order) do if not gone[alias] then norder[#norder+1]=alias nown[alias]=taken['a'..alias] or own[alias] end end
  for i=claim,claimend do
    if not nown[A[i]] then
      if not taken['a'..A[i]] then return redis.error_reply('ERR a place was taken without a reservation') end
      norder[#norder+1]=A[i] nown[A[i]]=taken['a'..A[i]]
    end
  end
end
local nunonce=false
if nsubject and not ended and not erase then nunonce=taken['u'..nsubject] or (nsubject==subject and unonce) end
local out={'ok',n}
local function free(place,nonce) forbid(nonce) out[#out+1]=place out[#out+1]=nonce end
${publish === undefined ? "" : feedLines(publish, feedOfCommit)}
for _,alias in ipairs(order) do if nown[alias]~=own[alias] then free('a'..alias,own[alias]) end end
if unonce and nunonce~=unonce then free('u'..subject,unonce) end
trim()
local name=h[9] or h[4]
local function count(by) if redis.call('HINCRBY',c,name,by)<=0 then redis.call('HDEL',c,name) end end
local entry=(name or A[7])..'\\0'..A[1]
if erase then
  redis.call('DEL',s)
  redis.call('ZREM',b,entry)
  if not e then count(-1) end
  return out
end
local put,drop={'v',string.format('%.0f',n)},{}
local function become(field,was,is)
  if is==was then return end
  if is then put[#put+1]=field put[#put+1]=is else drop[#drop+1]=field end
end
if not v then
  name=A[7]
  become('k',nil,A[6])
  if name~=A[6] then become('n',nil,name) end
  if not ended then count(1) end
elseif ended and not e then count(-1) end
become('e',e,ended)
become('u',subject,nsubject)
become('un',unonce,nunonce)
if A[10]~='' then become('p',h[3],A[10]) end
local list={}
for i,alias in ipairs(norder) do list[2*i-1]=alias list[2*i]=nown[alias] end
become('a',h[8],#list>0 and cjson.encode(list))
local wake=A[9]
if wake~='' and expect=='live' and A[13]=='' and (wake=='-' or (h[7] and tonumber(h[7])<=tonumber(wake))) then wake='' end
if wake=='-' then
  become('w',h[7],false)
  if h[7] or not v then redis.call('ZADD',b,'+inf',entry) end
elseif wake~='' then
  become('w',h[7],wake)
  redis.call('ZADD',b,wake,entry)
  if not due or tonumber(wake)<tonumber(due) then redis.call('ZADD',d,wake,A[14]) end
elseif not v then redis.call('ZADD',b,'+inf',entry) end
if #drop>0 then redis.call('HDEL',s,unpack(drop)) end
for i=unset,unsetend,1000 do redis.call('HDEL',s,unpack(A,i,math.min(i+999,unsetend))) end
local first=math.min(set+999,setend+1)
for i=set,first do put[#put+1]=A[i] end
redis.call('HSET',s,unpack(put))
for i=first+1,setend,1000 do redis.call('HSET',s,unpack(A,i,math.min(i+999,setend+1))) end
return out`);
}

/** KEYS: session, forbidden. ARGV: place, nonce, whether to forbid. */
export const resolveScript: Script = script(`#!lua flags=allow-oom
local h=redis.call('HMGET',KEYS[1],'v','e','u','un','a')
local sort,name,nonce=string.sub(ARGV[1],1,1),string.sub(ARGV[1],2),ARGV[2]
local by
if sort=='u' and h[3]==name then by=h[4] end
if sort=='a' and h[5] then local l=cjson.decode(h[5]) for i=1,#l,2 do if l[i]==name then by=l[i+1] end end end
if by==nonce then return 'holds' end
if redis.call('ZSCORE',KEYS[2],nonce) or h[2] or (sort=='k' and h[1]) then return 'never' end
if ARGV[3]=='' then return 'open' end
local t=redis.call('TIME')
local now=t[1]*1000+math.floor(t[2]/1000)
redis.call('ZADD',KEYS[2],now,nonce)
redis.call('ZREMRANGEBYSCORE',KEYS[2],'-inf',now-${rememberedFor})
return 'never'`);
