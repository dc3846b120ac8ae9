import { SojournError } from "sojourn";
import { choiceOf, chosen, holdBack, picked, waitingOver, wasChosen } from "./choice.ts";
import { contactOf, dealtWith, handsetOf, joined, lapsed, leftOf, renewalOf, renewed, type Whole } from "./contact.ts";
import { grace, type AnyDialogue } from "./conversation.ts";
import { originOf, saidBy, say, type SmsSession } from "./dialogue-record.ts";
import { flush, type Sending } from "./outbox.ts";
import { cellOf } from "./pool.ts";
import type { Running } from "./running.ts";
import { subjectOf, type Scene } from "./scene.ts";
import type { SmsOptions } from "./sms.ts";
import type { Inbound } from "./transport.ts";
import type { Dropped } from "./reassembly.ts";
import { meaningOf } from "./wording.ts";

/** Where messages come in: whom each is for, and what people mean beyond any dialogue. */
export interface Reception {
  /** Once it resolves, the message is safe, or of no account. */
  message(message: Inbound): Promise<void>;
  /** Does what is due for a contact. */
  contactWoken(contact: SmsSession): Promise<void>;
}

/** A whole message, from a handset to a number of ours. */
interface Message {
  readonly handset: string;
  readonly number: string;
  readonly text: string;
  /** The network's name for it. */
  readonly name: string | undefined;
}

/** Whom a message is for. `done` is to be called when it has been dealt with. */
interface Addressee {
  readonly session: SmsSession | undefined;
  readonly text: string;
  readonly name: string | undefined;
  done?(): Promise<void>;
}

/** @param spelling gives a number in its one spelling, if it is one. @param keywords by the word in lower case. */
export function reception(
  scene: Scene,
  { start, moveOn }: Running,
  options: Pick<SmsOptions, "wording" | "replies" | "unexpected">,
  keywords: ReadonlyMap<string, AnyDialogue>,
  spelling: (address: string) => string | undefined,
): Reception {
  const { sessions, now } = scene;
  /** An answer to a person's own message knows no quiet hours. */
  const atOnce: Sending = { ...scene.sending, allowed: (at) => at };

  async function message({ id, from, to, text, part }: Inbound): Promise<void> {
    const handset = spelling(from);
    const number = spelling(to);
    // Nobody could be answered, or the network is set up wrongly.
    if (handset === undefined || number === undefined || !scene.numbers.includes(number)) {
      const why = handset === undefined ? "from what is no handset" : "to a number that is not in the pool";
      return scene.failed(undefined, new SojournError("invalid_field", `A message came ${why}; it was dropped.`));
    }
    if (part === undefined) return route({ handset, number, text, name: id });
    const contact = await contactOf(sessions, handset, now());
    const { whole, dropped } = await joined(contact, number, { ...part, text }, now());
    tellOf(dropped);
    for (const one of whole) await dealWith(contact, handset, number, one);
  }

  function tellOf(dropped: readonly Dropped[]): void {
    for (const { have, count, why } of dropped) {
      scene.failed(undefined, new SojournError("invalid_field", `Of a long message ${have.length} of ${count} parts came; it was dropped (${why}).`));
    }
  }

  async function dealWith(contact: SmsSession, handset: string, number: string, whole: Whole): Promise<void> {
    await route({ handset, number, text: whole.text, name: whole.id });
    await dealtWith(contact, number, whole);
  }

  async function route(said: Message): Promise<void> {
    const { handset, number, text } = said;
    const meaning = meaningOf(text, options.wording);
    if (meaning === "stop") return stop(said);
    if (meaning !== undefined) {
      const contact = await contactOf(sessions, handset, now());
      if (meaning === "start") contact.delete("stopped");
      return answer(contact, said, options.replies?.[meaning]);
    }
    const meant = await addressee(said);
    if (meant === "asked") return;
    const { session } = meant;
    if (session !== undefined && (await moveOn(session, { at: now(), text: meant.text, message: meant.name }))) return meant.done?.();
    const [first = "", ...words] = text.trim().split(/\s+/, 50);
    const keyword = keywords.get(first.toLowerCase());
    // Over that very number, so that the answer comes from where the question went.
    if (session === undefined && keyword !== undefined && (await start(keyword, handset, { words }, { number, message: said.name })).ok) return;
    const reply = await options.unexpected?.({ handset, number, text });
    if (reply !== undefined) await answer(await contactOf(sessions, handset, now()), said, reply);
  }

  /** Which dialogue a message is for; `asked`, when only the person can tell. */
  async function addressee({ handset, number, text, name }: Message): Promise<Addressee | "asked"> {
    if (scene.exhausted !== "menu") return { session: await sessions.reach({ alias: cellOf(handset, number) }), text, name };
    const waiting = await waitingOver(sessions, subjectOf(handset), number);
    if (waiting.length <= 1) return { session: waiting[0], text, name };
    const contact = await contactOf(sessions, handset, now());
    const choice = choiceOf(contact, number);
    // The network sends it again.
    if ((name !== undefined && choice?.message === name) || wasChosen(contact, number, name)) return "asked";
    const named = namedIn(waiting, text);
    if (named !== undefined) return { ...named, name };
    const id = picked(choice, text);
    if (choice === undefined || id === undefined) {
      await answer(contact, { handset, number }, holdBack(contact, number, waiting, { text, message: name }));
      return "asked";
    }
    return {
      session: await sessions.reach({ id }),
      text: choice.text,
      name: choice.message,
      // The next message may be here already, and have asked anew.
      done: () => chosen(contact, number, choice, name),
    };
  }

  /** The one dialogue whose keyword stands before the answer: "BOOK yes". */
  function namedIn(waiting: readonly SmsSession[], text: string): Pick<Addressee, "session" | "text"> | undefined {
    const [, word = "", rest = ""] = /^\s*(\S+)\s+(.*)$/s.exec(text) ?? [];
    const name = keywords.get(word.toLowerCase())?.name;
    const [one, ...others] = waiting.filter((session) => originOf(session)?.name === name);
    return one === undefined || others.length > 0 ? undefined : { session: one, text: rest };
  }

  /** Whoever says STOP to one number has said it to all, and in every dialogue. It is written down before anything is ended. */
  async function stop(said: Message): Promise<void> {
    const contact = await contactOf(sessions, said.handset, now());
    contact.set("stopped", now());
    await contact.commit();
    await sessions.endAll({ subject: subjectOf(said.handset) }, "stopped");
    await answer(contact, said, options.replies?.stop);
  }

  /** What is said to a person's own message, also to somebody who wants to hear nothing else. */
  async function answer(contact: SmsSession, { handset, number }: Pick<Message, "handset" | "number">, text: string | undefined): Promise<void> {
    const before = saidBy(contact);
    if (text !== undefined) {
      say(contact, number, [text], now());
      contact.wakeAt(now() + grace);
    }
    await contact.commit();
    if (text === undefined) return;
    await flush(contact, handset, atOnce, (n) => n >= before);
    await contact.commit();
  }

  return {
    message,
    async contactWoken(contact) {
      const handset = handsetOf(contact);
      await renewed(contact, now());
      for (const [number, whole] of leftOf(contact)) await dealWith(contact, handset, number, whole);
      const { dropped, next: lapses } = await lapsed(contact, now());
      tellOf(dropped);
      const next = await flush(contact, handset, atOnce, () => false);
      contact.wakeAt(Math.min(next ?? Infinity, lapses, renewalOf(contact)));
      await contact.commit();
    },
  };
}
