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

const aKey = "an application key";
export const keyText = z.string(aKey).min(1, aKey).max(300, aKey);

/** As stores give them; opaque. */
export const eventId = z
  .string()
  .regex(/^[!-~]{1,200}$/, "the id of an event")
  .meta({ description: "As `Last-Event-ID`, for those that cannot send it." });

export const role = z.enum(roles, `one of ${roles.join(", ")}`).meta({ description: "What the key may do." });

const aCheckpoint = "a text of 1 to 256 characters";
export const checkpointName = z.string(aCheckpoint).min(1, aCheckpoint).max(256, aCheckpoint).meta({ description: "The checkpoint's name." });

const aMoment = "epoch milliseconds: a whole number from 0";
/** Epoch ms, from outside. */
export const momentGiven = z.int(aMoment).min(0, aMoment);

/** The same, in a query. */
export const momentText = z
  .string(aMoment)
  .regex(/^\d{1,16}$/, aMoment)
  .transform(Number);

const aPart = "a text of 1 to 200 characters";
/** A part of an address or of a device's name. */
export const searchedText = z.string(aPart).min(1, aPart).max(200, aPart);

const aUrl = "an https or http URL of at most 2000 characters, without a user and a password";
export const webhookUrl = z
  .string(aUrl)
  .max(2000, aUrl)
  .refine(isPlainUrl, aUrl)
  .meta({ description: "Where events are sent. https, unless the server was told to allow the host.", examples: ["https://hooks.example.com/sojourn"] });

function isPlainUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, username, password } = new URL(text);
  return /^https?:$/.test(protocol) && username === "" && password === "";
}

export const eventType = z.enum(["created", "changed", "ended"], "one of created, changed, ended");
export const webhookEvents = z.array(eventType, "a list of created, changed, ended").min(1, "a list of at least one").max(3, "a list of at most three");

/** Epoch ms. */
export const moment = z.number().meta({ description: "Epoch milliseconds." });
