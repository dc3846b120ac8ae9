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

/** What may be shown of an entry. One whose deadline has passed is shown as ended, whatever the sweep has done. */
export function infoOf(engine: Engine, entry: Entry): SessionInfo {
  const { record, life, auth } = entry;
  const { address, agent } = clientOf(record.fields[own.client]);
  const expiry = expiryOf(entry, engine.settings.clock.now());
  const ended = record.ended !== undefined ? endingOf(record.ended) : expiry === undefined ? undefined : { at: deadlineOf(entry), reason: expiry };
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
