import { lstatSync } from "node:fs";
import { join } from "node:path";
import type { ClockedStore, Store } from "sojourn";
import { cookie } from "sojourn/http";
import type { ServeSettings } from "../config.ts";
import { consoleCookie } from "../console/console-cookie.ts";
import { inTime } from "../stores/in-time.ts";
import type { Facts, FolderFacts, KeyFacts, StoreFacts } from "./facts.ts";
import { selfCheck } from "./self-check.ts";

/** ms that the store may take to tell the time. */
const patience = 2_000;

let checked: ReturnType<typeof selfCheck> | undefined;

/**
 * Finds out what there is to know. Changes nothing.
 * @param store `undefined` when it could not be opened, or is not there yet: `reachable` says which
 */
export async function gather(
  settings: ServeSettings,
  { store, reachable, keys }: { readonly store: Store | undefined; readonly reachable: boolean; readonly keys: readonly KeyFacts[] | undefined },
): Promise<Facts> {
  // What is tried is the code; it stays what it is while the process runs.
  checked ??= selfCheck();
  const { policy, behindTls } = settings;
  const example = { token: `${"0".repeat(26)}.${"A".repeat(32)}`, lasts: policy.absolute };
  return {
    now: Date.now(),
    node: process.versions.node,
    root: process.getuid?.() === 0,
    store: { ...(await storeFacts(store)), ...(reachable ? undefined : { reachable }) },
    keys,
    developmentKey: lstatSync(join(settings.data, "application-key"), { throwIfNoEntry: false }) !== undefined,
    folder: folderFacts("path" in settings.store ? settings.store.path : settings.data),
    cookies: {
      visitor: cookie({}).setCookie?.(example) ?? "",
      console: policy.console ? consoleCookie(behindTls).setCookie?.(example) : undefined,
    },
    mechanisms: await checked,
  };
}

async function storeFacts(store: Store | undefined): Promise<StoreFacts> {
  if (store === undefined) return { reachable: true, watched: true, clockOffset: undefined };
  const watched = "watch" in store;
  if (!isClocked(store)) return { reachable: true, watched, clockOffset: undefined };
  try {
    const before = Date.now();
    const now = await inTime(store.now(), patience, () => new Error("late"));
    // It was read at some moment between the two.
    return { reachable: true, watched, clockOffset: now - (before + Date.now()) / 2 };
  } catch {
    return { reachable: false, watched, clockOffset: undefined };
  }
}

function isClocked(store: Store): store is Store & ClockedStore {
  return "now" in store;
}

function folderFacts(path: string): FolderFacts | undefined {
  const found = lstatSync(path, { throwIfNoEntry: false });
  return found === undefined ? undefined : { mode: found.mode & 0o777, own: process.getuid === undefined || found.uid === process.getuid() };
}
