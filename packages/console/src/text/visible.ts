/**
 * What a reader would not see, or what would change how they see the rest: C0, DEL and C1 (ISO 6429), bidirectional controls (UAX #9), separators of lines and
 * paragraphs, characters without width, tags (U+E0000), halves of surrogate pairs. A joiner between two pictographs is part of one sign, and stays.
 */
const unseen =
  // oxlint-disable-next-line no-misleading-character-class -- each is looked for by itself
  /[\0-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b\u200c\u200e\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb\u{e0000}-\u{e007f}]|(?<![\p{Extended_Pictographic}\ufe0f\u{1f3fb}-\u{1f3ff}])\u200d|\u200d(?!\p{Extended_Pictographic})|\p{Surrogate}/gu;

const lines = /[\n\t]/;

/** How {@link visible} treats a text. */
export interface VisibleOptions {
  /** Lines' ends and tabs stay: it is shown where they have room. */
  readonly lines?: boolean;
}

/** The text with everything unseen in it written out, as `⟨U+202E⟩`. For all that did not come from us. */
export function visible(text: string, { lines: keeps = false }: VisibleOptions = {}): string {
  return text.replace(unseen, (character) => (keeps && lines.test(character) ? character : escaped(character)));
}

function escaped(character: string): string {
  return `⟨U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}⟩`;
}

/** A piece of a visible text: as it came, or written out. */
export interface Piece {
  readonly text: string;
  readonly escape: boolean;
}

/** The same in pieces, so that what was written out can look different from what was there. */
export function visiblePieces(text: string, { lines: keeps = false }: VisibleOptions = {}): readonly Piece[] {
  const pieces: Piece[] = [];
  let from = 0;
  for (const { 0: character, index } of text.matchAll(unseen)) {
    if (keeps && lines.test(character)) continue;
    if (index > from) pieces.push({ text: text.slice(from, index), escape: false });
    pieces.push({ text: escaped(character), escape: true });
    from = index + character.length;
  }
  if (from < text.length) pieces.push({ text: text.slice(from), escape: false });
  return pieces;
}
