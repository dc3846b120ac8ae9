const segmentBits = 6;
const segmentCount = 1 << segmentBits;
const smallest = 8;

/**
 * Finds sessions by a hash: numbers only, outside the JavaScript heap, open addressing with linear probing.
 * It says which sessions may be meant; the caller compares with the record. Split into segments, so that growing moves a 64th at a time.
 */
export interface SlotIndex {
  /** The first session under the hash that `is` the one meant; 0 when there is none. */
  find(hash: number, is: (session: number) => boolean): number;
  insert(hash: number, session: number): void;
  replace(hash: number, session: number, by: number): void;
  remove(hash: number, session: number): void;
  /** Bytes held. */
  readonly bytes: number;
  /** Most bytes that one insertion can add. */
  readonly growth: number;
}

interface Segment {
  /** Pairs of hash and session; session 0 marks a free place. */
  cells: Uint32Array;
  mask: number;
  used: number;
}

export function slotIndex(): SlotIndex {
  const segments: (Segment | undefined)[] = Array.from({ length: segmentCount }, () => undefined);
  let bytes = 0;
  let largest = smallest * 8;

  function segmentOf(hash: number): Segment {
    const segment = segments[hash & (segmentCount - 1)];
    if (segment !== undefined) return segment;
    bytes += smallest * 8;
    return (segments[hash & (segmentCount - 1)] = { cells: new Uint32Array(smallest * 2), mask: smallest - 1, used: 0 });
  }

  function put({ cells, mask }: Segment, hash: number, session: number): void {
    let i = (hash >>> segmentBits) & mask;
    while (cells[2 * i + 1] !== 0) i = (i + 1) & mask;
    cells[2 * i] = hash;
    cells[2 * i + 1] = session;
  }

  function grow(segment: Segment): void {
    const { cells } = segment;
    segment.mask = segment.mask * 2 + 1;
    segment.cells = new Uint32Array(cells.length * 2);
    bytes += cells.byteLength;
    largest = Math.max(largest, segment.cells.byteLength);
    for (let i = 0; i < cells.length; i += 2) if (cells[i + 1] !== 0) put(segment, cells[i] as number, cells[i + 1] as number);
  }

  /** The place of exactly this session under this hash. */
  function placeOf({ cells, mask }: Segment, hash: number, session: number): number {
    let i = (hash >>> segmentBits) & mask;
    while (cells[2 * i] !== hash || cells[2 * i + 1] !== session) {
      if (cells[2 * i + 1] === 0) throw new RangeError("the memory store's index has lost a session");
      i = (i + 1) & mask;
    }
    return i;
  }

  return {
    find(hash, is) {
      const segment = segments[hash & (segmentCount - 1)];
      if (segment === undefined) return 0;
      const { cells, mask } = segment;
      for (let i = (hash >>> segmentBits) & mask; ; i = (i + 1) & mask) {
        const session = cells[2 * i + 1] as number;
        if (session === 0) return 0;
        if (cells[2 * i] === hash && is(session)) return session;
      }
    },
    insert(hash, session) {
      const segment = segmentOf(hash);
      if ((segment.used + 1) * 5 > (segment.mask + 1) * 4) grow(segment);
      put(segment, hash, session);
      segment.used++;
    },
    replace(hash, session, by) {
      const segment = segmentOf(hash);
      segment.cells[2 * placeOf(segment, hash, session) + 1] = by;
    },
    remove(hash, session) {
      const segment = segmentOf(hash);
      const { cells, mask } = segment;
      let hole = placeOf(segment, hash, session);
      // Entries that probed past the hole move back into it: no tombstones, so churn does not fill the index.
      for (let i = (hole + 1) & mask; cells[2 * i + 1] !== 0; i = (i + 1) & mask) {
        const home = ((cells[2 * i] as number) >>> segmentBits) & mask;
        if (((i - home) & mask) < ((i - hole) & mask)) continue;
        cells[2 * hole] = cells[2 * i] as number;
        cells[2 * hole + 1] = cells[2 * i + 1] as number;
        hole = i;
      }
      cells[2 * hole + 1] = 0;
      segment.used--;
    },
    get bytes() {
      return bytes;
    },
    get growth() {
      return largest;
    },
  };
}

/** A 32-bit hash of a text. Seeded, so that nobody who chooses names can prepare ones that collide. */
export function hashText(text: string, seed: number): number {
  let hash = seed;
  for (let i = 0; i < text.length; i++) {
    hash = Math.imul(hash ^ text.charCodeAt(i), 0x5bd1e995);
    hash ^= hash >>> 15;
  }
  hash = Math.imul(hash ^ seed, 0x85ebca6b);
  return (hash ^ (hash >>> 13)) >>> 0;
}
