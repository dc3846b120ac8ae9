import { sha256 } from "#platform";
import { SojournError } from "./errors.ts";
import { andThen } from "./maybe.ts";
import type { MaybePromise, SessionRecord } from "./seam.ts";

/** How kinds, subjects and aliases of one tenant are called in a store that several tenants share. */
export interface Names {
  readonly tenant: string;
  kind(kind: string): string;
  subject(subject: string): string;
  /** The manager's name of a stored kind, `undefined` when it is another tenant's or no session's. */
  kindOf(stored: string): string | undefined;
  subjectOf(stored: string): string;
  /** Of an alias only a digest is stored: it is personal data, such as a pair of telephone numbers. */
  alias(alias: string): MaybePromise<string>;
  /** Under which subject the checkpoints of a session are kept: its subject's, or its own while it has none. No session can have such a subject. */
  owner(record: Pick<SessionRecord, "id" | "subject">): string;
}

/** Kinds (as stored, after the tenant) of the manager's own records. No session can have one. */
export const ownKind = { floor: "$floor", checkpoint: "$checkpoint", revoked: "$revoked", beat: "$beat", aside: "$aside" } as const;

/** Whether a stored kind, of any tenant, is one of the manager's own. */
export function isOwnKind(stored: string): boolean {
  return stored.includes(":$");
}

/** @throws {SojournError} `invalid_option` */
export function namesOf(tenant: string): Names {
  if (!/^[a-z0-9][a-z0-9-]{0,62}$/i.test(tenant)) {
    throw new SojournError("invalid_option", `tenant is ${JSON.stringify(tenant)}. Use 1 to 63 letters, digits and hyphens.`);
  }
  const prefix = `${tenant}:`;
  return {
    tenant,
    kind: (kind) => prefix + kind,
    subject: (subject) => prefix + subject,
    kindOf: (stored) => (stored.startsWith(prefix) && stored.charCodeAt(prefix.length) !== 36 ? stored.slice(prefix.length) : undefined),
    subjectOf: (stored) => stored.slice(prefix.length),
    alias: (alias) => andThen<string, string>(sha256(`${tenant}\nalias\n${alias}`), (digest) => prefix + digest),
    owner: ({ id, subject }) => (subject === undefined ? `${tenant}$session:${id}` : `${tenant}$subject:${subject.slice(prefix.length)}`),
  };
}

/** @throws {SojournError} `invalid_option` */
export function checkKind(kind: string): string {
  if (typeof kind === "string" && /^[a-z][a-z0-9-]{0,62}$/i.test(kind)) return kind;
  throw new SojournError("invalid_option", `kind is ${JSON.stringify(kind)}. Use a letter and up to 62 letters, digits and hyphens, such as "web" or "sms".`);
}

/** @throws {SojournError} `invalid_field` */
export function checkSubject(subject: string): string {
  if (typeof subject === "string" && subject.length > 0 && subject.length <= 512) return subject;
  throw new SojournError("invalid_field", "The subject is not a text of 1 to 512 characters. Give the stable id of the account, not a name that may change.");
}

/** @throws {SojournError} `invalid_field`. The alias is not told: it is personal data. */
export function checkAlias(alias: string): string {
  if (typeof alias === "string" && alias.length > 0 && alias.length <= 512) return alias;
  throw new SojournError("invalid_field", "An alias is not a text of 1 to 512 characters.");
}
