const shift = 10;
const length = 1 << shift;
const mask = length - 1;

/**
 * One number per session, outside the JavaScript heap. Grows by whole pieces that are never copied, so growing never pauses;
 * a piece in which nothing was ever set costs nothing and reads as zeros.
 */
export interface Column {
  get(at: number): number;
  set(at: number, value: number): void;
  /** Bytes held. */
  readonly bytes: number;
}

/** Entries in one piece of a column. */
export const columnPiece: number = length;

/** @param kind the type of its numbers. */
export function column(kind: typeof Uint8Array | typeof Uint32Array | typeof Float64Array): Column {
  const pieces: (Uint8Array | Uint32Array | Float64Array | undefined)[] = [];
  let bytes = 0;
  return {
    get: (at) => pieces[at >>> shift]?.[at & mask] ?? 0,
    set(at, value) {
      let piece = pieces[at >>> shift];
      if (piece === undefined) {
        piece = new kind(length);
        pieces[at >>> shift] = piece;
        bytes += piece.byteLength;
      }
      piece[at & mask] = value;
    },
    get bytes() {
      return bytes;
    },
  };
}
