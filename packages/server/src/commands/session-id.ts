import { wrongUsage } from "./exit-codes.ts";

/** An id of a session as it was given. @throws {CommandFailure} when it is a token: that is a secret, and an id is put into URLs */
export function sessionId(text: string): string {
  if (/^[0-9a-z]{26}\./i.test(text)) throw wrongUsage("That is a session's token, which is a secret. Its id is what stands before the dot.");
  if (/^[\w-]{1,200}$/.test(text)) return text;
  throw wrongUsage(`${JSON.stringify(text)} is no session's id: that has letters and digits alone. "sojournd sessions list" shows ids.`);
}
