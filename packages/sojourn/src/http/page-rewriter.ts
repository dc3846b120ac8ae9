import { pageTags, type EndTag, type StartTag } from "./page-tags.ts";
import type { LinkToken } from "./page-links.ts";

/** What the pages of one answer are given. */
export interface PageToken extends LinkToken {
  /** The field that brings the token in forms sent by POST; without it their action's query does. */
  readonly field: string | undefined;
}

/** One page on its way. */
export interface PageStream {
  /** The next part of the page; gives what of it can leave now. */
  write(html: string): string;
  /** The page is over; `done` is given the rest, in a later turn. */
  end(done: (rest: string) => void): void;
}

/** Makes the stream of each page. */
export type HtmlRewriter = (page: PageToken) => PageStream;

/** As much of `RewritingStream` (parse5-html-rewriting-stream 7 and 8) as is called. */
export interface HtmlStream {
  on(event: "startTag", listener: (tag: StartTag, raw: string) => void): unknown;
  on(event: "endTag", listener: (tag: EndTag, raw: string) => void): unknown;
  on(event: "text", listener: (text: unknown, raw: string) => void): unknown;
  off(event: "text", listener: (text: unknown, raw: string) => void): unknown;
  emitRaw(html: string): void;
  push(html: unknown): boolean;
  write(html: string): unknown;
  end(done: () => void): unknown;
}

/**
 * Rewrites pages by the tokenizer of parse5, which keeps the HTML standard: `pages: rewriter(RewritingStream)`. All that is not given a token leaves as it
 * came, byte for byte. A page is never held as a whole: what is kept of it is the token (a tag, a comment, a text of at most 64 kB) that has begun and
 * not ended.
 */
export function rewriter(Html: new () => HtmlStream): HtmlRewriter {
  return (page) => {
    const html = new Html();
    const tags = pageTags(page);
    let out = "";
    /** Characters of the page before the part at hand, and where in the page the tokenizer lost its way. */
    let begun = 0;
    let blindFrom: number | undefined;

    // What it makes of a part is taken at once and as one text: through its readable side it would come tag by tag, and later.
    html.push = (part) => {
      if (typeof part === "string" && blindFrom === undefined) out += part;
      return true;
    };
    html.on("startTag", (tag: StartTag, raw) => {
      html.emitRaw(tags.start(tag, raw));
      if (tags.isBlind()) blindFrom ??= tag.sourceCodeLocation?.endOffset;
      if (tag.tagName !== "noscript") return;
      // Inside an <svg> one can stand in another, and a text heard twice would leave twice.
      html.off("text", unseen);
      html.on("text", unseen);
    });
    html.on("endTag", (tag: EndTag, raw) => {
      html.emitRaw(raw);
      tags.end(tag);
      if (tags.isBlind()) blindFrom ??= tag.sourceCodeLocation?.endOffset;
      if (tag.tagName === "noscript") html.off("text", unseen);
    });

    function unseen(_text: unknown, raw: string): void {
      tags.unseen(raw);
      html.emitRaw(raw);
    }

    function taken(): string {
      const text = out;
      out = "";
      return text;
    }

    return {
      write(part) {
        if (blindFrom !== undefined) return part;
        html.write(part);
        const rest = blindFrom === undefined ? "" : part.slice(blindFrom - begun);
        begun += part.length;
        return taken() + rest;
      },
      end(done) {
        html.end(() => done(taken()));
      },
    };
  };
}
