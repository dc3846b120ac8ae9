import { foreignContent } from "./page-foreign.ts";
import { linkWith } from "./page-links.ts";
import { noscriptText } from "./page-noscript.ts";
import { refreshUrl } from "./page-refresh.ts";
import type { PageToken } from "./page-rewriter.ts";
import { tagEdits, type TagEdits } from "./tag-edits.ts";

/** A start tag as the tokenizer tells of it; names in lower case, values decoded. */
export interface StartTag {
  readonly tagName: string;
  readonly attrs: readonly { readonly name: string; readonly value: string }[];
  readonly selfClosing: boolean;
  readonly sourceCodeLocation?: TagLocation | null | undefined;
}

/** An end tag. */
export interface EndTag {
  readonly tagName: string;
  readonly sourceCodeLocation?: TagLocation | null | undefined;
}

/** Where a tag and its attributes stand in the page. */
interface TagLocation {
  readonly startOffset: number;
  readonly endOffset: number;
  readonly attrs?: Readonly<Record<string, { readonly startOffset: number; readonly endOffset: number }>> | undefined;
}

/** What becomes of a page's tags, one after the other. */
export interface PageTags {
  /** The text of a start tag, with the token where it belongs. */
  start(tag: StartTag, raw: string): string;
  end(tag: EndTag): void;
  /** Whether what follows cannot be told apart any more, and must leave as it came. */
  isBlind(): boolean;
  /** Text that only browsers without scripts read as tags. */
  unseen(raw: string): void;
}

/** The attributes whose URL the browser goes to. */
const links: Readonly<Record<string, string>> = { a: "href", area: "href", iframe: "src", frame: "src", button: "formaction", input: "formaction" };
const known: ReadonlySet<string> = new Set([...Object.keys(links), "meta", "form"]);
/** Inside these an end tag of a form does not close the form that stands around them, or not in every browser. */
const opaque: ReadonlySet<string> = new Set(["svg", "math", "template", "select", "noscript", "frameset", "plaintext"]);
/** In a select or a frameset browsers pass over these, after which the tokenizer reads by other rules. */
const passedOver: ReadonlySet<string> = new Set(["svg", "math", "iframe", "noembed", "noscript", "plaintext", "style", "textarea", "title", "xmp"]);
/** Referrer policies that tell other sites the whole URL. */
const telling: ReadonlySet<string> = new Set(["unsafe-url", "no-referrer-when-downgrade", "always", "default"]);

/**
 * Puts the token into links and forms. What decides is what a browser makes of the page: its `<base>`, and which form a field falls into. Where that
 * cannot be known for sure, nothing is given.
 */
export function pageTags(given: PageToken): PageTags {
  const { page, name, token, field } = given;
  let base = page;
  let based = false;
  /** A base of another origin has been seen, so that every link may lead there. */
  let lost = false;
  let form: "none" | "own" | "foreign" = "none";
  let inSelect = false;
  /** A `<frameset>` has begun: nothing but frames may follow. */
  let framed = false;
  /** Fields have no place in an `<svg>` or a `<math>`. */
  const foreign = foreignContent();
  /** What follows is no foreign content, or is text, for browsers but not for the tokenizer. */
  let blind = false;
  /** Something opaque stood in the form that is open. */
  let blurred = false;
  /** Whose form a field falls into is not known any more. */
  let unsure = false;
  const noscript = noscriptText();

  function start(tag: StartTag, raw: string): string {
    const { tagName } = tag;
    foreign.start(tag);
    if (form !== "none" && opaque.has(tagName)) blurred = true;
    if (tagName === "base") rebase(tag);
    // In a select browsers drop most tags, and differ in which.
    else if (tagName === "select") inSelect = true;
    else if (tagName === "frameset") framed = true;
    else if ((inSelect || framed) && passedOver.has(tagName)) blind = true;
    if (!known.has(tagName) && !tag.attrs.some(isPolicy)) return raw;
    const edits = tagEdits(tag, raw);
    quieten(tag, edits);
    if (lost || inSelect) return edits.text();
    const attribute = links[tagName];
    if (attribute !== undefined) {
      if (tagName !== "iframe" || valueOf(tag, "srcdoc") === undefined) edits.replace(attribute, (url) => linkWith(url, base, given));
    } else if (tagName === "meta" && isRefresh(tag)) edits.replace("content", refreshed);
    else if (tagName === "form") return formed(tag, edits);
    return edits.text();
  }

  function rebase(tag: StartTag): void {
    const href = valueOf(tag, "href");
    if (href === undefined || !URL.canParse(href, page.href)) return;
    const url = new URL(href, page);
    if (url.origin !== page.origin) lost = true;
    else if (!based) base = url;
    based = true;
  }

  function refreshed(content: string): string | undefined {
    const found = refreshUrl(content);
    const link = found === undefined ? undefined : linkWith(found.url, base, given);
    return found === undefined || link === undefined ? undefined : content.slice(0, found.start) + link + content.slice(found.end);
  }

  function formed(tag: StartTag, edits: TagEdits): string {
    // Browsers take no form inside a form: this one's fields would fall into the one around it.
    if (form !== "none") return edits.text();
    const action = valueOf(tag, "action") ?? "";
    const method = valueOf(tag, "method")?.toLowerCase();
    // Without an action a form goes to the page itself, whatever its base.
    const target = action.trim() === "" ? page : URL.canParse(action, base.href) ? new URL(action, base) : undefined;
    blurred = false;
    form = target?.origin === page.origin ? "own" : "foreign";
    if (form === "foreign" || method === "dialog") return edits.text();
    const posts = method === "post";
    const inField = posts ? (valueOf(tag, "enctype")?.toLowerCase() === "text/plain" ? undefined : field) : name;
    const hidden = inField === undefined || unsure || foreign.isOpen() ? "" : `<input type="hidden" name="${inField}" value="${token}">`;
    if (!posts || hidden !== "") return edits.text() + hidden;
    if (action.trim() !== "") edits.replace("action", (url) => linkWith(url, base, given));
    else {
      const own = linkWith(page.pathname + page.search, base, given);
      if (own !== undefined) edits.put("action", own);
    }
    return edits.text();
  }

  return {
    start,
    isBlind: () => blind || foreign.isLost(),
    end({ tagName }) {
      if (tagName === "select") inSelect = false;
      foreign.end(tagName);
      if (tagName === "noscript" && noscript.goesOn()) blind = true;
      if (tagName !== "form" || form === "none") return;
      if (blurred && form === "foreign") unsure = true;
      form = "none";
    },
    unseen(raw) {
      noscript.read(raw);
      if (noscript.hasBase()) lost = true;
      if (noscript.hasForm()) unsure = true;
    },
  };
}

/** A page whose URL has a token tells other sites nothing of it. */
function quieten(tag: StartTag, edits: TagEdits): void {
  edits.replace("referrerpolicy", (policy) => (telling.has(policy.toLowerCase()) ? "same-origin" : undefined));
  if (tag.tagName !== "meta" || valueOf(tag, "name")?.toLowerCase() !== "referrer") return;
  edits.replace("content", (policies) => (policies.split(/[\s,]+/).some((policy) => telling.has(policy.toLowerCase())) ? "same-origin" : undefined));
}

function isPolicy({ name }: { readonly name: string }): boolean {
  return name === "referrerpolicy";
}

function isRefresh(tag: StartTag): boolean {
  return valueOf(tag, "http-equiv")?.toLowerCase() === "refresh";
}

function valueOf({ attrs }: StartTag, name: string): string | undefined {
  return attrs.find((attribute) => attribute.name === name)?.value;
}
