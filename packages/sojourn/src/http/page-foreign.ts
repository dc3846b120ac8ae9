import type { StartTag } from "./page-tags.ts";

/** Where a page is in its `<svg>` and `<math>`, tag after tag (HTML, "The rules for parsing tokens in foreign content"). */
export interface ForeignContent {
  start(tag: StartTag): void;
  end(tagName: string): void;
  /** Whether an `<svg>` or `<math>` is open. */
  isOpen(): boolean;
  /** Whether the tokenizer may be taken in by what follows: a browser leaves foreign content by ways that it does not know. Never false again. */
  isLost(): boolean;
}

/** An element that is open: `<svg>` or `<math>` itself, one in whose inside HTML is read again, one of theirs, or HTML in it. */
interface Open {
  readonly name: string;
  readonly is: "root" | "point" | "foreign" | "html";
}

const words = (text: string): ReadonlySet<string> => new Set(text.split(" "));

/** Integration points, by their root. */
const points: Readonly<Record<string, ReadonlySet<string>>> = { svg: words("foreignobject desc title"), math: words("mi mo mn ms mtext") };
/** What a browser does not read inside foreign content, but after it. */
const breaksOut = words(
  "b big blockquote body br center code dd div dl dt em embed font h1 h2 h3 h4 h5 h6 head hr i img li listing menu meta nobr ol p pre ruby s small span " +
    "strong strike sub sup table tt u ul var",
);
/** In an integration point: names that the tokenizer takes for the point's own, that are foreign all the same, or that end all there is. */
const misleads = words("foreignobject desc title mi mo mn ms mtext annotation-xml mglyph malignmark frameset");
/** They close the cell that the whole stands in, unless their table is inside. */
const cells = words("caption col colgroup tbody td tfoot th thead tr");
/** Browsers stop nesting at some hundreds, and no drawing comes near it. */
const deepest = 250;
const voids = words("area base basefont bgsound br col embed frame hr image img input keygen link meta param source track wbr");
/** Their end tags may be left out. */
const implied = words("dd dt li optgroup option p rb rp rt rtc tbody td tfoot th thead tr");

/**
 * Follows what is nested as its author wrote it, and is lost where that is not so: a browser would have to be asked what is open outside, too. An end tag of
 * a root that is not open is passed over, as browsers do.
 */
export function foreignContent(): ForeignContent {
  const open: Open[] = [];
  let lost = false;

  function isRoot(name: string): boolean {
    return name === "svg" || name === "math";
  }

  function kindOf(top: Open, name: string, tag: StartTag): Open["is"] | "nothing" | "lost" {
    if (top.is === "html" || top.is === "point") {
      if (isRoot(name)) return "root";
      if (misleads.has(name) || (cells.has(name) && !hasTable())) return "lost";
      return voids.has(name) ? "nothing" : "html";
    }
    const root = open.findLast(({ is }) => is === "root")?.name ?? "svg";
    if (isRoot(name)) return name === root || (name === "svg" && top.name === "annotation-xml") ? "root" : "lost";
    if (breaksOut.has(name) || (name === "annotation-xml" && tag.attrs.some((each) => each.name === "encoding" && /html/i.test(each.value)))) return "lost";
    if (tag.selfClosing) return "nothing";
    return points[root]?.has(name) === true ? "point" : "foreign";
  }

  function hasTable(): boolean {
    return open.slice(open.findLastIndex(({ is }) => is === "point")).some(({ is, name }) => is === "html" && name === "table");
  }

  /** Whether the end tag of the one at this place closes what began in it as well, for the tokenizer as for browsers. */
  function closes(at: number): boolean {
    const inner = open.slice(at + 1);
    return open[at]?.is === "html" ? inner.every(({ is, name }) => is === "html" && implied.has(name)) : inner.every(({ is }) => is === "foreign");
  }

  return {
    start(tag) {
      const name = tag.tagName.toLowerCase();
      const top = open.at(-1);
      // The tokenizer takes a root that closes itself for one that is open.
      if (isRoot(name) && tag.selfClosing) lost = true;
      if (lost || (top === undefined && !isRoot(name))) return;
      const is = top === undefined ? "root" : kindOf(top, name, tag);
      if (is === "lost" || open.length >= deepest) lost = true;
      else if (is !== "nothing") open.push({ name, is });
    },
    end(tagName) {
      const name = tagName.toLowerCase();
      const top = open.at(-1);
      if (lost || top === undefined) return;
      const at = open.findLastIndex((each) => each.name === name);
      const inHtml = top.is === "html" || top.is === "point";
      if (at >= 0 && closes(at)) open.length = at;
      else if (at >= 0 || !(isRoot(name) || (inHtml && (name === "p" || voids.has(name))))) lost = true;
    },
    isOpen: () => open.length > 0,
    isLost: () => lost,
  };
}
