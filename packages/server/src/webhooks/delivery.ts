import type { Sessions, Store, StoreEvent, WatchableStore } from "sojourn";
import type { Log } from "../log.ts";
import type { Fields } from "../views.ts";
import { senderTo, type Attempted, type Sender } from "./attempt.ts";
import { backlog } from "./backlog.ts";
import type { Hook } from "./hook.ts";
import { leaseOf } from "./lease.ts";
import { apart, messageFor, missedEndings, type HookMessage } from "./messages.ts";
import { pause } from "./pause.ts";
import { retryAfter } from "./retry.ts";
import { signed } from "./signature.ts";
import { RefusedTarget, targetOf } from "./target.ts";

/** What deliveries work on. */
export interface DeliveryParts {
  readonly store: Store & WatchableStore;
  readonly sessions: (tenant: string) => Sessions<Fields>;
  /** Hosts that may be private, or be called by plain http. */
  readonly hosts: readonly string[];
  /** Kinds of which endings are looked for after a gap. */
  readonly kinds: readonly string[];
  readonly log: Log;
}

/** One webhook that this server delivers for. */
export interface Delivery {
  /** Resolves when it no longer does: stopped, taken over, deleted, disabled. */
  readonly over: Promise<void>;
  /** Gives it up: what is under way is broken off, and how far it has come is written down, so that the next goes on at once. */
  stop(): Promise<void>;
}

/** ms after which an event is given up. */
const keptTrying = 24 * 3_600_000;

/** Follows the store from where the webhook stands, and sends in order, one at a time. */
export function deliver({ store, sessions, hosts, kinds, log }: DeliveryParts, taken: Hook): Delivery {
  const ending = new AbortController();
  const { signal } = ending;
  const lease = leaseOf(store, taken, ending, log);
  const sender = senderOf(taken, hosts);
  const manager = sessions(taken.tenant);
  /** Epoch ms: what happened before it was delivered before a gap. */
  let floor = 0;

  async function send(message: HookMessage): Promise<Attempted> {
    if (sender instanceof RefusedTarget) return { ok: false, why: sender.message };
    return sender.send(message.body, signed(taken.secret, message.id, Date.now(), message.body), signal);
  }

  /** Tries until it is there, or is given up. */
  async function pass(message: HookMessage): Promise<void> {
    for (;;) {
      const { last: before, dropped, through } = lease.hook();
      const failed = before?.failures ?? 0;
      if (failed > 0 && Date.now() - message.at > keptTrying) return lease.note({ dropped: dropped + 1 });
      await lease.held();
      if (signal.aborted) return;
      const { ok, status, why } = await send(message);
      if (signal.aborted) return;
      const failures = ok ? 0 : failed + 1;
      const last = { at: Date.now(), ok, ...(status !== undefined && { status }), ...(why !== undefined && { why }), failures };
      if (ok) return lease.note({ last, ...(message.type === "ended" && { through: Math.max(through, message.at) }) });
      if (status === 410) {
        lease.note({ last, disabled: last.at });
        await lease.save();
        return ending.abort();
      }
      lease.note({ last });
      await pause(retryAfter(failures), signal);
    }
  }

  async function handle(event: StoreEvent): Promise<void> {
    const message = await messageFor(lease.hook(), manager, event);
    if (message !== undefined && (message.type === "changed" || message.at >= floor - apart)) await pass(message);
    if (signal.aborted) return;
    const behind = lease.writtenAt(event);
    lease.note({ cursor: event.cursor, ...(behind !== undefined && { through: Math.max(lease.hook().through, behind) }) });
  }

  /** Delivers the endings that the store no longer tells of. */
  async function catchUp(): Promise<void> {
    const hook = lease.hook();
    for await (const message of missedEndings(hook, manager, kinds)) {
      await pass(message);
      if (signal.aborted) return;
    }
    floor = hook.through;
  }

  async function follow(): Promise<void> {
    const { cursor } = lease.hook();
    const events = await backlog(store, cursor);
    signal.addEventListener("abort", events.close);
    try {
      // Nobody knows where it stood: as after a gap.
      if (cursor === undefined) await catchUp();
      while (!signal.aborted) {
        const event = await events.next();
        if (event === "gap") await catchUp();
        else if (event !== undefined) await handle(event);
      }
    } finally {
      signal.removeEventListener("abort", events.close);
      events.close();
    }
  }

  async function run(): Promise<void> {
    let told = false;
    while (!signal.aborted) {
      try {
        await follow();
      } catch (error) {
        if (!told) log.error("webhooks: could not follow the sessions; trying again", error);
        told = true;
        await pause(1_000, signal);
      }
    }
    lease.stop();
    if (!(sender instanceof RefusedTarget)) sender.close();
  }

  const over = run();
  return {
    over,
    async stop() {
      ending.abort();
      await over;
      await lease.release();
    },
  };
}

/** What the settings no longer allow is refused at each attempt, and not forgotten: they may change back. */
function senderOf({ url }: Hook, hosts: readonly string[]): Sender | RefusedTarget {
  try {
    return senderTo(targetOf(url, hosts));
  } catch (error) {
    if (error instanceof RefusedTarget) return error;
    throw error;
  }
}
