import type { AnyDialogue, Stage } from "./conversation.ts";
import type { SmsSessions } from "./dialogue-record.ts";
import type { Sending } from "./outbox.ts";
import type { Exhausted } from "./pool.ts";
import type { Finished, SmsOptions } from "./sms.ts";

/** What the parts of a gateway share. */
export interface Scene extends Stage {
  readonly sessions: SmsSessions;
  /** The pool, each number in its one spelling. */
  readonly numbers: readonly string[];
  readonly exhausted: Exhausted;
  readonly sending: Sending;
  /** Epoch ms. */
  readonly now: () => number;
  readonly lifetime: Required<Pick<SmsOptions, "idle" | "absolute">>;
  readonly finished: ((outcome: Finished) => Promise<void> | void) | undefined;
  /** @throws {SojournError} `invalid_option` when there is no such dialogue */
  known(name: string): AnyDialogue;
}

/** The kind of a dialogue's session. */
export const dialogueKind = "sms";

/** Under which subject the dialogues with a handset are. */
export function subjectOf(handset: string): string {
  return `tel:${handset}`;
}
