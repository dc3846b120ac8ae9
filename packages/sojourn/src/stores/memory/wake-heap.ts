import { column, type Column } from "./column.ts";

/**
 * The sessions in the order of their wakes: a binary heap outside the JavaScript heap. Each session knows its place in it, so a wake
 * that moves costs a logarithm and leaves nothing behind; what is due is found at a cost proportional to what is due.
 */
export interface WakeHeap {
  /** Epoch ms, or `undefined` when the session has no wake. */
  get(session: number): number | undefined;
  set(session: number, wake: number | undefined): void;
  /** At most `limit` sessions whose wake is not after `before`, the earliest first. */
  due(before: number, limit: number): number[];
  /** Bytes held. */
  readonly bytes: number;
}

export function wakeHeap(): WakeHeap {
  const wakes: Column = column(Float64Array);
  /** Where in the heap a session stands, from 1; 0 = it has no wake. */
  const places: Column = column(Uint32Array);
  const heap: Column = column(Uint32Array);
  let size = 0;

  const wakeAt = (place: number): number => wakes.get(heap.get(place));
  function stand(session: number, place: number): void {
    heap.set(place, session);
    places.set(session, place);
  }

  /** Moves a session from `place` to where its wake belongs. */
  function settle(session: number, place: number): void {
    const wake = wakes.get(session);
    while (place > 1 && wakeAt(place >>> 1) > wake) {
      stand(heap.get(place >>> 1), place);
      place >>>= 1;
    }
    for (;;) {
      let child = place * 2;
      if (child > size) break;
      if (child < size && wakeAt(child + 1) < wakeAt(child)) child++;
      if (wakeAt(child) >= wake) break;
      stand(heap.get(child), place);
      place = child;
    }
    stand(session, place);
  }

  return {
    get: (session) => (places.get(session) === 0 ? undefined : wakes.get(session)),
    set(session, wake) {
      const place = places.get(session);
      if (wake !== undefined) {
        wakes.set(session, wake);
        settle(session, place === 0 ? ++size : place);
      } else if (place !== 0) {
        places.set(session, 0);
        const last = heap.get(size--);
        if (last !== session) settle(last, place);
      }
    },
    due(before, limit) {
      const found: number[] = [];
      // Places whose parents were taken, latest wake first: the next one is always at the end.
      const open: number[] = [];
      const consider = (place: number): void => {
        if (place > size) return;
        const wake = wakeAt(place);
        if (wake > before) return;
        let low = 0;
        for (let high = open.length; low < high;) {
          const middle = (low + high) >>> 1;
          if (wakeAt(open[middle] as number) > wake) low = middle + 1;
          else high = middle;
        }
        open.splice(low, 0, place);
      };
      consider(1);
      while (found.length < limit) {
        const place = open.pop();
        if (place === undefined) break;
        found.push(heap.get(place));
        consider(place * 2);
        consider(place * 2 + 1);
      }
      return found;
    },
    get bytes() {
      return wakes.bytes + places.bytes + heap.bytes;
    },
  };
}
