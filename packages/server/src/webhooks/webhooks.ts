import { randomBytes } from "node:crypto";
import type { Answer } from "@sojourn/client/operations";
import { SojournError, type Cursor, type SessionId, type Store, type WatchableStore } from "sojourn";
import { Problem } from "../problem.ts";
import { placeOf } from "./backlog.ts";
import { deliver, type Delivery, type DeliveryParts } from "./delivery.ts";
import { askedText, hookKind, hookOf, hookView, hooksOf, progressText, type Asked, type Hook, type Progress } from "./hook.ts";
import { pause } from "./pause.ts";
import { newSecret } from "./signature.ts";
import { tenantsOf } from "./tenants.ts";
import { checkTarget } from "./target.ts";

/** The webhooks of all tenants, and those of them for which this server delivers. */
export interface Webhooks {
  /** @throws {Problem} 400, 429 `limit_reached`, 501 `not_supported` */
  create(tenant: string, asked: Omit<Asked, "created">): Promise<Answer<"createWebhook">>;
  list(tenant: string): Promise<Answer<"listWebhooks">["webhooks"]>;
  /** True when there was one of that tenant. This server sends nothing more at once, others within seconds. */
  remove(tenant: string, id: string): Promise<boolean>;
  /** From now on this server looks after webhooks that no other does. */
  run(): void;
  /** Gives them up, for others to take over at once. */
  stop(): Promise<void>;
}

/** What they work on. */
export interface WebhooksParts extends Omit<DeliveryParts, "store"> {
  readonly store: Store;
  /** Whose every call is given up in time. */
  readonly bounded: Store;
}

/** Webhooks that a tenant may have. */
const mostOfTenant = 20;
/** ms between two looks at which webhooks there are. */
const lookEvery = 3_000;
/** ms without a write by whoever holds a webhook, after which it is taken over. By this server's own watch: clocks may differ. */
const silentFor = 10_000;

/** They rest in the store as records of a kind of their own, one each; its version is the lease of the server that delivers. */
export function webhooksOf({ store, bounded, ...parts }: WebhooksParts): Webhooks {
  const own = randomBytes(9).toString("base64url");
  const watched = watchable(store);
  const held = new Map<SessionId, Delivery>();
  const seen = new Map<SessionId, { readonly version: number; readonly since: number }>();
  const ending = new AbortController();
  const tenants = tenantsOf(bounded);
  let looking: Promise<void> | undefined;
  let running: Promise<void> | undefined;

  async function each(tenant: string): Promise<Hook[]> {
    const found: Hook[] = [];
    let after: Cursor | undefined;
    do {
      const page = await bounded.find({ subject: hooksOf(tenant) }, after === undefined ? {} : { after });
      found.push(...page.records.flatMap((record) => hookOf(record) ?? []));
      after = page.next;
    } while (after !== undefined);
    return found;
  }

  /** One look at a time. */
  function look(): Promise<void> {
    looking ??= lookOnce().finally(() => (looking = undefined));
    return looking;
  }

  async function lookOnce(): Promise<void> {
    const hooks: Hook[] = [];
    for (const tenant of await tenants.all()) hooks.push(...(await each(tenant)));
    for (const id of seen.keys()) if (!hooks.some((hook) => hook.id === id)) seen.delete(id);
    for (const hook of hooks) if (!ending.signal.aborted && hook.disabled === undefined && !held.has(hook.id) && isFree(hook)) await take(hook);
  }

  function isFree({ id, version, holder }: Hook): boolean {
    if (holder === "") return true;
    const now = performance.now();
    const known = seen.get(id);
    if (known?.version === version) return now - known.since >= silentFor;
    seen.set(id, { version, since: now });
    return false;
  }

  async function take(hook: Hook): Promise<void> {
    const taken = await bounded.commit({ id: hook.id, expect: hook.version, set: { holder: own } });
    if (taken.ok) hold({ ...hook, version: taken.version, holder: own });
  }

  function hold(hook: Hook): void {
    if (watched === undefined) return;
    const delivery = deliver({ ...parts, store: watched }, hook);
    held.set(hook.id, delivery);
    seen.delete(hook.id);
    void delivery.over.then(() => held.get(hook.id) === delivery && held.delete(hook.id));
  }

  async function watchThem(): Promise<void> {
    let told = false;
    while (!ending.signal.aborted) {
      try {
        await look();
        told = false;
      } catch (error) {
        if (!told) parts.log.error("webhooks: could not look which there are", error);
        told = true;
      }
      await pause(lookEvery * (0.75 + Math.random() / 2), ending.signal);
    }
  }

  /** Its own record's event is the place from which it is told. */
  async function keep(hook: Hook): Promise<Hook> {
    const { id, tenant, secret, holder } = hook;
    const set = { tenant, secret, holder, asked: askedText(hook), progress: progressText(hook) };
    const change = { id, expect: "absent", kind: hookKind, subject: hooksOf(tenant), subjectLimit: mostOfTenant, set } as const;
    await tenants.add(tenant);
    const { made, cursor } = await placeOf(watched as WatchableStore, id, async () => checkMade(await bounded.commit(change)));
    if (cursor === undefined) return { ...hook, version: made };
    const progress: Progress = { ...hook, cursor };
    const placed = await bounded.commit({ id, expect: made, set: { progress: progressText(progress) } });
    return { ...hook, ...progress, version: placed.ok ? placed.version : made };
  }

  return {
    async create(tenant, asked) {
      if (watched === undefined)
        throw new Problem(501, "not_supported", "This server's store does not tell of changes, so there is nothing to send. Use one that does.");
      await checkTarget(asked.url, parts.hosts);
      const created = Date.now();
      const fresh = { id: newId(), version: 0, tenant, secret: newSecret(), holder: running === undefined ? "" : own };
      const hook = await keep({ ...asked, ...fresh, created, cursor: undefined, through: created, last: undefined, dropped: 0, disabled: undefined });
      if (running !== undefined) hold(hook);
      return { ...hookView(hook), secret: hook.secret };
    },
    async list(tenant) {
      return (await each(tenant)).toSorted((a, b) => a.created - b.created).map(hookView);
    },
    async remove(tenant, id) {
      const record = /^wh_[\w-]{22}$/.test(id) ? await bounded.load(id as SessionId) : undefined;
      if (record === undefined || hookOf(record)?.tenant !== tenant) return false;
      const { ok } = await bounded.commit({ id: record.id, expect: "live", erase: true });
      if (ok) await held.get(record.id)?.stop();
      return ok;
    },
    run() {
      if (watched !== undefined) running ??= watchThem();
    },
    async stop() {
      ending.abort();
      await running;
      await Promise.all([...held.values()].map((delivery) => delivery.stop()));
    },
  };
}

function watchable(store: Store): (Store & WatchableStore) | undefined {
  return "watch" in store ? (store as Store & WatchableStore) : undefined;
}

function newId(): SessionId {
  return `wh_${randomBytes(16).toString("base64url")}` as SessionId;
}

/** @throws {Problem | SojournError} when it was refused */
function checkMade(outcome: Awaited<ReturnType<Store["commit"]>>): number {
  if (outcome.ok) return outcome.version;
  if (outcome.why === "full" && outcome.of === "subject")
    throw new Problem(429, "limit_reached", `A tenant has at most ${mostOfTenant} webhooks. Delete one, or send several kinds of events to one target.`);
  if (outcome.why === "full") throw new SojournError("store_full", "The session store is full: the webhook was not made.");
  throw new SojournError("store_unavailable", "The session store refused to keep the webhook.");
}
