import { json, textIn, waitOf, type SmsSession, type SmsSessions } from "./dialogue-record.ts";

/** A message that several dialogues over one number could be meant by. In the field `choice.<number>` of a contact. */
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

/** What is kept under `choice.<number>`. */
interface Choosing {
  /** Until the person has said which. */
  readonly open?: Choice | undefined;
  /** Names of messages that a choice was made of: they may come again. */
  readonly heard: readonly string[];
}

/** Names that are remembered. */
const remembered = 20;

export function choiceOf(contact: SmsSession, number: string): Choice | undefined {
  return choosing(contact, number).open;
}

/** Whether a message had its part in a choice that was made. */
export function wasChosen(contact: SmsSession, number: string, message: string | undefined): boolean {
  return message !== undefined && choosing(contact, number).heard.includes(message);
}

/** The choice was made, by that message. Written at once; a choice that was asked for since then stays open. */
export async function chosen(contact: SmsSession, number: string, choice: Choice, by: string | undefined): Promise<void> {
  await contact.update(`choice.${number}`, (now) => {
    const { open, heard } = (now ?? { heard: [] }) as unknown as Choosing;
    const same = open?.text === choice.text && open.message === choice.message;
    const names = [...heard, choice.message, by].filter((name) => name !== undefined).slice(-remembered);
    return json({ heard: names, ...(same || open === undefined ? undefined : { open }) } satisfies Choosing);
  });
}

function choosing(contact: SmsSession, number: string): Choosing {
  return (contact.get(`choice.${number}`) as unknown as Choosing | undefined) ?? { heard: [] };
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
  const open: Choice = { text, ids, ...(message === undefined ? undefined : { message }) };
  contact.set(`choice.${number}`, json({ heard: choosing(contact, number).heard, open } satisfies Choosing));
  return ["Which one?", ...waiting.map((session, i) => `${i + 1} ${textIn(session, "asked") ?? ""}`)].join("\n");
}
