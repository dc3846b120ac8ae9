/** What browsers without scripts make of the inside of `<noscript>`, which to the tokenizer is text. */
export interface NoscriptText {
  /** The next part of it. */
  read(raw: string): void;
  /** Whether they may find a `<base>` in it. */
  hasBase(): boolean;
  /** Whether a form begins or ends in it for them. */
  hasForm(): boolean;
  /** Whether something in it goes on for them behind its end, such as a comment: what follows is no text of the page's, or other text, to them. */
  goesOn(): boolean;
}

/** Begins and ends of what is read by other rules than tags. */
const marks = /<!--|--!?>|<(\/?)(iframe|math|noembed|noframes|plaintext|script|select|style|svg|textarea|title|xmp)/g;

export function noscriptText(): NoscriptText {
  let tail = "";
  let inside: string | undefined;
  let [base, form] = [false, false];

  return {
    read(raw) {
      const text = (tail + raw).toLowerCase();
      if (text.includes("<base")) base = true;
      if (text.includes("<form") || text.includes("</form")) form = true;
      let seen = 0;
      for (const { 0: mark, 1: slash, 2: name = "comment", index } of text.matchAll(marks)) {
        const ends = slash === "/" || mark.endsWith(">");
        if (inside === undefined && !ends) inside = name;
        else if (inside === name && ends && name !== "plaintext") inside = undefined;
        seen = index + mark.length;
      }
      // A mark that the part's end cuts in two; no more than that, or it would count twice.
      tail = text.slice(Math.max(seen, text.length - 11));
    },
    hasBase: () => base,
    hasForm: () => form,
    goesOn: () => inside !== undefined,
  };
}
