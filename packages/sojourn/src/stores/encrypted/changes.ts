import { SojournError } from "../../core/errors.ts";
import { andThen } from "../../core/maybe.ts";
import type { Change, MaybePromise, SessionId } from "../../core/seam.ts";
import { all } from "../../sealed/all.ts";
import { aliasField, endedName, isClear, isReserved, subjectField, unreadable } from "./layout.ts";
import type { SealedNames } from "./names.ts";
import type { Seals } from "./seals.ts";

/** The change as the inner store is to make it. */
export interface SealedChange {
  readonly change: Change;
  /** The aliases that it claims, by their HMAC. */
  readonly claimed: ReadonlyMap<string, string>;
  /** What was written into it, by the name under which it will rest: nobody needs to open that again. */
  readonly written: ReadonlyMap<string, Written>;
}

/** A text, and what it has become. */
export interface Written {
  readonly name: string;
  readonly text: string;
  readonly sealed: string;
}

const nothing: Omit<SealedChange, "change"> = { claimed: new Map(), written: new Map() };

/** All of it in one change, so that what is sealed of a subject and what is looked for never differ. @throws {SojournError} `invalid_field` for a reserved name */
export function sealedChange(given: Change, seals: Seals, names: SealedNames): MaybePromise<SealedChange> {
  const { id, set, unset, subject, claim, release, ended } = given;
  if (unset !== undefined) for (const name of unset) checkName(name);
  if (set === undefined && subject === undefined && claim === undefined && release === undefined && ended === undefined) return { change: given, ...nothing };
  const write = (name: string, text: string): MaybePromise<Written> => andThen(seals.seal(id, name, text), (sealed) => ({ name, text, sealed }));
  const texts = set === undefined ? [] : fieldsOf(id, set, write);
  if (typeof subject === "string") texts.push(write(subjectField, subject));
  if (ended !== undefined) texts.push(write(endedName, ended));
  const namesOf = (aliases: readonly string[] | undefined): MaybePromise<readonly string[]> => all((aliases ?? []).map((alias) => names.alias(alias)));
  return andThen(namesOf(claim), (claims) => {
    texts.push(...claims.map((stored, i) => write(aliasField(stored), claim?.[i] as string)));
    return andThen<readonly string[], SealedChange>(namesOf(release), (releases) =>
      andThen<string | undefined, SealedChange>(typeof subject === "string" ? names.subject(subject) : undefined, (name) =>
        andThen<readonly Written[], SealedChange>(all(texts), (written) => {
          const gone = releases.map(aliasField);
          if (subject === null) gone.push(subjectField);
          const fields = written.filter((text) => text.name !== endedName);
          const change: Change = {
            ...given,
            ...(name === undefined ? undefined : { subject: name }),
            ...(ended === undefined ? undefined : { ended: written.find((text) => text.name === endedName)?.sealed as string }),
            ...(claim === undefined ? undefined : { claim: claims }),
            ...(release === undefined ? undefined : { release: releases }),
            // fromEntries defines: a field named __proto__ is one like others.
            ...(set === undefined && fields.length === 0 ? undefined : { set: Object.fromEntries(fields.map((text) => [text.name, text.sealed])) }),
            ...(gone.length === 0 ? undefined : { unset: [...(unset ?? []), ...gone] }),
          };
          return {
            change,
            claimed: new Map(claims.map((stored, i) => [stored, claim?.[i] as string])),
            written: new Map(written.map((text) => [text.name, text])),
          };
        }),
      ),
    );
  });
}

function fieldsOf(id: SessionId, set: Readonly<Record<string, string>>, write: (name: string, text: string) => MaybePromise<Written>): MaybePromise<Written>[] {
  const fields: MaybePromise<Written>[] = [];
  for (const name of Object.keys(set)) {
    checkName(name);
    const text = set[name] as string;
    // Copied from a field that could not be read: what stands there under another key is not to be written over.
    if (text !== unreadable) fields.push(isClear(id) ? { name, text, sealed: text } : write(name, text));
  }
  return fields;
}

function checkName(name: string): void {
  if (!isReserved(name)) return;
  throw new SojournError("invalid_field", `The field ${JSON.stringify(name)} cannot be set: names that begin with "$sealed." are the encrypted store's own.`);
}
