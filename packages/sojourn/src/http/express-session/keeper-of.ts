import { SojournError } from "../../core/errors.ts";
import type { Store as SojournStore } from "../../core/seam.ts";
import type { Sessions } from "../../core/sessions.ts";
import { warnOnce } from "../warn.ts";
import { connectKeeper } from "./connect-keeper.ts";
import type { Keeper } from "./keeper.ts";
import { ownManager } from "./own-manager.ts";
import { MemoryStore } from "./memory-store.ts";
import type { SessionOptions } from "./options.ts";
import type { Home } from "./sojourn-home.ts";
import { sojournKeeper } from "./sojourn-keeper.ts";
import type { ConnectStore } from "./store.ts";

type Manager = Sessions<Record<string, unknown>>;

/** Where the options say that sessions rest. Says on stderr what that cannot promise. @throws {SojournError} `invalid_option` */
export function keeperOf(options: SessionOptions): Keeper {
  const { sessions, store, migrateFrom } = options;
  if (sessions !== undefined && store !== undefined) throw invalid("Both store and sessions are given. The manager has its store: leave store out.");
  if (migrateFrom !== undefined && !isConnectStore(migrateFrom))
    throw invalid("migrateFrom is no store made for express-session: it has no get, set and destroy.");
  const home = homeOf(options);
  if (home !== undefined) return sojournKeeper(home);
  if (migrateFrom !== undefined) throw invalid("migrateFrom is for moving to a Sojourn store. Give one as store, or a manager as sessions.");
  if (store === undefined || store instanceof MemoryStore) {
    if (process.env["NODE_ENV"] === "production") warnMemory();
    return connectKeeper((store as ConnectStore | undefined) ?? new MemoryStore());
  }
  if (!isConnectStore(store)) throw invalid("store is neither a Sojourn store nor one made for express-session: it has no get, set and destroy.");
  warnOnce("SOJOURN_CONNECT_STORE", whatRemains(store));
  return connectKeeper(store);
}

function homeOf({ sessions, store, migrateFrom, subject, cookie }: SessionOptions): Home | undefined {
  const shared = { migrateFrom, subject: subject ?? passportUser };
  const manager: unknown = sessions ?? (isManager(store) ? store : undefined);
  if (manager !== undefined) return { ...shared, sessions: manager as Manager, idle: undefined, least: undefined, sweep: () => undefined };
  if (!isSojournStore(store)) return undefined;
  const maxAge = typeof cookie === "function" ? undefined : cookie?.maxAge;
  return { ...shared, ...ownManager(store, typeof maxAge === "number" && maxAge > 0 ? maxAge : undefined) };
}

/** What passport's `serializeUser` gave. */
function passportUser({ passport }: Readonly<Record<string, unknown>>): string | undefined {
  const user = (passport as { readonly user?: unknown } | null | undefined)?.user;
  const id = typeof user === "object" && user !== null ? (user as { readonly id?: unknown }).id : user;
  if (typeof id === "number") return String(id);
  return typeof id === "string" && id !== "" ? id : undefined;
}

function isManager(store: SessionOptions["store"]): store is Manager {
  return has(store, "reach") && has(store, "create");
}

function isSojournStore(store: SessionOptions["store"]): store is SojournStore {
  return has(store, "commit") && has(store, "find");
}

function isConnectStore(store: unknown): store is ConnectStore {
  return has(store, "get") && has(store, "set") && has(store, "destroy");
}

function has(store: unknown, method: string): boolean {
  return typeof store === "object" && store !== null && typeof (store as Record<string, unknown>)[method] === "function";
}

function whatRemains(store: ConnectStore): string {
  const name = (store as { constructor?: { name?: string } }).constructor?.name ?? "The store";
  return (
    `${name} is a store made for express-session. In this process parallel requests keep each other's changes, and what was destroyed stays destroyed. ` +
    "Between processes two moments remain: what another process writes while this one reads, merges and writes a session is overwritten, and a session " +
    "that another one destroys in that moment comes back. On a Sojourn store neither can happen; see docs/from-express-session.md."
  );
}

function warnMemory(): void {
  warnOnce(
    "SOJOURN_MEMORY_STORE",
    "MemoryStore is for development: sessions are gone with the process, are not shared with others, and pile up. Give session() a store, such as a Sojourn store.",
  );
}

function invalid(message: string): SojournError {
  return new SojournError("invalid_option", message);
}
