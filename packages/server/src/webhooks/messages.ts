import type { Message } from "@sojourn/client/operations";
import type { SessionInfo, Sessions, StoreEvent } from "sojourn";
import type { Fields } from "../views.ts";
import type { Hook } from "./hook.ts";
import { messageId } from "./signature.ts";

/** One message to a target. */
export interface HookMessage {
  readonly id: string;
  readonly body: string;
  /** Epoch ms at which it happened. */
  readonly at: number;
  readonly type: Event["type"];
}

type Event = Message<"events">;

/** The clocks of servers are at most so far apart, in ms: what happened within it of the last delivery may be told again after a gap. */
export const apart = 60_000;

/** What a commit means to a webhook; undefined: nothing. */
export async function messageFor(hook: Hook, sessions: Sessions<Fields>, event: StoreEvent): Promise<HookMessage | undefined> {
  const type = event.ended ? "ended" : event.version === 1 ? "created" : "changed";
  if (!hook.events.includes(type)) return undefined;
  const info = await sessions.info({ id: event.id });
  // Erased, of another tenant, or no session at all.
  return info === undefined ? undefined : messageOf(hook, info, type, { version: event.version, eventId: event.cursor });
}

/** After a gap: the endings that are still kept and were not delivered before it. What began or changed meanwhile is not told again. */
export async function* missedEndings(hook: Hook, sessions: Sessions<Fields>, kinds: readonly string[]): AsyncGenerator<HookMessage, void, undefined> {
  if (!hook.events.includes("ended")) return;
  const since = hook.through - apart;
  for (const kind of hook.kinds ?? kinds) {
    for await (const info of sessions.list({ kind })) {
      if (info.ended === undefined || info.ended.at < since) continue;
      const message = messageOf(hook, info, "ended", { version: info.version });
      if (message !== undefined) yield message;
    }
  }
}

function messageOf(
  hook: Hook,
  info: SessionInfo,
  type: Event["type"],
  { version, eventId }: { readonly version: number; readonly eventId?: string },
): HookMessage | undefined {
  const { id, kind, subject, ended } = info;
  if (hook.kinds !== undefined && !hook.kinds.includes(kind)) return undefined;
  if (type === "ended" && ended === undefined) return undefined;
  const data: Event = {
    ...(eventId !== undefined && { eventId }),
    type,
    id,
    kind,
    ...(subject !== undefined && { subject }),
    version,
    ...(type === "ended" && ended !== undefined && { ended: { at: ended.at, reason: ended.reason, ...(ended.by !== undefined && { by: ended.by }) } }),
  };
  const at = type === "ended" ? (ended?.at ?? 0) : type === "created" ? info.created : info.seen;
  return {
    // A session begins and ends once, whatever is written to its record afterwards.
    id: messageId(hook.id, id, type, type === "changed" ? version : 0),
    body: JSON.stringify({ type: `session.${type}`, timestamp: new Date(at).toISOString(), data }),
    at,
    type,
  };
}
