import type { Mechanism } from "./mechanism.ts";

/** What is known of a server besides its settings. All that a judgement rests on is here or there. */
export interface Facts {
  /** Epoch ms. */
  readonly now: number;
  /** Version of Node, without "v". */
  readonly node: string;
  /** Whether the process is the superuser's. */
  readonly root: boolean;
  readonly store: StoreFacts;
  /** The application keys that whoever asks may know of; `undefined` when they could not be read. */
  readonly keys: readonly KeyFacts[] | undefined;
  /** Whether the folder of the data holds the key of `serve --dev`. */
  readonly developmentKey: boolean;
  /** The data folder; `undefined` where there is none (yet). */
  readonly folder: FolderFacts | undefined;
  /** The Set-Cookie lines as this server writes them for a session's token. */
  readonly cookies: { readonly visitor: string; readonly console: string | undefined };
  /** What was tried on a store in memory, with the code that runs here. */
  readonly mechanisms: Readonly<Record<Mechanism, boolean>>;
}

export interface StoreFacts {
  readonly reachable: boolean;
  /** Whether it tells of changes by other processes. */
  readonly watched: boolean;
  /** ms by which its clock is before (or, negative, behind) this machine's; `undefined` when it has none of its own. */
  readonly clockOffset: number | undefined;
}

export interface KeyFacts {
  readonly role: string;
  /** Epoch ms. */
  readonly created: number;
}

export interface FolderFacts {
  /** Permission bits. */
  readonly mode: number;
  /** Whether it belongs to the user who asks. */
  readonly own: boolean;
}
