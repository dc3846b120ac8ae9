import { endingOf, type EndReason } from "./events.ts";
import type { Engine } from "./engine.ts";
import { deadlineOf, expiryOf, own, type Entry } from "./entry.ts";
import { clientOf } from "./own-fields.ts";
import type { SessionId } from "./seam.ts";

/** A session as an operator or the devices page sees it: no secret, no hash, no data. Times are epoch ms. */
export interface SessionInfo {
  readonly id: SessionId;
  readonly kind: string;
  readonly subject?: string;
  readonly version: number;
  readonly created: number;
  /** Last activity that was written down. */
  readonly seen: number;
  /** When it ends if nothing happens until then. */
  readonly expiresAt: number;
  readonly authenticatedAt?: number;
  readonly methods: readonly string[];
  readonly address?: string;
  readonly agent?: string;
  /** Absent while it is live. */
  readonly ended?: { readonly at: number; readonly reason: EndReason; readonly by?: string };
}

/**
 * What may be shown of an entry. One whose deadline has passed is shown as ended, whatever the sweep has done, and so is one that lies below a floor.
 * @param floor epoch ms of the floor above it, if one is known
 */
export function infoOf(engine: Engine, entry: Entry, floor: number | undefined): SessionInfo {
  const { record, life, auth } = entry;
  const { address, agent } = clientOf(record.fields[own.client]);
  const expiry = expiryOf(entry, engine.settings.clock.now());
  const ended = record.ended === undefined ? endOf(entry, expiry, floor) : endingOf(record.ended);
  return {
    id: record.id,
    kind: engine.names.kindOf(record.kind) ?? record.kind,
    ...(record.subject === undefined ? undefined : { subject: engine.names.subjectOf(record.subject) }),
    version: record.version,
    created: life.created,
    seen: entry.seen,
    expiresAt: deadlineOf(entry),
    ...(auth === undefined ? undefined : { authenticatedAt: auth.at }),
    methods: auth?.methods ?? [],
    ...(address === undefined ? undefined : { address }),
    ...(agent === undefined ? undefined : { agent }),
    ...(ended === undefined ? undefined : { ended }),
  };
}

/** How it ended though nobody has written that down: of two ways the one that came first. */
function endOf(entry: Entry, expiry: "idle" | "absolute" | undefined, floor: number | undefined): SessionInfo["ended"] {
  const at = deadlineOf(entry);
  if (floor !== undefined && (expiry === undefined || floor < at)) return { at: floor, reason: "revoked" };
  return expiry === undefined ? undefined : { at, reason: expiry };
}
