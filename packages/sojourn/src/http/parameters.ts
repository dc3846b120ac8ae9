import { SojournError } from "../core/errors.ts";
import { maxCookieOctets } from "./cookie.ts";
import type { HtmlRewriter } from "./page-rewriter.ts";

/**
 * A carrier whose token stands in the URL's query or in a form. It is for clients that take no cookies: a URL is written into logs, histories and
 * bookmarks, and people send it to each other.
 */
export interface ParameterCarrier {
  readonly place: "query" | "form";
  /** Of the parameter or field. */
  readonly name: string;
  /** The token in that parameter's value. */
  read(value: string): string | undefined;
  /** Writes the token into links and forms of the pages that are answered. Without it the application writes `session.token` there itself. */
  readonly pages?: HtmlRewriter;
  /** Bytes of a form that are looked through for the field, where nothing else has read it. */
  readonly limit?: number;
  readonly header?: undefined;
  readonly bound?: undefined;
  readonly room?: undefined;
  readonly setCookie?: undefined;
  readonly setParts?: undefined;
  readonly takeAway?: undefined;
  readonly challenge?: undefined;
  readonly crossSite?: undefined;
  readonly secure?: undefined;
}

/** Settings of {@link urlParameter}. */
export interface UrlParameterOptions {
  /** The parameter's name: 1 to 64 letters, digits, "-" and "_", such as `"sid"`. */
  readonly name: string;
  /**
   * Rewrites the pages that go to clients without cookies, so that their links, forms and redirects bring the token: `rewriter(RewritingStream)`. Default:
   * none are.
   */
  readonly pages?: HtmlRewriter;
}

/** Settings of {@link formField}. */
export interface FormFieldOptions {
  /** The field's name: 1 to 64 letters, digits, "-" and "_". Mostly that of the URL's parameter. */
  readonly name: string;
  /** Most bytes of a form, uploads among them, that `fetchSessions` reads to find the field; a longer one is refused (413). Default 1 MB. */
  readonly limit?: number;
}

/**
 * The token in a parameter of the URL, for clients without cookies. Its place in `carriers` is after all that look in headers, so that a link never
 * overrides the session of a cookie; it counts only in requests that no other site's page sent. It hands nothing back by itself: with `pages` the links do.
 * @throws {SojournError} `invalid_option`
 */
export function urlParameter(options: UrlParameterOptions): ParameterCarrier {
  const { name, pages } = options;
  checkName("urlParameter", name);
  return { place: "query", name, read, ...(pages === undefined ? undefined : { pages }) };
}

/**
 * The token in a field of a form (urlencoded, or multipart with uploads), for clients without cookies. Same place and conditions as {@link urlParameter}.
 * @throws {SojournError} `invalid_option`
 */
export function formField(options: FormFieldOptions): ParameterCarrier {
  const { name, limit = 1_048_576 } = options;
  checkName("formField", name);
  if (!Number.isSafeInteger(limit) || limit <= 0)
    throw new SojournError("invalid_option", `formField: limit is ${JSON.stringify(limit)}. Give a whole number of bytes above zero.`);
  return { place: "form", name, read, limit };
}

function read(value: string): string | undefined {
  return value.length === 0 || value.length > maxCookieOctets ? undefined : value;
}

function checkName(carrier: string, name: string): void {
  if (typeof name === "string" && /^[\w-]{1,64}$/.test(name)) return;
  throw new SojournError("invalid_option", `${carrier}: name is ${JSON.stringify(name)}. Give 1 to 64 letters, digits, "-" and "_", such as "sid".`);
}

/** The value of a query's parameter; `undefined` when it is not there, or there twice with different values. @param url with or without an origin. */
export function queryValue(url: string, name: string): string | undefined {
  const from = url.indexOf("?");
  if (from === -1) return undefined;
  const to = url.indexOf("#", from);
  return sole(pairsOf(url.slice(from + 1, to === -1 ? undefined : to)).getAll(name));
}

/** What a query holds. A question mark at its beginning belongs to the first name, and not, as the constructor would have it, to nothing. */
export function pairsOf(query: string): URLSearchParams {
  return new URLSearchParams(`&${query}`);
}

/**
 * The value of a field in what a framework made of a form: an object of texts, of lists of them, or of `{ value }` as multipart parsers give. `undefined`
 * when it is not there, no text, or there twice with different values.
 */
export function fieldValue(form: unknown, name: string): string | undefined {
  if (typeof form !== "object" || form === null) return undefined;
  if (isFormData(form)) return sole(form.getAll(name));
  if (!Object.hasOwn(form, name)) return undefined;
  const given = (form as Readonly<Record<string, unknown>>)[name];
  return sole(Array.isArray(given) ? given : [given]);
}

function isFormData(form: object): form is { getAll(name: string): unknown[] } {
  return typeof (form as { readonly getAll?: unknown }).getAll === "function";
}

function sole(values: readonly unknown[]): string | undefined {
  const texts = new Set(values.map(textOf));
  const [text] = texts;
  return texts.size === 1 ? text : undefined;
}

function textOf(value: unknown): string | undefined {
  if (typeof value === "string") return value;
  if (typeof value !== "object" || value === null || !Object.hasOwn(value, "value")) return undefined;
  const { value: inner } = value as { readonly value: unknown };
  return typeof inner === "string" ? inner : undefined;
}
