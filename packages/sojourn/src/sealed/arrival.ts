import { belongsSince, expiryOf, type Entry } from "../core/entry.ts";
import { SojournError, storeUnavailable } from "../core/errors.ts";
import type { Refusal } from "../core/engine.ts";
import { andThen, isPromise } from "../core/maybe.ts";
import type { Life } from "../core/own-fields.ts";
import type { Visit } from "../core/resumable.ts";
import type { MaybePromise, SessionRecord } from "../core/seam.ts";
import { newId } from "../core/token.ts";
import type { Opened } from "./box.ts";
import { entryWith, type Held } from "./held.ts";
import type { SealedParts } from "./parts.ts";
import type { Foreign, TokenReader } from "./readers.ts";
import { fieldsIn, readSession, type Carried } from "./session-text.ts";

/** What a visit's token turned out to be. */
export interface Arrival {
  readonly held: Held;
  readonly refusal: Refusal | undefined;
  /** The token was replaced: the request was probably sent before that. */
  readonly late: boolean;
}

/** A visit of nobody's. */
export function nothingHeld(): Held {
  return {
    record: undefined,
    entry: undefined,
    generation: 0,
    out: undefined,
    aside: "none",
    rested: undefined,
    changed: false,
    wrote: false,
    text: undefined,
  };
}

function refused(refusal: Refusal, late = false): Arrival {
  return { held: nothingHeld(), refusal, late };
}

/**
 * The session in a token. Whatever is wrong with one that no key of ours sealed for this place, the answer is the same.
 * @throws {SojournError} `store_unavailable` when it is not known whether it ended elsewhere, or what rests aside cannot be read
 */
export function arrive(parts: SealedParts, token: string, visit: Visit): MaybePromise<Arrival> {
  const opened = parts.box.open(token, parts.context(visit.loose === true ? undefined : visit.place));
  return isPromise(opened) ? opened.then((given) => opens(parts, token, given)) : opens(parts, token, opened);
}

function opens(parts: SealedParts, token: string, opened: Opened | undefined): MaybePromise<Arrival> {
  if (opened === undefined) return parts.readers.length === 0 ? refused("malformed") : movesIn(parts, token, parts.readers);
  const read = readSession(opened.bytes);
  if (read === undefined) return refused("malformed");
  const { carried, packed } = read;
  if (packed === undefined) return judged(parts, carried, carried.fields);
  if (parts.packing === undefined) return refused("malformed");
  const text = parts.packing.compression.unpack(packed);
  return isPromise(text) ? text.then((given) => unpacked(parts, carried, given)) : unpacked(parts, carried, text);
}

function unpacked(parts: SealedParts, carried: Carried, text: string | undefined): MaybePromise<Arrival> {
  const open = text === undefined ? undefined : fieldsIn(text.split("\n"), 0);
  if (open === undefined) return refused("malformed");
  return judged(parts, carried, Object.setPrototypeOf({ ...carried.fields, ...open }, null) as Carried["fields"]);
}

/** Whether it is still good, by its own clocks and by what was told of it. */
function judged(parts: SealedParts, carried: Carried, fields: Carried["fields"]): MaybePromise<Arrival> {
  const { settings, names } = parts;
  const { id, created, auth, idle, lifetime, absolute } = carried;
  const life: Life = { created, idle, absolute: absolute ?? (auth?.at ?? created) + lifetime, lifetime, retention: settings.retention };
  const record: SessionRecord = {
    id,
    version: carried.version,
    kind: names.kind(settings.kind),
    ...(carried.subject === undefined ? undefined : { subject: names.subject(carried.subject) }),
    epoch: 0,
    aliases: none,
    fields,
  };
  const entry = entryWith(record, { life, auth, seen: carried.seen });
  if (expiryOf(entry, settings.clock.now()) !== undefined) return refused("expired");
  return known(parts, {
    record,
    entry,
    generation: carried.generation,
    out: id,
    aside: carried.aside,
    rested: undefined,
    changed: false,
    wrote: false,
    text: undefined,
  });
}

