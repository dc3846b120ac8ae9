import { json, textIn, waitOf, type SmsSession, type SmsSessions } from "./dialogue-record.ts";

/** A message that several dialogues over one number could be meant by. The field `choice.<number>` of a contact, until the person has said which. */
export interface Choice {
  readonly text: string;
  readonly message?: string | undefined;
  /** The dialogues, as they were numbered. */
  readonly ids: readonly string[];
}

/** The dialogues with a handset over one number that wait for a message, the oldest first. */
export async function waitingOver(sessions: SmsSessions, subject: string, number: string): Promise<readonly SmsSession[]> {
  const waiting: SmsSession[] = [];
  for await (const { id } of sessions.list({ subject })) {
    const session = await sessions.reach({ id }, { touch: false });
    if (session?.get("number") === number && waitOf(session)?.text === true) waiting.push(session);
  }
  return waiting;
}

export function choiceOf(contact: SmsSession, number: string): Choice | undefined {
  return contact.get(`choice.${number}`) as Choice | undefined;
}

/** Which dialogue was picked by a message, if it is the answer to a choice. */
export function picked(choice: Choice | undefined, text: string): string | undefined {
  const number = /^\s*(\d{1,3})\W{0,3}$/.exec(text)?.[1];
  return number === undefined ? undefined : choice?.ids[Number(number) - 1];
}

/** Keeps a message until it is known whom it is for; gives what to ask. */
export function holdBack(
  contact: SmsSession,
  number: string,
  waiting: readonly SmsSession[],
  { text, message }: { readonly text: string; readonly message?: string | undefined },
): string {
  const ids = waiting.map((session) => session.id as string);
  contact.set(`choice.${number}`, json({ text, ids, ...(message === undefined ? undefined : { message }) } satisfies Choice));
  return ["Which one?", ...waiting.map((session, i) => `${i + 1} ${textIn(session, "asked") ?? ""}`)].join("\n");
}
