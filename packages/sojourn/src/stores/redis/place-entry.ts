import type { SessionId } from "../../core/seam.ts";
import type { Entry } from "../places.ts";
import { placeNameLength } from "./keys.ts";

/*
 * An entry of a place: the place's name in keys, the id, `\0`, the moment at which it was put, the nonce. An id may have `\0` in it, what comes after it has none.
 */

/** Hexadecimal digits of a moment. They last until 2112. */
const momentLength = 12;
/** µs in which moments are counted, since 1970. */
const unit = 16;

/** Lua: `now()`, a moment, and µs; `moment(n)`, one as text; `tail(x,name,id)`, the moment and the nonce of an entry; `entry(key,name,id)`: the entry of an id in a place. */
export const entryLines: string = `local function now()
  local t=redis.call('TIME')
  local micros=t[1]*1000000+t[2]
  return math.floor(micros/${unit}),string.format('%.0f',micros)
end
local function moment(n) return string.format('%04x%08x',math.floor(n/4294967296),n%4294967296) end
local function tail(x,name,id)
  local at=#name+#id+2
  return tonumber(string.sub(x,at,at+3),16)*4294967296+tonumber(string.sub(x,at+4,at+11),16),string.sub(x,at+${momentLength})
end
local function entry(key,name,id)
  for _,x in ipairs(redis.call('ZRANGEBYLEX',key,'['..name..id..'\\0','('..name..id..'\\1')) do
    if not string.find(x,'\\0',#name+#id+2,true) then return x end
  end
  return false
end`;

/** An entry, and the name in keys of the place where it stands. */
export interface Placed {
  readonly name: string;
  readonly entry: Entry;
  /** Epoch µs. */
  readonly at: number;
}

/** @param now epoch µs, by the clock by which it was put @returns `undefined` when it is none: the last moment of an ordered place, or something else's */
export function placedIn(text: string, now: number): Placed | undefined {
  const end = text.lastIndexOf("\0");
  const nonce = text.slice(end + 1 + momentLength);
  if (end <= placeNameLength || nonce === "") return undefined;
  const at = unit * Number.parseInt(text.slice(end + 1, end + 1 + momentLength), 16);
  const id = text.slice(placeNameLength, end) as SessionId;
  return { name: text.slice(0, placeNameLength), entry: { id, nonce, age: Math.max(0, (now - at) / 1000) }, at };
}