/** Whether it has ended elsewhere, as far as that is kept. */
function known(parts: SealedParts, held: Held): MaybePromise<Arrival> {
  const { revocations, settings } = parts;
  if (revocations === undefined) return rests(parts, held);
  const now = settings.clock.now();
  if (!revocations.heard) return andThen(caughtUp(parts, held.entry as Entry), () => told(parts, held, now));
  return told(parts, held, now);
}

const none: readonly string[] = Object.freeze([]);

/** Looks whether what ended elsewhere can be known now. */
async function caughtUp({ revocations }: SealedParts, { auth }: Entry): Promise<void> {
  try {
    await revocations?.follow();
  } catch (error) {
    if (auth === undefined || revocations?.usable === true) return;
    throw error instanceof SojournError ? error : storeUnavailable("what ended elsewhere is not known", error);
  }
  if (revocations?.usable === false && auth !== undefined)
    throw storeUnavailable("it has not been heard from for too long, so it is not known whether this sealed session was ended elsewhere");
}

function told(parts: SealedParts, held: Held, now: number): MaybePromise<Arrival> {
  const entry = held.entry as Entry;
  const { id, subject } = entry.record;
  const why = parts.revocations?.refused(id, held.generation, subject, belongsSince(entry), now);
  if (why === undefined) return rests(parts, held);
  // Whoever has it was handed another since, or will be: what it would write must not take that one's place.
  return refused(why, why === "replaced");
}

/** What rests aside belongs to it; without that it is no session any more. */
function rests(parts: SealedParts, held: Held): MaybePromise<Arrival> {
  if (held.aside === "none") return { held, refusal: undefined, late: false };
  if (parts.aside === undefined) return refused("malformed");
  const { record, entry } = held as { readonly record: SessionRecord; readonly entry: Entry };
  return andThen(parts.aside.load(record.id), (rested) => {
    if (rested === undefined) return refused("ended");
    const whole = { ...record, fields: Object.setPrototypeOf({ ...record.fields, ...rested.fields }, null) as SessionRecord["fields"] };
    held.rested = rested;
    held.record = whole;
    held.entry = entryWith(whole, entry);
    return { held, refusal: undefined, late: false };
  });
}

/** A token of the library that was here before becomes a session of ours. */
async function movesIn(parts: SealedParts, token: string, readers: readonly TokenReader[]): Promise<Arrival> {
  const now = parts.settings.clock.now();
  for (const reader of readers) {
    const foreign = await reader.open(token, now);
    if (foreign !== undefined) return known(parts, heldOf(parts, foreign, now));
  }
  return refused("malformed");
}

function heldOf({ settings, names, engine }: SealedParts, foreign: Foreign, now: number): Held {
  const fields: Record<string, string> = {};
  for (const [name, value] of Object.entries(foreign.data)) {
    try {
      if (value !== undefined) fields[name] = engine.fields.text(name, value);
    } catch {
      // What this application's schema does not allow is not taken along.
    }
  }
  // When its owner proved who he is nobody told: it is fresh for nothing, and below every floor. Other libraries date their cookies anew with each write.
  const at = foreign.subject === undefined ? undefined : 0;
  const record: SessionRecord = {
    id: newId(now),
    version: 1,
    kind: names.kind(settings.kind),
    ...(foreign.subject === undefined ? undefined : { subject: names.subject(foreign.subject) }),
    epoch: 0,
    aliases: none,
    fields: Object.setPrototypeOf(fields, null) as SessionRecord["fields"],
  };
  const created = Math.floor(now);
  const absolute = Math.min(created + settings.absolute, foreign.expires ?? Infinity);
  const life: Life = { created, idle: settings.idle, absolute, lifetime: settings.absolute, retention: settings.retention };
  const entry = entryWith(record, { life, auth: at === undefined ? undefined : { at, methods: [], levels: {} }, seen: now });
  // Not out: no token of ours was made of it.
  return { record, entry, generation: 0, out: undefined, aside: "none", rested: undefined, changed: true, wrote: false, text: undefined };
}

/** For a session whose activity has run ahead of what its token says. */
export function touched(held: Held, seen: number): void {
  const entry = held.entry as Entry;
  held.entry = { ...entry, seen };
  held.changed = true;
}
