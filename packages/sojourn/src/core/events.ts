import type { Ending, SessionId } from "./seam.ts";
import { objectOf } from "./own-fields.ts";
import type { SojournError } from "./errors.ts";
import type { ClockJump } from "./steady-clock.ts";

/** Why a session ended. Applications may add reasons of their own. */
export type EndReason = "closed" | "idle" | "absolute" | "revoked" | "limit" | "replaced" | "reuse" | (string & {});

/** What every event about a session tells. Never a token or a secret. */
export interface SessionEvent {
  readonly id: SessionId;
  readonly kind: string;
  readonly subject?: string | undefined;
  /** Epoch ms. */
  readonly at: number;
}

/** The events of this process, by name. What other processes do comes by `feed()`. */
export interface SessionEvents {
  created: SessionEvent;
  /** A subject proved who it is; the secret was replaced. */
  authenticated: SessionEvent & { readonly methods: readonly string[] };
  elevated: SessionEvent & { readonly level: string };
  /** A successor was offered. */
  rotated: SessionEvent;
  ended: SessionEvent & { readonly reason: EndReason; readonly by?: string | undefined };
  /** A replaced token showed itself after its grace: two parties hold a copy. The session has been ended. */
  reuse: SessionEvent;
  /** A field's text could not be read. The field is left as it is and reads as absent; the session lives. */
  unreadable: SessionEvent & { readonly field: string };
  /** Reads, or writes, of the store are given up (`down`, with the failure that was one too many) or are back (`up`). */
  outage: { readonly of: "reads" | "writes"; readonly state: "down" | "up"; readonly error?: SojournError };
  /** The machine's clock has jumped. */
  clock: ClockJump;
  /** A call in the background (a touch, a sweep) failed; nobody waited for it. */
  failed: { readonly doing: string; readonly error: SojournError };
}

/** Tells listeners. A listener that throws harms nobody else; its error surfaces as an uncaught exception. */
export interface Emitter {
  on<Name extends keyof SessionEvents>(name: Name, listener: (event: SessionEvents[Name]) => void): () => void;
  emit<Name extends keyof SessionEvents>(name: Name, event: SessionEvents[Name]): void;
}

/** An {@link Emitter} with no listeners. */
export function emitter(): Emitter {
  const listeners = new Map<string, Set<(event: never) => void>>();
  return {
    on(name, listener) {
      let set = listeners.get(name);
      if (set === undefined) listeners.set(name, (set = new Set()));
      set.add(listener);
      return () => void set.delete(listener);
    },
    emit(name, event) {
      const set = listeners.get(name);
      if (set === undefined) return;
      for (const listener of [...set]) {
        try {
          (listener as (event: unknown) => void)(event);
        } catch (error) {
          queueMicrotask(() => {
            throw error;
          });
        }
      }
    },
  };
}

/** The ending in a record's `ended` text. */
export function endingOf(text: string): Ending {
  try {
    const { at, reason, by } = objectOf(text);
    return { at: Number(at) || 0, reason: String(reason), ...(typeof by === "string" ? { by } : undefined) };
  } catch {
    return { at: 0, reason: "unreadable" };
  }
}
