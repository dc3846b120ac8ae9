import type { Emitter } from "../core/events.ts";
import type { Engine } from "../core/engine.ts";
import type { Names } from "../core/names.ts";
import type { Settings } from "../core/settings.ts";
import type { AsideStore } from "./aside.ts";
import type { Box } from "./box.ts";
import type { Compression } from "./compression.ts";
import type { Places } from "./places.ts";
import type { TokenReader } from "./readers.ts";
import type { Revocations } from "./revocations.ts";

/** The parts of a manager of sealed sessions, handed to each of its acts. */
export interface SealedParts {
  readonly settings: Settings;
  readonly names: Names;
  readonly events: Emitter;
  readonly box: Box;
  /** Whether sealing takes a promise: there is WebCrypto alone. */
  readonly asynchronous: boolean;
  /** What a token is sealed with beside its keys: whose it is, of what kind, for which place. */
  readonly context: (place: string | undefined) => string;
  /** Which fields are compressed, and how. */
  readonly packing: { readonly fields: ReadonlySet<string>; readonly compression: Compression } | undefined;
  readonly readers: readonly TokenReader[];
  /** Where it is kept what ended. */
  readonly revocations: Revocations | undefined;
  /** Who of a subject's sessions has a place under the limit. */
  readonly places: Places | undefined;
  readonly aside: AsideStore | undefined;
  /** ms; the longest that any session may last. */
  readonly longest: number;
  /** What all visits share of an engine. */
  readonly engine: Pick<Engine, "settings" | "names" | "events" | "fields" | "floors" | "wakes">;
}
