import { SojournError } from "../core/errors.ts";
import { andThen, isPromise } from "../core/maybe.ts";
import type { MaybePromise } from "../core/seam.ts";
import type { Entry } from "../core/entry.ts";
import { asideOf } from "./aside.ts";
import { restsAside, travels, type Held } from "./held.ts";
import type { SealedParts } from "./parts.ts";
import { fieldLines, writeSession, type Aside } from "./session-text.ts";

/** The token of what is held, for one place. @throws {SojournError} `too_large`, `invalid_field` */
export function seal(parts: SealedParts, held: Held, place: string | undefined): MaybePromise<string> {
  return sealAs(parts, held, held.aside, place);
}

function sealAs(parts: SealedParts, held: Held, aside: Aside, place: string | undefined): MaybePromise<string> {
  const { packing, box } = parts;
  const { record, life, auth, seen } = held.entry as Entry;
  const fields: Record<string, string> = {};
  let open: Record<string, string> | undefined;
  for (const name in record.fields) {
    if (!travels(name) || restsAside(parts, aside, name)) continue;
    if (packing?.fields.has(name) === true) (open ??= {})[name] = record.fields[name] as string;
    else fields[name] = record.fields[name] as string;
  }
  const carried = {
    id: record.id,
    created: Math.floor(life.created),
    generation: held.generation,
    version: record.version,
    seen,
    idle: life.idle,
    lifetime: life.lifetime,
    // The clock may have gone on between the authentication and the creation.
    absolute: Math.abs((auth?.at ?? life.created) + life.lifetime - life.absolute) < 1_000 ? undefined : life.absolute,
    subject: record.subject === undefined ? undefined : parts.names.subjectOf(record.subject),
    auth,
    aside,
    fields,
  };
  const packed = open === undefined || packing === undefined ? undefined : packing.compression.pack(fieldLines(open));
  if (isPromise(packed)) return packed.then((bytes) => sealed(bytes));
  return sealed(packed);

  function sealed(bytes: Uint8Array | undefined): MaybePromise<string> {
    const { head, body } = writeSession(carried, bytes);
    return box.seal(head, body, parts.context(place));
  }
}

/**
 * The token to hand back. What does not fit into the client's room moves into the store beside, where there is one, and the token refers to it; what fits again
 * travels again.
 * @param room characters. @throws {SojournError} `too_large`
 */
export function sealFitting(parts: SealedParts, held: Held, place: string | undefined, room: number): MaybePromise<string> {
  const { aside } = parts;
  if (aside === undefined) return seal(parts, held, place);
  const smallest: Aside = held.rested !== undefined && [...aside.shared].some((name) => held.rested?.fields[name] !== undefined) ? "shared" : "none";
  if (held.aside === "all" && !travelsAgain(held, room)) return seal(parts, held, place);
  const target = held.aside === "all" ? smallest : held.aside;
  let tried: MaybePromise<string | undefined>;
  try {
    tried = sealAs(parts, held, target, place);
  } catch (error) {
    if (!(error instanceof SojournError) || error.code !== "too_large") throw error;
    tried = undefined;
  }
  return andThen(tried, (text) => {
    if (text !== undefined && text.length <= room) {
      held.aside = target;
      return text;
    }
    return andThen(restAll(parts, held), () => seal(parts, held, place));
  });
}

/** Whether what rests aside has become so little that it fits again. Some room is kept, or a session at the brim would go to and fro. */
export function travelsAgain(held: Held, room: number): boolean {
  return held.aside === "all" && lengthOf(held) * 4 < room * 2.5;
}

function lengthOf({ entry }: Held): number {
  let length = 0;
  const { fields } = (entry as Entry).record;
  for (const name in fields) if (travels(name)) length += name.length + (fields[name] as string).length;
  return length;
}

/** Puts all fields aside, and none but these: what rests there from an earlier time may have been taken away meanwhile. */
async function restAll(parts: SealedParts, held: Held): Promise<void> {
  const { aside } = parts;
  const { record, life } = held.entry as Entry;
  if (aside === undefined || held.aside === "all") return;
  const set: Record<string, string> = {};
  for (const name in record.fields) if (travels(name)) set[name] = record.fields[name] as string;
  for (let tries = 0; tries < 20; tries++) {
    const before = tries === 0 ? held.rested : await aside.load(record.id);
    const unset = Object.keys(before?.fields ?? {}).filter((name) => set[name] === undefined && !aside.shared.has(name));
    const own = Object.fromEntries(Object.entries(set).filter(([name]) => before === undefined || !aside.shared.has(name)));
    const part = { set: own, ...(unset.length === 0 ? undefined : { unset }) };
    const outcome = await aside.commit(record.id, before === undefined ? "absent" : before.version, life.absolute, part);
    if (outcome.ok) {
      held.rested = outcome.record === undefined ? { version: outcome.version, fields: { ...before?.fields, ...own } } : asideOf(outcome.record);
      held.aside = "all";
      return;
    }
    if (outcome.why === "ended" || outcome.why === "missing")
      throw new SojournError("session_ended", "The session ended while the request was under way; nothing was written.");
  }
  throw new SojournError("stale", "What rests of the session in a store was changed by others 20 times in a row; nothing was written. Try again.");
}
