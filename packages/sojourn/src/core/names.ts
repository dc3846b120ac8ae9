import { SojournError } from "./errors.ts";

/** How kinds and subjects of one tenant are called in a store that several tenants share. */
export interface Names {
  readonly tenant: string;
  kind(kind: string): string;
  subject(subject: string): string;
  /** The manager's name of a stored kind, `undefined` when it is another tenant's or no session's. */
  kindOf(stored: string): string | undefined;
  subjectOf(stored: string): string;
}

/** Kind (as stored, after the tenant) of the records that hold floors. No session can have it. */
export const floorKind = "$floor";

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
