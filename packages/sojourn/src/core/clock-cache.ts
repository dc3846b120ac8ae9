/**
 * A bounded map that forgets what was not used lately (the CLOCK algorithm: one bit an entry, no reordering on a hit).
 * A plain Map kept in order of use costs a deletion and an insertion per read; this costs one store into a byte array.
 */
export interface ClockCache<V> {
  get(key: string): V | undefined;
  /** Like `get`, but does not count as a use. */
  peek(key: string): V | undefined;
  set(key: string, value: V): void;
  delete(key: string): void;
  clear(): void;
  readonly size: number;
}

/** @param capacity most entries held. @param evicted told of each entry pushed out by a newer one (not of deletions). */
export function clockCache<V>(capacity: number, evicted?: (key: string, value: V) => void): ClockCache<V> {
  const slots = new Map<string, number>();
  const keys: (string | undefined)[] = [];
  const values: (V | undefined)[] = [];
  const used = new Uint8Array(capacity);
  const free: number[] = [];
  let hand = 0;

  function evict(): number {
    for (;;) {
      const slot = hand;
      hand = hand + 1 === capacity ? 0 : hand + 1;
      if (used[slot] === 1) used[slot] = 0;
      else {
        const key = keys[slot] as string;
        const value = values[slot] as V;
        slots.delete(key);
        evicted?.(key, value);
        return slot;
      }
    }
  }

  return {
    get(key) {
      const slot = slots.get(key);
      if (slot === undefined) return undefined;
      used[slot] = 1;
      return values[slot];
    },
    peek(key) {
      const slot = slots.get(key);
      return slot === undefined ? undefined : values[slot];
    },
    set(key, value) {
      let slot = slots.get(key);
      if (slot === undefined) {
        slot = free.pop() ?? (keys.length < capacity ? keys.length : evict());
        slots.set(key, slot);
        keys[slot] = key;
        used[slot] = 0;
      } else used[slot] = 1;
      values[slot] = value;
    },
    delete(key) {
      const slot = slots.get(key);
      if (slot === undefined) return;
      slots.delete(key);
      keys[slot] = undefined;
      values[slot] = undefined;
      free.push(slot);
    },
    clear() {
      slots.clear();
      keys.length = 0;
      values.length = 0;
      free.length = 0;
      used.fill(0);
      hand = 0;
    },
    get size() {
      return slots.size;
    },
  };
}
