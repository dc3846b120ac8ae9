import type { z } from "zod";
import type { Role } from "./roles.ts";

/** What is known of one operation, its place apart. */
export interface Operation {
  readonly tag: string;
  /** One line, as in a table of contents. */
  readonly summary: string;
  readonly description?: string;
  /** Which keys may ask; without it no key is needed. */
  readonly roles?: readonly Role[];
  /** A person at the console has to have proved lately who they are. */
  readonly fresh?: true;
  /** The same key may be presented again with `Idempotency-Key`, and is answered as it was the first time. */
  readonly idempotent?: true;
  /** It is about the session whose token comes in `Sojourn-Session`. */
  readonly ofSession?: true;
  /** The `{name}`s of the path. */
  readonly parameters?: z.ZodObject;
  readonly query?: z.ZodObject;
  readonly body?: z.ZodObject;
  /** Of what was made, by names of the answer: `/v1/sessions/{id}`. */
  readonly location?: string;
  readonly status: 200 | 201 | 204;
  /** Headers of the answer, and what each says. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Without it, and without a stream, the answer is empty. */
  readonly answer?: z.ZodType;
  /** What each message of an event stream (`text/event-stream`, WHATWG HTML §9.2) has as its data; the answer is such a stream. */
  readonly stream?: z.ZodType;
  /** The answer is plain text and no JSON, of this media type. */
  readonly plain?: string;
  /** Codes of problems that are this operation's own, by status. */
  readonly problems?: Readonly<Record<number, readonly string[]>>;
}
