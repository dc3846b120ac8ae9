/** A map whose entries are good until a moment of their own, and are forgotten some time after it. */
export interface UntilMap<V> {
  /** What is kept under the key; `undefined` when its moment (epoch ms) has passed. */
  get(key: string, now: number): V | undefined;
  /** Epoch ms until which something is kept under the key; -Infinity: nothing is. */
  untilOf(key: string): number;
  /** Keeps a value. Its moment is only ever put off. */
  set(key: string, value: V, until: number): void;
  /** Forgets at most so many of those whose moment has passed. Costs a logarithm each, and one comparison when there are none. */
  forget(now: number, most: number): void;
  /** Entries held, those whose moment has passed among them until they are forgotten. */
  readonly size: number;
}

interface Entry<V> {
  readonly key: string;
  value: V;
  until: number;
  /** By which it stands in the heap: never after `until`. A moment that is put off costs nothing until the old one comes. */
  due: number;
}

/** An empty map. A binary heap finds what is due, so that nothing ever looks at every entry. */
export function untilMap<V>(): UntilMap<V> {
  const entries = new Map<string, Entry<V>>();
  const heap: Entry<V>[] = [];

  function rise(entry: Entry<V>): void {
    let place = heap.length;
    while (place > 0) {
      const parent = heap[(place - 1) >>> 1] as Entry<V>;
      if (parent.due <= entry.due) break;
      heap[place] = parent;
      place = (place - 1) >>> 1;
    }
    heap[place] = entry;
  }

  /** Puts the entry where the first one stood, and lower as far as it belongs. */
  function sink(entry: Entry<V>): void {
    let place = 0;
    for (;;) {
      let child = 2 * place + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && (heap[child + 1] as Entry<V>).due < (heap[child] as Entry<V>).due) child++;
      if ((heap[child] as Entry<V>).due >= entry.due) break;
      heap[place] = heap[child] as Entry<V>;
      place = child;
    }
    heap[place] = entry;
  }

  function removeFirst(): void {
    const last = heap.pop() as Entry<V>;
    if (heap.length > 0) sink(last);
  }

  return {
    get(key, now) {
      const entry = entries.get(key);
      return entry === undefined || entry.until < now ? undefined : entry.value;
    },
    untilOf: (key) => entries.get(key)?.until ?? -Infinity,
    set(key, value, until) {
      const before = entries.get(key);
      if (before !== undefined) {
        before.value = value;
        before.until = Math.max(before.until, until);
        return;
      }
      const entry = { key, value, until, due: until };
      entries.set(key, entry);
      rise(entry);
    },
    forget(now, most) {
      for (let left = most; left > 0; left--) {
        const first = heap[0];
        if (first === undefined || first.due >= now) return;
        if (first.until < now) {
          entries.delete(first.key);
          removeFirst();
        } else {
          first.due = first.until;
          sink(first);
        }
      }
    },
    get size() {
      return entries.size;
    },
  };
}
