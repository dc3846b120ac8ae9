import { SojournError } from "sojourn";
import { json, type SmsSession, type SmsSessions } from "./dialogue-record.ts";
import { spend, type Bucket, type Rate } from "./rate.ts";

/** The kind of a session that keeps what a number of ours has used of its rate. */
export const numberKind = "sms-number";

/** Gives the epoch ms at which the next message of a number may go: a place of its own, whichever process asks. */
export type Reserve = (number: string) => Promise<number>;

/** Reservations kept in the store, so that the rate holds over all processes. @throws {SojournError} `invalid_option` when the rate is wrong */
export function reservations(sessions: SmsSessions, rate: Rate, now: () => number): Reserve {
  // Says at once what is wrong.
  spend(undefined, 0, rate);
  const known = new Map<string, SmsSession>();

  async function numberOf(number: string): Promise<SmsSession> {
    const alias = `sms-number ${number}`;
    for (let n = 0; ; n++) {
      const found = await sessions.reach({ alias });
      if (found !== undefined) return found;
      try {
        return await sessions.create({ kind: numberKind, idle: "400d", absolute: "400d", aliases: [alias] });
      } catch (error) {
        if (n > 5 || !(error instanceof SojournError) || error.code !== "alias_taken") throw error;
      }
    }
  }

  return async (number) => {
    const session = known.get(number) ?? (await numberOf(number));
    known.set(number, session);
    let at = 0;
    try {
      await session.update("bucket", (before) => {
        const spent = spend(before as unknown as Bucket | undefined, now(), rate);
        at = spent.at;
        return json(spent.bucket);
      });
    } catch (error) {
      // It may have come to the end of its time: the next one begins another.
      known.delete(number);
      throw error;
    }
    return at;
  };
}
