import type { Answer } from "@sojourn/client/operations";
import type { SessionId, SessionRecord } from "sojourn";

/** Which sessions' events go where. Fixed when it is made. */
export interface Asked {
  readonly url: string;
  readonly events: readonly ("created" | "changed" | "ended")[];
  readonly kinds: readonly string[] | undefined;
  /** Epoch ms. */
  readonly created: number;
}

/** How far deliveries have come. */
export interface Progress {
  /** Of the last event that is behind us; undefined: nobody knows, and endings since `through` are looked for. */
  readonly cursor: string | undefined;
  /** Epoch ms up to which all endings were delivered. */
  readonly through: number;
  readonly last: Answer<"listWebhooks">["webhooks"][number]["last"];
  /** Events that were given up. */
  readonly dropped: number;
  /** Epoch ms since when nothing is sent any more. */
  readonly disabled: number | undefined;
}

/** A webhook as its record has it. */
export interface Hook extends Asked, Progress {
  readonly id: SessionId;
  /** Of the record. */
  readonly version: number;
  readonly tenant: string;
  /** Rests readable: whoever delivers has to sign. */
  readonly secret: string;
  /** Which server delivers; `""`: none. */
  readonly holder: string;
}

/** A kind that no session manager can have; without a wake, the sweep leaves it alone. */
export const hookKind = "server:$webhook";

/** The subject of a tenant's webhooks, by which they are listed and counted. No session can have it: there is a colon in all of theirs before anything else. */
export function hooksOf(tenant: string): string {
  return `${tenant}$webhooks`;
}

/** @returns undefined of a record that is no webhook, or that a newer release wrote. */
export function hookOf({ id, version, kind, fields }: SessionRecord): Hook | undefined {
  const { tenant, secret, holder = "" } = fields;
  if (kind !== hookKind || tenant === undefined || secret === undefined) return undefined;
  try {
    const asked = JSON.parse(fields["asked"] ?? "") as Asked;
    const progress = JSON.parse(fields["progress"] ?? "") as Progress;
    return { id, version, tenant, secret, holder, ...asked, ...progress };
  } catch {
    return undefined;
  }
}

export function askedText({ url, events, kinds, created }: Asked): string {
  return JSON.stringify({ url, events, kinds, created } satisfies Asked);
}

export function progressText({ cursor, through, last, dropped, disabled }: Progress): string {
  return JSON.stringify({ cursor, through, last, dropped, disabled } satisfies Progress);
}

/** As it may be seen: without the secret. */
export function hookView({ id, url, events, kinds, created, last, dropped, disabled }: Hook): Answer<"listWebhooks">["webhooks"][number] {
  return {
    id,
    url,
    events: [...events],
    ...(kinds !== undefined && { kinds: [...kinds] }),
    created,
    ...(last !== undefined && { last }),
    ...(dropped > 0 && { dropped }),
    ...(disabled !== undefined && { disabled }),
  };
}
