import type { RedisClient, RedisNode } from "./redis-client.ts";

/** Keys and members looked at in one step. */
export const stretch = 256;
/** What was met lately is not met again: a walk may come upon the same thing twice while a table grows. */
const remembered = 200_000;

/** Every key that begins so, of every primary, some hundred at a time. Keys that are there throughout come at least once, and hardly ever twice. */
export async function* keysBeginning(client: RedisClient, stem: string): AsyncGenerator<readonly string[], void, undefined> {
  for (const node of await client.primaries()) {
    yield* fresh((cursor) => node.command(["SCAN", cursor, "MATCH", `${stem}*`, "COUNT", String(stretch)]), 1);
  }
}

/** Every member of a sorted set. */
export function membersOf(client: RedisClient, key: string): AsyncGenerator<readonly string[], void, undefined> {
  return fresh((cursor) => client.command(key, ["ZSCAN", key, cursor, "COUNT", String(stretch)]), 2);
}

/** How many keys there are in all. */
export async function keyCount(nodes: readonly RedisNode[]): Promise<number> {
  const counts = await Promise.all(nodes.map((node) => node.command(["DBSIZE"])));
  return counts.reduce<number>((sum, count) => sum + Number(count), 0);
}

async function* fresh(next: (cursor: string) => Promise<unknown>, step: 1 | 2): AsyncGenerator<readonly string[], void, undefined> {
  const met = new Set<string>();
  let cursor = "0";
  do {
    const [to, list] = (await next(cursor)) as [string, string[]];
    const found = list.filter((text, i) => i % step === 0 && !met.has(text));
    if (met.size > remembered) met.clear();
    for (const text of found) met.add(text);
    if (found.length > 0) yield found;
    cursor = to;
  } while (cursor !== "0");
}
