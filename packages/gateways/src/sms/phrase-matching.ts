import { plainWords } from "./plain-words.ts";

/** Phrases of a few words each, as plain words. */
export interface Phrases {
  /** Words of the longest of them. */
  readonly most: number;
  /** Whether these words are one of them. */
  has(words: readonly string[]): boolean;
}

/** The phrases as a set that words can be looked up in. */
export function phrasesOf(texts: readonly string[]): Phrases {
  const all = new Set(texts.map(plainWords));
  const most = Math.max(0, ...[...all].map((phrase) => phrase.split(" ").length));
  return { most, has: (words) => words.length > 0 && all.has(words.join(" ")) };
}

/** How many words, from the one at `from` on, the longest phrase that begins there has; 0 when none does. */
export function beginning(words: readonly string[], phrases: Phrases, from = 0): number {
  let length = Math.min(phrases.most, words.length - from);
  while (length > 0 && !phrases.has(words.slice(from, from + length))) length--;
  return length;
}

/** How many words the longest phrase has with which the words end; 0 when they end with none. */
function ending(words: readonly string[], phrases: Phrases): number {
  let length = Math.min(phrases.most, words.length);
  while (length > 0 && !phrases.has(words.slice(-length))) length--;
  return length;
}

/** The words without the phrases that stand at their end. */
export function endTrimmed(words: readonly string[], phrases: Phrases): readonly string[] {
  let left = words;
  for (let length = ending(left, phrases); length > 0; length = ending(left, phrases)) left = left.slice(0, -length);
  return left;
}

/** The words without the phrases that stand at either end. */
export function trimmed(words: readonly string[], phrases: Phrases): readonly string[] {
  const left = endTrimmed(words, phrases);
  let from = 0;
  for (let length = beginning(left, phrases); length > 0; length = beginning(left, phrases, from)) from += length;
  return left.slice(from);
}

/** A phrase with alternatives: places, of alternatives, of words. */
export interface Template {
  readonly places: readonly (readonly (readonly string[])[])[];
  /** Whether anything may follow. */
  readonly open: boolean;
}

/** Reads a row of wording-data.ts: `|` between the alternatives of a place, `_` between words, `-` for no word, ` *` at the end for whatever follows. */
export function templateOf(row: string): Template {
  const open = row.endsWith(" *");
  const places = (open ? row.slice(0, -2) : row).split(" ");
  return { places: places.map((place) => place.split("|").map(wordsOf)), open };
}

function wordsOf(alternative: string): string[] {
  return alternative === "-" ? [] : plainWords(alternative.replaceAll("_", " ")).split(" ");
}

/** The templates by each word that one can begin with. */
export function byFirstWord(templates: readonly Template[]): ReadonlyMap<string, readonly Template[]> {
  const all = new Map<string, Template[]>();
  for (const template of templates) {
    for (const word of firstWords(template)) all.set(word, [...(all.get(word) ?? []), template]);
  }
  return all;
}

function firstWords({ places }: Template): Set<string> {
  // The first place that has to be filled, and those before it.
  const filled = places.findIndex((place) => place.every((words) => words.length > 0));
  return new Set(places.slice(0, filled + 1).flatMap((place) => place.flatMap((words) => words.slice(0, 1))));
}

/**
 * Where the phrase ends if it begins at `from`: all ends that count, none when it is not there. All ways through the alternatives are followed at once, so none is walked twice:
 * the time is that of the template's size, however the words lie.
 */
export function endsOf({ places, open }: Template, words: readonly string[], from: number): number[] {
  let ends: ReadonlySet<number> = new Set([from]);
  for (const place of places) {
    const next = new Set<number>();
    for (const end of ends) {
      for (const alternative of place) if (alternative.every((word, at) => words[end + at] === word)) next.add(end + alternative.length);
    }
    if (next.size === 0) return [];
    ends = next;
  }
  return [...ends].filter((end) => open || end === words.length);
}
