import type { Duration } from "sojourn";
import { z } from "zod";
import { roles } from "./roles.ts";

// What is sent, part by part. Each message ends the sentence "<field> must be …".

const aSubject = "a text of 1 to 512 characters";
export const subject = z.string(aSubject).min(1, aSubject).max(512, aSubject).meta({ description: "Whose it is." });

const aList = "a list of at most 100 texts";
export const texts = z.array(z.string("a text"), aList).max(100, aList);

/** Names and values of fields; the library judges both. */
export const fields = z.record(z.string(), z.unknown(), "an object of fields").meta({ description: "Names and values of fields." });

const aKind = 'a letter and up to 62 letters, digits and hyphens, such as "web" or "sms"';
export const kind = z.string(aKind).regex(/^[A-Za-z][A-Za-z0-9-]{0,62}$/, aKind);

const aDuration = 'milliseconds above zero, or a text such as "30s", "15m", "12h" or "30d"';
const durationText = /^(?=.*[1-9])\d+(\.\d+)?(ms|s|m|h|d)$/;
export const duration = z.union([z.number().positive(aDuration), z.string().regex(durationText, aDuration)], aDuration) as z.ZodType<Duration, Duration>;

const aVersion = "a version: a whole number from 1";
export const version = z.int(aVersion).min(1, aVersion);

/** Said of a body that is none. */
export const anObject = "a JSON object";

const aLimit = "a whole number from 1 to 1000";
/** A page of a listing: how many, and after which. */
export const page = {
  after: z
    .string()
    .regex(/^[!-~]{1,200}$/, "the next of an earlier answer")
    .optional()
    .meta({ description: "The `next` of the page before." }),
  limit: z
    .string()
    .regex(/^([1-9]\d{0,2}|1000)$/, aLimit)
    .transform(Number)
    .optional()
    .meta({ description: "How many at most; 1 to 1000, default 100. A page may be short without being the last." }),
};

const aCookie = "the name of a cookie: 1 to 64 letters, digits, hyphens and underscores";
export const cookieName = z.string(aCookie).regex(/^[A-Za-z0-9_-]{1,64}$/, aCookie);

const aName = "1 to 64 printable ASCII characters";
export const keyName = z.string(aName).regex(/^[\x20-\x7e]{1,64}$/, aName);

export const role = z.enum(roles, `one of ${roles.join(", ")}`).meta({ description: "What the key may do." });

/** Epoch ms. */
export const moment = z.number().meta({ description: "Epoch milliseconds." });
