import { blockBytes, blockGrowth } from "./blocks.ts";
import type { LiveSession } from "./front.ts";
import type { Shelf } from "./shelf.ts";
import type { SlotIndex } from "./slot-index.ts";
import type { Subjects } from "./subjects.ts";

/** What a change needs. */
export interface Need {
  /** Blocks more than the session has; below 0 when it shrinks. */
  readonly blocks: number;
  /** Bytes of the whole record. */
  readonly bytes: number;
  readonly aliases: number;
  /** Whether the change ends sessions: it may use the last of the room. */
  readonly ending: boolean;
}

/** Keeps the store within its budget. */
export interface Room {
  /** Bytes held, the live sessions in front apart. */
  used(): number;
  /** Makes room for the need; `false` when it cannot. @param but the session that must not make room for itself. */
  make(need: Need, but?: LiveSession): boolean;
}

interface Parts {
  /** Bytes, the front apart. */
  readonly budget: number;
  readonly shelf: Shelf;
  readonly aliases: SlotIndex;
  readonly subjects: Subjects;
  /** Bytes of what never grows. */
  readonly otherBytes: number;
  /** Erases the least recently used session; `false` when there is none, or when a full store is to refuse. */
  eraseColdest(but: LiveSession | undefined): boolean;
  /** Erases a session that has ended, other than `but`; `false` when there is none. */
  eraseEnded(but: LiveSession | undefined): boolean;
}

/** A full store must still be able to end sessions, though the note of the end may take a block more: this much is kept for that. When it is gone, earlier ended records go. */
const blocksKept = 1 / 32;
const bytesKept = 32 * 1024;

export function room({ budget, shelf, aliases, subjects, otherBytes, eraseColdest, eraseEnded }: Parts): Room {
  const { blocks } = shelf;
  const used = (): number => shelf.bytes + aliases.bytes + subjects.bytes + otherBytes;
  const kept = Math.ceil((budget * blocksKept) / blockBytes);

  /** Blocks that the store may still take. What the indexes need to double is left to them: else blocks would take all, and ending sessions would not give it back. */
  function growable(): number {
    const indexes = used() - blocks.bytes - otherBytes;
    const left = budget - used() - indexes - shelf.growth - subjects.growth - bytesKept;
    return Math.max(0, Math.floor(left / blockGrowth)) * (blockGrowth / blockBytes);
  }

  return {
    used,
    make({ blocks: more, bytes, aliases: claims, ending }, but) {
      const least = ending || more <= 0 ? Math.max(0, more) : more + kept;
      for (let left = blocks.free + growable(); left < least; left = blocks.free + growable()) {
        if (!shelf.tighten(but) && !(ending && eraseEnded(but)) && !eraseColdest(but)) return false;
      }
      while (blocks.free < more) blocks.grow();
      const growth = shelf.growth + claims * aliases.growth + subjects.growth + shelf.codec.growthFor(bytes);
      return used() + growth + (ending ? 0 : bytesKept) <= budget;
    },
  };
}
