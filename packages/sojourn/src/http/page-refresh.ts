/** The URL in the content of `<meta http-equiv="refresh">`: which part of the text it is. */
export interface RefreshUrl {
  readonly url: string;
  readonly start: number;
  readonly end: number;
}

const space = /[\t\n\f\r ]/;

/**
 * Finds the URL as browsers do (HTML, "shared declarative refresh steps"): a time, a separator, perhaps `url=` and perhaps a quote. `undefined` when the
 * text is no refresh to elsewhere.
 */
export function refreshUrl(content: string): RefreshUrl | undefined {
  let at = 0;
  const skip = (test: RegExp): boolean => {
    const from = at;
    while (at < content.length && test.test(content.charAt(at))) at += 1;
    return at > from;
  };
  skip(space);
  const digits = skip(/\d/);
  if (!digits && content.charAt(at) !== ".") return undefined;
  skip(/[\d.]/);
  if (at >= content.length) return undefined;
  const blank = skip(space);
  if (/[;,]/.test(content.charAt(at))) at += 1;
  else if (!blank) return undefined;
  skip(space);
  if (at >= content.length) return undefined;
  const named = /url[\t\n\f\r ]*=[\t\n\f\r ]*/iy;
  named.lastIndex = at;
  if (named.test(content)) at = named.lastIndex;
  const quote = content.charAt(at);
  if (quote !== '"' && quote !== "'") return { url: content.slice(at), start: at, end: content.length };
  const end = content.indexOf(quote, at + 1);
  const to = end === -1 ? content.length : end;
  return { url: content.slice(at + 1, to), start: at + 1, end: to };
}
