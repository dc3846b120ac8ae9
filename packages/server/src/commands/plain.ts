/**
 * What a terminal could obey, or shows as nothing or out of order: control characters (C0, DEL, C1), formatting characters (the bidirectional ones, zero
 * widths, tags), separators of lines, halves of characters.
 */
const obeyed = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;

/** A text from outside as it may stand on a terminal, in one line: `\x1b`, `\u202e` in the place of what could do more than be read. */
export function plain(text: string): string {
  return text.replace(obeyed, (character) => {
    const code = character.codePointAt(0) as number;
    if (code <= 0xff) return `\\x${code.toString(16).padStart(2, "0")}`;
    return code <= 0xffff ? `\\u${code.toString(16).padStart(4, "0")}` : `\\u{${code.toString(16)}}`;
  });
}

/** JSON in one line, of ASCII where a terminal could obey: JSON itself escapes no C1 and no formatting characters. It means the same. */
export function jsonText(value: unknown): string {
  return (JSON.stringify(value) ?? "null").replace(obeyed, (character) =>
    Array.from({ length: character.length }, (_, i) => `\\u${character.charCodeAt(i).toString(16).padStart(4, "0")}`).join(""),
  );
}
