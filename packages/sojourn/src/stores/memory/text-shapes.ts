/**
 * What texts have in common: of `{"created":1795355598388,"idle":43200000}` all but the two numbers, and of every session of one program the same few.
 * A text of a known shape is kept as the shape's number and what stands in its gaps. Nothing is understood and nothing is lost: a text is cut at strings and
 * numbers as JSON writes them, and comes back by being put together again; one that cannot be cut so is no worse off.
 */
export interface TextShapes {
  /** The shape of a text and, in `gaps`, where its gaps begin and end; `undefined` when it has none that is known. A shape is learnt when it is met again soon. */
  of(text: string): Shape | undefined;
  at(number: number): Shape;
  /** Of the last text asked for: begin and end of each gap. */
  readonly gaps: Uint32Array;
  /** Bytes held, at their most. */
  readonly bytes: number;
}

export interface Shape {
  readonly number: number;
  /** What stands before, between and after the gaps: always one piece more than there are gaps. One byte a character. */
  readonly pieces: readonly Uint8Array[];
  /** For each gap whether a number fills it. */
  readonly numeric: readonly boolean[];
}

const mostGaps = 64;
/** Of a shape that is learnt. */
const mostCharacters = 256;
/** What a shape may take: its pieces, twice, and its place in the tables. */
const perShape = 1024;
/** Cutting a text up costs time in proportion to its length, and long ones seldom have a shape in common. */
const longestText = 4096;
const candidates = 256;

const quote = 34;
const backslash = 92;
const colon = 58;
const textGap = 256;
const numberGap = 257;

const isDigit = (code: number): boolean => code >= 48 && code <= 57;

/** @param most shapes learnt; who chooses shapes without end must not fill the memory. */
export function textShapes(most: number): TextShapes {
  const known = new Map<number, Shape>();
  const shapes: Shape[] = [];
  /** Hashes of shapes met lately. */
  const met = new Int32Array(candidates);
  const gaps = new Uint32Array(2 * mostGaps);
  const numeric = new Uint8Array(mostGaps);
  let count = 0;
  let hash = 0;

  function mix(code: number): void {
    hash = Math.imul(hash ^ code, 0x5bd1e995);
    hash ^= hash >>> 15;
  }

  function gap(from: number, to: number, kind: typeof textGap | typeof numberGap): boolean {
    if (count === mostGaps) return false;
    mix(kind);
    gaps[2 * count] = from;
    gaps[2 * count + 1] = to;
    numeric[count++] = kind === numberGap ? 1 : 0;
    return true;
  }

  /** Where the string that begins at a quote ends; -1 when it does not, or has characters of two bytes. */
  function endOfString(text: string, from: number): number {
    for (let i = from + 1; i < text.length; i++) {
      let code = text.charCodeAt(i);
      if (code === quote) return i;
      if (code === backslash) code = text.charCodeAt(++i);
      if (!(code < 256)) return -1;
    }
    return -1;
  }

  /** Finds the gaps. */
  function cut(text: string): boolean {
    count = 0;
    hash = text.length === 0 ? 0 : 1;
    for (let i = 0; i < text.length;) {
      const code = text.charCodeAt(i);
      if (code === quote) {
        const end = endOfString(text, i);
        if (end < 0) return false;
        mix(quote);
        // The name of a member belongs to the shape.
        if (text.charCodeAt(end + 1) === colon) for (i++; i < end; i++) mix(text.charCodeAt(i));
        else if (!gap(i + 1, end, textGap)) return false;
        mix(quote);
        i = end + 1;
      } else if (isDigit(code)) {
        let end = i + 1;
        while (isDigit(text.charCodeAt(end))) end++;
        // A zero in front would be lost.
        if (code === 48 && end > i + 1) mix(text.charCodeAt(i++));
        else {
          if (end - i > 15 || !gap(i, end, numberGap)) return false;
          i = end;
        }
      } else {
        if (code > 255) return false;
        mix(code);
        i++;
      }
    }
    return count > 0;
  }

  function matches(text: string, { pieces, numeric: kinds }: Shape): boolean {
    if (kinds.length !== count) return false;
    for (let i = 0; i <= count; i++) {
      const piece = pieces[i] as Uint8Array;
      const from = i === 0 ? 0 : (gaps[2 * i - 1] as number);
      const to = i === count ? text.length : (gaps[2 * i] as number);
      if (to - from !== piece.length || (i < count && kinds[i] !== (numeric[i] === 1))) return false;
      for (let j = 0; j < piece.length; j++) if (text.charCodeAt(from + j) !== piece[j]) return false;
    }
    return true;
  }

  function learn(text: string): Shape | undefined {
    const place = hash & (candidates - 1);
    if (met[place] !== hash || shapes.length >= most) {
      met[place] = hash;
      return undefined;
    }
    const pieces: Uint8Array[] = [];
    let characters = 0;
    for (let i = 0; i <= count; i++) {
      const piece = text.slice(i === 0 ? 0 : gaps[2 * i - 1], i === count ? text.length : gaps[2 * i]);
      characters += piece.length;
      pieces.push(Uint8Array.from(piece, (character) => character.charCodeAt(0)));
    }
    if (characters > mostCharacters) return undefined;
    const shape: Shape = { number: shapes.length, pieces, numeric: Array.from(numeric.subarray(0, count), (kind) => kind === 1) };
    shapes.push(shape);
    known.set(hash, shape);
    return shape;
  }

  return {
    of(text) {
      if (text.length > longestText || !cut(text)) return undefined;
      const shape = known.get(hash);
      if (shape === undefined) return learn(text);
      return matches(text, shape) ? shape : undefined;
    },
    at: (number) => shapes[number] as Shape,
    gaps,
    bytes: most * perShape + candidates * 4 + mostGaps * 9,
  };
}
