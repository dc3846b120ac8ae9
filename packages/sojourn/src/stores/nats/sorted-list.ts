/** Things in an order of their own, in stretches of some hundred: to put one in or take one out moves few others, however many there are. */
export interface SortedList<T> {
  add(item: T): void;
  remove(item: T): void;
  /** From the first that is not before `item`; from the first of all without one. */
  from(item?: T): Iterable<T>;
  readonly size: number;
}

const mostInStretch = 512;

/** @param order negative when `a` comes before `b`, 0 when they are the same thing. */
export function sortedList<T>(order: (a: T, b: T) => number): SortedList<T> {
  const stretches: T[][] = [];
  let size = 0;

  /** The stretch in which the item stands or would stand: the last one whose first item is not after it. */
  function stretchOf(item: T): number {
    let low = 0;
    for (let high = stretches.length - 1; low < high;) {
      const middle = (low + high + 1) >>> 1;
      if (order((stretches[middle] as T[])[0] as T, item) <= 0) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  /** The first place in the stretch whose item is not before the item. */
  function placeIn(stretch: readonly T[], item: T): number {
    let low = 0;
    for (let high = stretch.length; low < high;) {
      const middle = (low + high) >>> 1;
      if (order(stretch[middle] as T, item) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  return {
    add(item) {
      const at = stretchOf(item);
      const stretch = stretches[at];
      size++;
      if (stretch === undefined) return void stretches.push([item]);
      stretch.splice(placeIn(stretch, item), 0, item);
      if (stretch.length > mostInStretch) stretches.splice(at + 1, 0, stretch.splice(mostInStretch >>> 1));
    },
    remove(item) {
      const at = stretchOf(item);
      const stretch = stretches[at];
      if (stretch === undefined) return;
      const place = placeIn(stretch, item);
      if (place === stretch.length || order(stretch[place] as T, item) !== 0) return;
      size--;
      stretch.splice(place, 1);
      if (stretch.length === 0) stretches.splice(at, 1);
    },
    *from(item) {
      const first = item === undefined ? 0 : stretchOf(item);
      for (let at = first; at < stretches.length; at++) {
        const stretch = stretches[at] as T[];
        for (let place = at === first && item !== undefined ? placeIn(stretch, item) : 0; place < stretch.length; place++) yield stretch[place] as T;
      }
    },
    get size() {
      return size;
    },
  };
}
