import { createHash, randomBytes } from "node:crypto";
import { isId } from "../../core/token.ts";
import type { SessionId } from "../../core/seam.ts";
import type { Place } from "../places.ts";

/*
 * No text of a session ever becomes a path: the id of a session is 26 characters of an alphabet without dots and slashes, everything else is hashed.
 *
 *   r/<2>/<1>/<name>/<generation>           records; the name is the id, or the hash of one of the manager's own; the digits are of its hash
 *   p/<2>/<1>/<hash of a place>/<generation>  who holds an alias, the sessions of a subject, …
 *   k/<hash of a kind>/<2>/<name>.<mark>.a|l|d  sessions of a kind
 *   w/<day>/<minute>/<wake>.<name>.<mark>     sessions by wake
 *   t/<name>.<mark>/<generation>            cells that are being made
 *   store.json                              that this is a store, and of which layout
 */
export const baseFolders: readonly string[] = ["r", "p", "k", "w", "t"];
export const markerFile = "store.json";

/** Whether it can be the id of a session, or of a record of the manager's own (`floor:…`). No other is kept or looked for. */
export function isKeepable(id: string): id is SessionId {
  return /^[0-9A-Za-z:_-]{1,512}$/.test(id);
}

/** Under which name a session is kept. Not every file system tells capitals apart. */
export function nameOf(id: SessionId): string {
  return isId(id) ? id : digest(id);
}

export function isName(text: string): boolean {
  return isId(text) || /^[0-9a-f]{32}$/.test(text);
}

export function recordCell(name: string): string {
  const hash = digest(name);
  return `r/${hash.slice(0, 2)}/${hash.slice(2, 3)}/${name}`;
}

export function placeCell(place: Place): string {
  const hash = digest(place);
  return `p/${hash.slice(0, 2)}/${hash.slice(2, 3)}/${hash}`;
}

export function kindFolder(kind: string): string {
  return `k/${digest(kind)}`;
}

/** In which of a kind's 256 folders a session stands. */
export function shardOf(name: string): string {
  return digest(name).slice(0, 2);
}

/** `a`: it is of the kind, ended or not · `l`: it is live, unless there is `d` too · `d`: it has ended, if there is no `l`; else look. */
export type KindFlag = "a" | "l" | "d";

export function kindPath(kind: string, name: string, mark: string, flag: KindFlag): string {
  return `${kindFolder(kind)}/${shardOf(name)}/${name}.${mark}.${flag}`;
}

const day = 86_400_000;
const minute = 60_000;
const wholeWake = (wake: number): number => Math.min(Math.max(Math.floor(wake), 0), Number.MAX_SAFE_INTEGER);

export function dayOf(wake: number): string {
  return String(Math.floor(wholeWake(wake) / day)).padStart(9, "0");
}

export function minuteOf(wake: number): string {
  return String(Math.floor((wholeWake(wake) % day) / minute)).padStart(4, "0");
}

export function wakePath(wake: number, name: string, mark: string): string {
  return `w/${dayOf(wake)}/${minuteOf(wake)}/${String(wholeWake(wake)).padStart(16, "0")}.${name}.${mark}`;
}

/** What the name of an index entry says. */
export interface IndexEntry {
  /** 16 digits; `""` among kinds. */
  readonly wake: string;
  readonly name: string;
  readonly mark: string;
  /** `""` among wakes. */
  readonly flag: string;
}

/** `undefined`: it is none of ours. */
export function entryOf(file: string): IndexEntry | undefined {
  const [, wake = "", name = "", mark = "", flag = ""] = /^(?:(\d{16})\.)?([0-9a-z]{26,32})\.([0-9a-z]{20})(?:\.([ald]))?$/.exec(file) ?? [];
  return isName(name) ? { wake, name, mark, flag } : undefined;
}

export function stagingFolder(cell: string, mark: string): string {
  return `t/${cell.slice(cell.lastIndexOf("/") + 1)}.${mark}`;
}

export function parentOf(path: string): string {
  return path.slice(0, path.lastIndexOf("/"));
}

const letters = "0123456789abcdefghijklmnopqrstuv";

/** A name that nobody else gives, and that says when it was made: 9 characters of time, 11 of chance (55 bits). */
export function newMark(now: number): string {
  let mark = Math.max(0, Math.floor(now)).toString(36).padStart(9, "0");
  for (const byte of randomBytes(11)) mark += letters.charAt(byte & 31);
  return mark;
}

/** When a mark was made, epoch ms by the clock of who made it. */
export function timeOf(mark: string): number {
  return Number.parseInt(mark.slice(0, 9), 36);
}

/** 128 bits of SHA-256: nobody makes two names that are kept in one place. */
function digest(text: string): string {
  // UTF-16, so that texts which are no proper Unicode stay apart.
  return createHash("sha256").update(text, "utf16le").digest("hex").slice(0, 32);
}
