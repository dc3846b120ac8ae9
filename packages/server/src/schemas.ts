import type { Duration } from "sojourn";
import { z } from "zod";

// Each message ends the sentence "<field> must be …".

const aSubject = "a text of 1 to 512 characters";
export const subject: z.ZodString = z.string(aSubject).min(1, aSubject).max(512, aSubject);

const aList = "a list of at most 100 texts";
export const texts: z.ZodArray<z.ZodString> = z.array(z.string("a text"), aList).max(100, aList);

/** Names and values of fields; the library judges both. */
export const fields: z.ZodRecord<z.ZodString, z.ZodUnknown> = z.record(z.string(), z.unknown(), "an object of fields");

const aKind = 'a letter and up to 62 letters, digits and hyphens, such as "web" or "sms"';
export const kind: z.ZodString = z.string(aKind).regex(/^[a-z][a-z0-9-]{0,62}$/i, aKind);

export const duration: z.ZodType<Duration> = z.custom<Duration>(
  (value) => (typeof value === "number" && value > 0) || (typeof value === "string" && /^\d+(\.\d+)?(ms|s|m|h|d)$/.test(value) && Number.parseFloat(value) > 0),
  'milliseconds above zero, or a text such as "30s", "15m", "12h" or "30d"',
);

/** Said of a body that is none. */
export const anObject = "a JSON object";
