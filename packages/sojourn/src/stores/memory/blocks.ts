/** Bytes in a block, the number of the block that follows it among them. */
export const blockBytes = 64;
/** Bytes by which the blocks grow. */
export const blockGrowth: number = 64 * 1024;

const words = blockBytes / 4;
const carried = words - 1;
const perChunk = blockGrowth / blockBytes;
const shift = Math.log2(perChunk);
const mask = perChunk - 1;

/** How many blocks so many bytes take. */
export function blocksFor(bytes: number): number {
  return Math.ceil(bytes / (carried * 4));
}

/**
 * Memory outside the JavaScript heap, in small blocks of one size. A record lies in a chain of them, so any free block fits any record:
 * size classes would leave room that nothing fits into, and a full store would have to end many sessions to admit one.
 * The first block of a chain stays the same while the chain grows and shrinks.
 */
export interface Blocks {
  /** Blocks that are free without growing. */
  readonly free: number;
  /** Bytes held, used or free. */
  readonly bytes: number;
  grow(): void;
  /** A chain of so many blocks. There must be as many free ones. */
  take(count: number): number;
  /** Lengthens or shortens a chain; what lies in the blocks that remain stays. */
  resize(first: number, from: number, to: number): void;
  give(first: number): void;
  write(first: number, source: Int32Array, bytes: number): void;
  /** Bytes that the chain can carry. */
  room(first: number): number;
  /** Copies the chain into `target`, which must be as long as the chain's room. */
  read(first: number, target: Int32Array): void;
}

export function makeBlocks(): Blocks {
  const chunks: Int32Array[] = [];
  let head = 0;
  let free = 0;

  const chunkOf = (block: number): Int32Array => chunks[block >>> shift] as Int32Array;
  const at = (block: number): number => (block & mask) * words;

  function release(first: number): void {
    for (let block = first; block !== 0;) {
      const chunk = chunkOf(block);
      const next = chunk[at(block)] as number;
      chunk[at(block)] = head;
      head = block;
      free++;
      block = next;
    }
  }

  function take(count: number): number {
    const first = head;
    let last = head;
    for (let i = 1; i < count; i++) last = chunkOf(last)[at(last)] as number;
    const chunk = chunkOf(last);
    head = chunk[at(last)] as number;
    chunk[at(last)] = 0;
    free -= count;
    return first;
  }

  return {
    get free() {
      return free;
    },
    get bytes() {
      return chunks.length * blockGrowth;
    },
    grow() {
      const base = chunks.length * perChunk;
      const chunk = new Int32Array(perChunk * words);
      chunks.push(chunk);
      // Block 0 is never used: as a number it means "none".
      const lowest = base === 0 ? 1 : 0;
      for (let i = perChunk - 1; i >= lowest; i--) {
        chunk[i * words] = head;
        head = base + i;
        free++;
      }
    },
    take,
    resize(first, from, to) {
      if (to === from) return;
      let last = first;
      for (let i = 1; i < Math.min(from, to); i++) last = chunkOf(last)[at(last)] as number;
      if (to > from) chunkOf(last)[at(last)] = take(to - from);
      else {
        release(chunkOf(last)[at(last)] as number);
        chunkOf(last)[at(last)] = 0;
      }
    },
    give: release,
    write(first, source, bytes) {
      const end = Math.ceil(bytes / 4);
      for (let block = first, from = 0; from < end;) {
        const chunk = chunkOf(block);
        const start = at(block);
        const stop = Math.min(carried, end - from);
        for (let i = 1; i <= stop; i++) chunk[start + i] = source[from++] as number;
        block = chunk[start] as number;
      }
    },
    room(first) {
      let count = 0;
      for (let block = first; block !== 0; block = chunkOf(block)[at(block)] as number) count++;
      return count * carried * 4;
    },
    read(first, target) {
      for (let block = first, to = 0; block !== 0;) {
        const chunk = chunkOf(block);
        const start = at(block);
        for (let i = 1; i <= carried; i++) target[to++] = chunk[start + i] as number;
        block = chunk[start] as number;
      }
    },
  };
}
