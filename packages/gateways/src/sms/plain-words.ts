/** What NFKD leaves as a letter of its own, but people without the key write otherwise. */
const folded: Readonly<Record<string, string>> = { ß: "ss", æ: "ae", œ: "oe", ø: "o", đ: "d", ð: "d", ł: "l", ı: "i", ς: "σ" };

/** The stop sign says the word. */
const stopSign = /\u{1F6D1}/gu;

/**
 * A text as words that can be compared: sentences of clauses of words. Case, diacritics, styled letters (full width, mathematical, ligatures), invisible characters, apostrophes,
 * punctuation, quotes and emoji make no difference; the stop sign U+1F6D1 is the word. Sentences end at . ! ? … and at line ends; clauses also at , ; dashes with a space
 * on one side, and a colon before a space. Every step is linear in the text, but NFKD can make 18 characters of one: bound the text first.
 */
export function sentencesOf(text: string): string[][][] {
  const plain = text
    .replaceAll(stopSign, " stop ")
    .replaceAll(/['’‘ʼ`´\u02BB\uFF07]/g, "")
    .normalize("NFKD")
    .replaceAll(/[\p{M}\p{Cf}]/gu, "")
    .toLowerCase()
    .replaceAll(/[ßæœøđðłıς]/g, (letter) => folded[letter] as string);
  return lists(plain.split(/[.!?\n\r\u2028\u2029]/).map((sentence) => lists(sentence.split(/[,;()—–]|:\s|-\s|\s-/).map(wordsIn))));
}

/** The same, without sentences and clauses: one line. */
export function plainWords(text: string): string {
  return sentencesOf(text).flat(2).join(" ");
}

function wordsIn(clause: string): string[] {
  return clause.split(/[^\p{L}\p{N}]+/u).filter((word) => word !== "");
}

function lists<T>(all: T[][]): T[][] {
  return all.filter((list) => list.length > 0);
}
