import { SojournError, type Duration } from "sojourn";
import type { Json } from "../replay.ts";
import { json, textIn, type SmsSession, type SmsSessions } from "./dialogue-record.ts";
import { defaultJoinLimits, join, lapse, lapsesAt, type Dropped, type Held, type JoinLimits, type Part } from "./reassembly.ts";

/** The kind of a session that keeps what is known of a handset beyond any dialogue: that it wants to hear nothing, and parts of long messages. */
export const contactKind = "sms-contact";

/** As long as a session may last; it is renewed before. */
const lifetime: Duration = "400d";
const renewal = 390 * 86_400_000;

/** A field has 64 kB, and a whole message lies in it for a moment too. */
const limits: JoinLimits = { ...defaultJoinLimits, bytes: 24_000 };

/** A long message that is whole, until it has been dealt with. */
export interface Whole {
  readonly id: string;
  readonly text: string;
}

/** What is kept of long messages from a handset to one number. */
interface Parts {
  readonly held?: Held;
  readonly whole: readonly Whole[];
}

/** What is known of a handset, if anything. */
export async function knownContact(sessions: SmsSessions, handset: string): Promise<SmsSession | undefined> {
  return sessions.reach({ alias: aliasOf(handset) });
}

/** What is known of a handset; begins with nothing. */
export async function contactOf(sessions: SmsSessions, handset: string, now: number): Promise<SmsSession> {
  for (let n = 0; ; n++) {
    const known = await knownContact(sessions, handset);
    if (known !== undefined) return known;
    try {
      return await sessions.create({
        kind: contactKind,
        subject: aliasOf(handset),
        idle: lifetime,
        absolute: lifetime,
        aliases: [aliasOf(handset)],
        data: { handset },
        wakeAt: now + renewal,
      });
    } catch (error) {
      // Another process was quicker.
      if (n > 5 || !(error instanceof SojournError) || error.code !== "alias_taken") throw error;
    }
  }
}

/** Begins the time of a contact anew when it comes to its end: who wants to hear nothing wants it for good. */
export async function renewed(contact: SmsSession, now: number): Promise<void> {
  if (contact.created !== undefined && (contact.authenticatedAt ?? contact.created) + renewal > now) return;
  await contact.authenticate(aliasOf(handsetOf(contact)));
}

/** When a contact has to be looked at for its own sake. */
export function renewalOf(contact: SmsSession): number {
  return (contact.authenticatedAt ?? contact.created ?? 0) + renewal;
}

/** E.164. */
export function handsetOf(contact: SmsSession): string {
  return textIn(contact, "handset") ?? "";
}

export function isStopped(contact: SmsSession | undefined): boolean {
  return contact?.get("stopped") !== undefined;
}

/** Takes in a part of a long message. Gives the messages to that number that are whole and have not been dealt with, and what will never be whole. */
export async function joined(
  contact: SmsSession,
  number: string,
  part: Part,
  now: number,
): Promise<{ readonly whole: readonly Whole[]; readonly dropped: readonly Dropped[] }> {
  let dropped: readonly Dropped[] = [];
  const kept = (await contact.update(`parts.${number}`, (before) => {
    const parts = partsOf(before);
    const joining = join(parts.held, part, now, limits);
    const { held, whole } = joining;
    dropped = joining.dropped;
    const id = `${part.reference}.${part.count}.${now}.${Math.random().toString(36).slice(2)}`;
    return json({ ...(held === undefined ? undefined : { held }), whole: whole === undefined ? parts.whole : [...parts.whole, { id, text: whole }] });
  })) as unknown as Parts;
  const lapses = lapsesAt(kept.held, limits);
  if (lapses !== undefined && lapses < (contact.wakesAt ?? Infinity)) {
    contact.wakeAt(lapses);
    await contact.commit();
  }
  return { whole: kept.whole, dropped };
}

/** Takes away the parts that have waited for too long for the others. Gives what was dropped, and the epoch ms at which to look again. */
export async function lapsed(contact: SmsSession, now: number): Promise<{ readonly dropped: readonly Dropped[]; readonly next: number }> {
  const dropped: Dropped[] = [];
  let next = Infinity;
  for (const [name, value] of Object.entries(contact.data)) {
    if (!name.startsWith("parts.")) continue;
    const { held } = partsOf(value);
    if (lapse(held, now, limits).dropped.length === 0) next = Math.min(next, lapsesAt(held, limits) ?? Infinity);
    else {
      let late: readonly Dropped[] = [];
      const kept = await contact.update(name, (before) => {
        const parts = partsOf(before);
        const left = lapse(parts.held, now, limits);
        late = left.dropped;
        return json({ whole: parts.whole, ...(left.held === undefined ? undefined : { held: left.held }) });
      });
      dropped.push(...late);
      next = Math.min(next, lapsesAt(partsOf(kept).held, limits) ?? Infinity);
    }
  }
  return { dropped, next };
}

/** Takes away a long message that has been dealt with. */
export async function dealtWith(contact: SmsSession, number: string, { id }: Whole): Promise<void> {
  await contact.update(`parts.${number}`, (before) => {
    const parts = partsOf(before);
    return json({ ...parts, whole: parts.whole.filter((one) => one.id !== id) });
  });
}

/** Every long message that is whole and has not been dealt with, by the number that it came to. */
export function leftOf(contact: SmsSession): (readonly [number: string, whole: Whole])[] {
  return Object.entries(contact.data)
    .filter(([name]) => name.startsWith("parts."))
    .flatMap(([name, value]) => partsOf(value).whole.map((whole) => [name.slice("parts.".length), whole] as const));
}

function partsOf(value: Json | undefined): Parts {
  return (value as Parts | undefined) ?? { whole: [] };
}

function aliasOf(handset: string): string {
  return `sms-contact ${handset}`;
}
