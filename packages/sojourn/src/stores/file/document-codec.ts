import type { SessionId, SessionRecord } from "../../core/seam.ts";
import type { Place } from "../places.ts";
import type { SessionDocument } from "../session-document.ts";
import { UnreadableFile } from "./frame.ts";
import { nameOf } from "./paths.ts";

/** All that is kept of one session, and under which marks it stands in the indexes. */
export interface FileDocument extends SessionDocument {
  /** Of its entry among the sessions of its kind: the mark of the attempt that made the record. Another life of the same id has another. */
  readonly mark: string | undefined;
  /** Its entry among the wakes: when (epoch ms), and the mark of the attempt that put it. Where there is no record: when what was forbidden may be forgotten. */
  readonly alarm: { readonly at: number; readonly mark: string } | undefined;
}

export function encodeDocument({ record, holds, forbidden, mark, alarm }: FileDocument): string {
  return JSON.stringify({ record, holds: [...holds], forbidden: [...forbidden], mark, alarm });
}

/** @throws {UnreadableFile} when the text is no document, or another session's. */
export function decodeDocument(name: string, text: string): FileDocument {
  const { record, holds, forbidden, mark, alarm } = objectIn(parsed(text), "document");
  const pairs = (of: unknown, what: string): [unknown, unknown][] =>
    listIn(of, what).map((pair) => (Array.isArray(pair) && pair.length === 2 ? (pair as [unknown, unknown]) : damaged(what)));
  return {
    record: record === undefined ? undefined : recordIn(name, objectIn(record, "record")),
    holds: new Map(pairs(holds, "holds").map(([place, nonce]) => [placeIn(place), textIn(nonce, "holds")])),
    forbidden: new Map(pairs(forbidden, "forbidden").map(([nonce, at]) => [textIn(nonce, "forbidden"), numberIn(at, "forbidden")])),
    mark: mark === undefined ? undefined : textIn(mark, "mark"),
    alarm: alarm === undefined ? undefined : alarmIn(objectIn(alarm, "alarm")),
  };
}

type Bag = Readonly<Record<string, unknown>>;

function recordIn(name: string, bag: Bag): SessionRecord {
  const { version, kind, subject, wake, epoch, ended, aliases, fields } = bag;
  const id = textIn(bag["id"], "id") as SessionId;
  if (nameOf(id) !== name) throw new UnreadableFile("its file holds another session");
  const texts = objectIn(fields, "fields");
  for (const field of Object.keys(texts)) textIn(texts[field], "fields");
  return {
    id,
    version: numberIn(version, "version"),
    kind: textIn(kind, "kind"),
    ...(subject === undefined ? undefined : { subject: textIn(subject, "subject") }),
    ...(wake === undefined ? undefined : { wake: numberIn(wake, "wake") }),
    epoch: numberIn(epoch, "epoch"),
    ...(ended === undefined ? undefined : { ended: textIn(ended, "ended") }),
    aliases: listIn(aliases, "aliases").map((alias) => textIn(alias, "aliases")),
    fields: Object.setPrototypeOf(texts, null) as SessionRecord["fields"],
  };
}

function alarmIn({ at, mark }: Bag): FileDocument["alarm"] {
  return { at: numberIn(at, "alarm"), mark: textIn(mark, "alarm") };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    // What the parser says quotes the text.
    return damaged("document");
  }
}

function objectIn(value: unknown, what: string): Bag {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Bag) : damaged(what);
}

function listIn(value: unknown, what: string): readonly unknown[] {
  return Array.isArray(value) ? (value as unknown[]) : damaged(what);
}

function textIn(value: unknown, what: string): string {
  return typeof value === "string" ? value : damaged(what);
}

function numberIn(value: unknown, what: string): number {
  return typeof value === "number" && Number.isFinite(value) ? value : damaged(what);
}

function placeIn(value: unknown): Place {
  const text = textIn(value, "holds");
  return /^[auk]/.test(text) ? (text as Place) : damaged("holds");
}

function damaged(what: string): never {
  throw new UnreadableFile(`its file is damaged: ${what}`);
}
