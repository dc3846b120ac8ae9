import { SojournError, type CreateOptions } from "sojourn";
import type { Json } from "../replay.ts";
import type { SmsSession, SmsSessions } from "./dialogue-record.ts";

/** What happens to a dialogue when every number of the pool has a live one with its handset. */
export type Exhausted = "refuse" | "queue" | "oldest-yields" | "menu";

/** The name of a cell of the matrix: one handset and one number, which at most one live dialogue holds. */
export function cellOf(handset: string, number: string): string {
  return `sms ${handset} ${number}`;
}

/** The numbers in the order in which a handset is given them: its own, so that the load is spread and somebody who is written to again sees the number that is known. */
export function orderOf(numbers: readonly string[], handset: string): readonly string[] {
  let sum = 0;
  for (const character of handset) sum = (sum * 31 + character.charCodeAt(0)) % 1_000_003;
  const first = sum % numbers.length;
  return [...numbers.slice(first), ...numbers.slice(0, first)];
}

/** Begins a dialogue's session in the first cell that is free; `undefined`: none is. */
export async function createInFreeCell(
  sessions: SmsSessions,
  handset: string,
  numbers: readonly string[],
  birth: (number: string) => CreateOptions<Record<string, Json>>,
): Promise<SmsSession | undefined> {
  for (const number of numbers) {
    const session = await free(() => sessions.create({ ...birth(number), aliases: [cellOf(handset, number)] }));
    if (session !== undefined) return session;
  }
  return undefined;
}

/** Gives a session that waits the first cell that is free; gives its number. */
export async function claimFreeCell(session: SmsSession, handset: string, numbers: readonly string[]): Promise<string | undefined> {
  for (const number of numbers) {
    const claimed = await free(async () => {
      await session.claim(cellOf(handset, number));
      return true;
    });
    if (claimed !== undefined) return number;
  }
  return undefined;
}

async function free<T>(attempt: () => Promise<T>): Promise<T | undefined> {
  try {
    return await attempt();
  } catch (error) {
    if (error instanceof SojournError && error.code === "alias_taken") return undefined;
    throw error;
  }
}
