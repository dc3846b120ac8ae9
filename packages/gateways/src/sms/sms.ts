import { SojournError, type Duration } from "sojourn";
import type { Dialogue } from "../dialogue.ts";
import type { Json } from "../replay.ts";
import { breather } from "./breather.ts";
import { contactKind } from "./contact.ts";
import type { AnyDialogue } from "./conversation.ts";
import type { SmsSessions } from "./dialogue-record.ts";
import { normalise, type AddressOptions } from "./e164.ts";
import { reservations } from "./number-rate.ts";
import type { Exhausted } from "./pool.ts";
import { checkQuietHours, nextAllowed, type QuietHours } from "./quiet-hours.ts";
import type { Rate } from "./rate.ts";
import { reception } from "./reception.ts";
import { running } from "./running.ts";
import { dialogueKind, type Scene } from "./scene.ts";
import type { Receipt, Transport } from "./transport.ts";
import { turns } from "./turns.ts";
import type { WordingOptions } from "./wording.ts";

export { dialogue, NotUnderstood, Unanswered, type AskOptions, type Dialogue, type DialogueOptions, type Script, type Talk } from "../dialogue.ts";
export type { Json } from "../replay.ts";
export type { SmsSession, SmsSessions } from "./dialogue-record.ts";
export { kannel, type Kannel, type KannelOptions } from "./kannel.ts";
export { kannelConfig, type KannelConfigOptions } from "./kannel-config.ts";
export type { Exhausted } from "./pool.ts";
export { segment, type Segments } from "./segments.ts";
export { simulatedNetwork, type SimulatedHandset, type SimulatedNetwork } from "./simulate.ts";
export { transcriptOf, type Said } from "./transcript.ts";
export { TransportFailure, type Inbound, type Outbound, type Receipt, type Receiver, type Transport } from "./transport.ts";

/** What came of a dialogue. */
export interface Finished {
  readonly id: string;
  readonly dialogue: string;
  /** With which it was begun. */
  readonly args: Json;
  /** E.164. */
  readonly handset: string;
  /** `done`; `timeout` and `misunderstood`, when the function let it be; `failed`, when it threw; `changed`, when there is no function for its version any more. */
  readonly reason: string;
  readonly result?: Json | undefined;
}

/** Whether a dialogue was begun. A refusal is no error. */
export type Started =
  | { readonly ok: true; readonly id: string; readonly number: string | undefined }
  | { readonly ok: false; readonly why: "stopped" | "exhausted" };

/** What {@link smsGateway} takes. */
export interface SmsOptions {
  readonly transport: Transport;
  /** The pool: K numbers carry K dialogues at once with every handset. */
  readonly numbers: readonly string[];
  readonly dialogues: readonly Dialogue<never, unknown>[];
  /** Words that begin a dialogue, when the first word of a message that answers nothing is one. Its arguments are the words behind it: `{ words: string[] }`. */
  readonly keywords?: Readonly<Record<string, string>>;
  /** Default `"queue"`: it begins when a number is free. */
  readonly exhausted?: Exhausted;
  /** How the network writes numbers. */
  readonly addresses?: AddressOptions;
  readonly wording?: WordingOptions;
  /** When nobody is written to, but in answer to their own message. */
  readonly quiet?: QuietHours;
  /** How fast each number may send, over all processes. Default: as fast as the transport takes it. */
  readonly rate?: Rate;
  /** What is said to STOP, START and HELP. Nothing, unless given. */
  readonly replies?: { readonly stop?: string; readonly start?: string; readonly help?: string };
  /** What to say to a message that nobody waited for. Default: nothing. */
  readonly unexpected?: (message: {
    readonly handset: string;
    readonly number: string;
    readonly text: string;
  }) => string | undefined | Promise<string | undefined>;
  /** Told of each dialogue that came to its end, at least once, before its session ends; until it resolves, again and again. */
  readonly finished?: (outcome: Finished) => Promise<void> | void;
  /** What failed where nobody waits: a dialogue's function, a message that the network will never take. */
  readonly failed?: (failure: { readonly id?: string | undefined; readonly error: unknown }) => void;
  readonly receipt?: (receipt: Receipt & { readonly id: string }) => void;
  /** How long a dialogue may be silent, and may last. Default 30 and 90 days. */
  readonly idle?: Duration;
  readonly absolute?: Duration;
  /** Default: the machine's. */
  readonly clock?: { now(): number };
}

