import { idIn } from "./keys.ts";
import type { Scrubbed } from "./scrub.ts";
import { deadScript, misplacedScript } from "./scrub-scripts.ts";
import { membersOf } from "./walk.ts";

/** From the entries of a bucket to their records, some hundred at a time: how many were looked at, and how many of them no record has there. */
export async function* deadEntries(
  { client, keys, run }: Scrubbed,
  bucket: string,
  repair: boolean,
): AsyncGenerator<{ readonly looked: number; readonly dead: number }, void, undefined> {
  async function isDead(entry: string): Promise<boolean> {
    const id = idIn(entry);
    const { session, index } = keys.of(id);
    const write = repair ? "1" : "";
    // The record may be in another slot; its entry is not to be here, whatever it says.
    const answer =
      index + keys.bucket(id) === bucket ? run(deadScript, [session + id, bucket], [entry, id, write]) : run(misplacedScript, [bucket], [entry, write]);
    return Number(await answer) === 1;
  }

  for await (const entries of membersOf(client, bucket)) {
    yield { looked: entries.length, dead: (await Promise.all(entries.map(isDead))).filter(Boolean).length };
  }
}
