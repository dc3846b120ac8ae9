import type { Runner } from "./runner.ts";
import { script } from "./script.ts";

/**
 * KEYS: session. Answer: names and texts as one text, a `\0` behind each, and how many there are. A client reads one text, and takes it apart itself: that
 * costs it a third to a half of what many texts do, and less than JSON, in which quotes have to be escaped. The server needs as long as for JSON.
 */
const loadScript = script(`local h=redis.call('HGETALL',KEYS[1])
return table.concat(h,'\\0')..'\\0'..#h`);

/** Where a name or a text has a `\0` in it. */
const wholeScript = script(`return redis.call('HGETALL',KEYS[1])`);

const none: readonly string[] = Object.freeze([]);

/** A hash as names, each before its text; empty where there is none. One command, or two where a text of it has a `\0`. */
export function loadHash(run: Runner, key: string, deadline?: number): Promise<readonly string[]> {
  return run(loadScript, [key], none, deadline).then((answer) => listIn(answer as string) ?? (run(wholeScript, [key], none, deadline) as Promise<string[]>));
}

/** `undefined` where it cannot be told what belongs together. */
function listIn(answer: string): readonly string[] | undefined {
  if (answer === "\x000") return none;
  const list = answer.split("\0");
  return Number(list.pop()) === list.length ? list : undefined;
}