/** Dialogues by text message. */
export interface SmsGateway {
  /**
   * Begins a dialogue with a handset.
   * @throws {SojournError} `invalid_field` when the handset is no number, `invalid_option` when the dialogue was not given to the gateway
   */
  start<Args extends Json, Result>(dialogue: Dialogue<Args, Result>, handset: string, args: Args): Promise<Started>;
  /** From now on takes messages in, and does what is due. Any number of processes may. */
  listen(): Promise<void>;
  close(): Promise<void>;
}

/**
 * Two-way dialogues by text message, kept in sessions: many at once with one handset, each resumed by the next message, days later and by any process.
 * @param sessions a manager; the gateway's are of the kinds `sms` and `sms-contact`.
 * @throws {SojournError} `invalid_option`
 */
export function smsGateway(sessions: SmsSessions, options: SmsOptions): SmsGateway {
  const { transport, exhausted = "queue" } = options;
  const now = (): number => (options.clock ?? Date).now();
  const spelling = (address: string): string | undefined => addressOf(address, options.addresses);
  const numbers = options.numbers.map((number) => spelling(number) ?? wrongNumber(number));
  if (numbers.length === 0) throw new SojournError("invalid_option", "numbers is empty. Give at least one number that messages are sent from.");
  const quiet = options.quiet === undefined ? undefined : checkQuietHours(options.quiet);
  const dialogues = new Map<string, AnyDialogue>(options.dialogues.map((one) => [one.name, one]));
  const failed: Scene["failed"] = (id, error) => options.failed?.({ id, error });
  const scene: Scene = {
    sessions,
    dialogues,
    numbers,
    exhausted,
    now,
    failed,
    finished: options.finished,
    lifetime: { idle: options.idle ?? "30d", absolute: options.absolute ?? "90d" },
    sending: {
      transport,
      now,
      allowed: (at) => (quiet === undefined ? at : nextAllowed(at, quiet)),
      reserve: options.rate === undefined ? undefined : reservations(sessions, options.rate, now),
      refused: (reference, error) => failed(idIn(reference), error),
    },
    known(name) {
      const found = dialogues.get(name);
      if (found === undefined) throw new SojournError("invalid_option", `There is no dialogue ${JSON.stringify(name)}. Give it in dialogues.`);
      return found;
    },
  };
  const keywords = new Map(Object.entries(options.keywords ?? {}).map(([word, name]) => [word.toLowerCase(), scene.known(name)]));
  const dialogue = running(scene);
  const { message, contactWoken } = reception(scene, dialogue, options, keywords, spelling);
  const breathe = breather();
  const inTurn = turns(underWay);
  let unhandle: (() => void)[] | undefined;

  return {
    async start({ name }, handset, args) {
      const to = spelling(handset);
      if (to === undefined) {
        const way = "Give it in E.164, such as +358401234567, or say in addresses how yours are written.";
        throw new SojournError("invalid_field", `handset is no telephone number. ${way}`);
      }
      return dialogue.start(scene.known(name), to, args);
    },
    async listen() {
      if (unhandle !== undefined) return;
      unhandle = [sessions.onWake(dialogueKind, dialogue.woken), sessions.onWake(contactKind, contactWoken)];
      transport.receive({
        message: (inbound) =>
          inTurn(async () => {
            await breathe();
            await message(inbound);
          }),
        receipt: (receipt) => Promise.resolve(options.receipt?.({ ...receipt, id: idIn(receipt.reference) })),
      });
      await sessions.run();
    },
    async close() {
      for (const take of unhandle ?? []) take();
      await dialogue.idle();
      await transport.close();
    },
  };
}

/** Messages that are dealt with at once; the others wait for their turn. */
const underWay = 64;

/** The session's id, with which a reference begins. */
function idIn(reference: string): string {
  return reference.slice(0, 26);
}

function addressOf(address: string, options: AddressOptions | undefined): string | undefined {
  const found = normalise(address, options);
  return found === undefined || found.kind === "name" ? undefined : found.number;
}

function wrongNumber(number: string): never {
  throw new SojournError(
    "invalid_option",
    `${JSON.stringify(number)} in numbers is no telephone number and no short code. Give it in E.164, such as "+358401234567".`,
  );
}
