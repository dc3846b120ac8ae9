import { own, type Entries, type Entry } from "../core/entry.ts";
import { authenticationOf, lifeOf, secretsOf, seenOf } from "../core/own-fields.ts";
import type { SessionId, SessionRecord } from "../core/seam.ts";
import type { Secrets } from "../core/secrets.ts";
import type { AsideRecord } from "./aside.ts";
import type { SealedParts } from "./parts.ts";
import type { Aside } from "./session-text.ts";

/** The one record of a visit, which a token brought and another may take away. */
export interface Held {
  record: SessionRecord | undefined;
  entry: Entry | undefined;
  /** Of the tokens that will be made of it. */
  generation: number;
  /** The session that the visit came with: tokens of it are out. */
  out: SessionId | undefined;
  aside: Aside;
  /** What rests aside, as last read. */
  rested: AsideRecord | undefined;
  /** Whether the client's token says something else by now. */
  changed: boolean;
  /** Whether the visit wrote anything, be it aside. */
  wrote: boolean;
  /** The token for programs, where it takes a promise to make one. */
  text: string | undefined;
}

/** A token is its own proof: nothing is kept of a secret. */
export const sealedSecrets: Secrets = { hashes: ["sealed"], seen: 0, since: 0, issued: 0, severed: 1 };

/** The manager's own fields that stand in the head of a token, or do not travel. */
const inHead: ReadonlySet<string> = new Set([own.life, own.seen, own.secret, own.auth, own.client]);

/** Whether a field is among those that travel as fields, when it does not rest aside. */
export function travels(name: string): boolean {
  return name.charCodeAt(0) !== 36 || !inHead.has(name);
}

/** Whether a field rests aside. */
export function restsAside(parts: SealedParts, aside: Aside, name: string): boolean {
  return parts.aside !== undefined && travels(name) && (aside === "all" || parts.aside.shared.has(name));
}

/** An entry that no store read: its parts are known already. */
export function entryWith(record: SessionRecord, { life, auth, seen }: Pick<Entry, "life" | "auth" | "seen">, secrets: Secrets = sealedSecrets): Entry {
  return {
    record,
    life,
    secrets,
    auth,
    seen,
    due: undefined,
    verified: "",
    touching: 0,
    units: -1,
    cleared: -1,
    confirmed: 0,
    values: new Map(),
    migrated: undefined,
  };
}

/** Entries of the record that is held; those of other records are the store's. */
export function heldEntries(held: Held, others: Entries | undefined): Entries {
  return {
    of(record) {
      if (held.entry?.record === record) return held.entry;
      if (held.record?.id !== record.id) return others?.of(record);
      const before = held.entry?.record.id === record.id ? held.entry : undefined;
      const { fields } = record;
      try {
        const life = fields[own.life] === undefined && before !== undefined ? before.life : lifeOf(fields[own.life]);
        const auth = fields[own.auth] === undefined ? before?.auth : authenticationOf(fields[own.auth]);
        const seen = fields[own.seen] === undefined && before !== undefined ? before.seen : seenOf(fields[own.seen]);
        const secrets = fields[own.secret] === undefined ? sealedSecrets : secretsOf(fields[own.secret]);
        const made = entryWith(record, { life, auth, seen }, secrets);
        held.entry = before === undefined ? made : { ...made, values: before.values };
        return held.entry;
      } catch {
        return undefined;
      }
    },
    last: (id) => (held.entry?.record.id === id ? held.entry : others?.last(id)),
  };
}
