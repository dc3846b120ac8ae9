import type { HtmlRewriter, PageToken } from "./page-rewriter.ts";

/** A page's bytes and texts on their way through a rewriter. */
export interface PageBody {
  write(part: string | Uint8Array): string;
  end(part: string | Uint8Array | undefined, done: (rest: string) => void): void;
}

/** A page in UTF-8, in parts that may end in the middle of a character. */
export function pageBody(rewriter: HtmlRewriter, token: PageToken): PageBody {
  const page = rewriter(token);
  // What the page begins with is the page's: a byte order mark stays.
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

  function textOf(part: string | Uint8Array): string {
    return typeof part === "string" ? decoder.decode() + part : decoder.decode(part, { stream: true });
  }

  function write(part: string | Uint8Array): string {
    const text = textOf(part);
    return text === "" ? "" : page.write(text);
  }

  return {
    write,
    end(part, done) {
      const before = (part === undefined ? "" : write(part)) + last();
      page.end((rest) => done(before + rest));
    },
  };

  function last(): string {
    const text = decoder.decode();
    return text === "" ? "" : page.write(text);
  }
}
