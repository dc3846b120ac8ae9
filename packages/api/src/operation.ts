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
  /** Without it the answer is empty. */
  readonly answer?: z.ZodType;
  /** Codes of problems that are this operation's own, by status. */
  readonly problems?: Readonly<Record<number, readonly string[]>>;
}
