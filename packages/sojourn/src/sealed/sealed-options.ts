import type { Duration } from "../core/duration.ts";
import type { Store, WatchableStore } from "../core/seam.ts";
import type { SessionsOptions } from "../core/settings.ts";
import type { CompressionOptions } from "./compression.ts";
import type { Key, Keyring } from "./keys.ts";
import type { TokenReader } from "./readers.ts";

/** What of a manager's settings has a meaning without a store. */
type Common<Data extends object> = Pick<
  SessionsOptions<Data>,
  "schema" | "version" | "migrate" | "tenant" | "kind" | "idle" | "absolute" | "touch" | "rotation" | "deadline" | "breaker" | "floorLag" | "bounds" | "clock"
>;

/** What {@link sealedSessions} takes. */
export interface SealedOptions<Data extends object = Record<string, unknown>> extends Common<Data> {
  /** The first seals, all open. A {@link Keyring} can be given other keys while the process runs. Keys are made by `npx sojournd keys new --sealing`; a password is refused. */
  readonly keys: Keyring | readonly Key[];
  /**
   * Compresses fields, to make the token smaller. Default none. Name only fields that hold no secret *and* fields of which no part is a secret: whoever can put text of
   * their own beside a secret learns it from the length. Fields that are not named never share a segment with these.
   */
  readonly compress?: CompressionOptions;
  /** A store for what does not travel: all fields of a session that does not fit into its cookies, and those that are `shared`. Default none: too large is refused. */
  readonly overflow?: Store;
  /** Fields that always rest in `overflow`, so that of several requests at once that change them (`update`) none is lost. Default none: the last cookie wins. */
  readonly shared?: readonly (keyof Data & string)[];
  /** Opens the cookies of the library that was here before, so that nobody is logged out: `ironSession()`, `authJs()` … Default none. */
  readonly readers?: readonly TokenReader[];
  /** The longest that any session may last, whatever `authenticate` asks for. Default 30 days, or `absolute` when that is longer. */
  readonly longest?: Duration;
}

/** The same where it is kept what has ended: sessions can be ended by others than their own client, and on every node. */
export interface RevocableOptions<Data extends object = Record<string, unknown>> extends SealedOptions<Data>, Pick<SessionsOptions<Data>, "sweep"> {
  /**
   * Where it is written down what has ended: a small record for each session that ends by itself before its time, until its last token is over. Each
   * process has all of them in memory, by the store's feed.
   */
  readonly revocations: Store & WatchableStore;
  /** For how long nothing may be heard of the other processes. Default 5 seconds. */
  readonly silence?: Duration;
  /** What becomes of a session that has a subject when it has been silent for longer. Default `"refuse"`: `store_unavailable`. */
  readonly unheard?: "refuse" | "serve";
  /** Live sessions that one subject may hold. Each then leaves a record without data in `revocations`. */
  readonly limit?: { readonly perSubject: number; readonly whenFull?: "end-oldest" | "refuse" };
}
