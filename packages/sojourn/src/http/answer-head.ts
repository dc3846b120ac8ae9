import type { OutgoingHttpHeaders, ServerResponse } from "node:http";
import { isTargeted, privateAnswer, privately, tokenAnswer, varying } from "./caching.ts";

/** The headers that `writeHead` takes: an object, names and values in turn, or pairs. */
export type HeadArgument = OutgoingHttpHeaders | readonly unknown[] | undefined;

/** What the application says in the fields that a session has a say in, and the list of all its others. */
interface Sorted {
  readonly list: unknown[];
  control: string | undefined;
  vary: string | undefined;
  cookies: readonly string[] | undefined;
}

/**
 * The headers to pass to `writeHead` in place of what the application passed, so that the answer is private, varies and carries our cookies.
 * A new list: the application may use one object for all its answers, and a list is what Node writes with the least work
 * (0.7 µs for the two fields; setting them on the response beforehand costs 3).
 */
export function addedTo(response: ServerResponse, given: HeadArgument, vary: string, cookies: readonly string[]): unknown[] {
  const own: Sorted = { list: [], control: undefined, vary: undefined, cookies: undefined };
  if (Array.isArray(given)) eachHeader(given, (name, value) => sort(own, name, value));
  else if (given !== undefined) for (const name of Object.keys(given)) sort(own, name, (given as OutgoingHttpHeaders)[name]);
  for (const name of response.getHeaderNames()) if (isTargeted(name)) response.removeHeader(name);
  const { list } = own;
  const before = own.control ?? textOf(response.getHeader("cache-control"));
  list.push("Cache-Control", cookies.length > 0 ? tokenAnswer : before === undefined ? privateAnswer : privately(before));
  list.push("Vary", varying(own.vary ?? textOf(response.getHeader("vary")), vary));
  if (cookies.length > 0) list.push("Set-Cookie", [...(own.cookies ?? listOf(response.getHeader("set-cookie"))), ...cookies]);
  else if (own.cookies !== undefined) list.push("Set-Cookie", own.cookies);
  return list;
}

/**
 * The same, for an answer without cookies of ours, where the application passed nothing to `writeHead` but set all headers on the response before:
 * there Node would remove and append each of a list. Done twice it changes nothing more.
 */
export function setOn(response: ServerResponse, vary: string): undefined {
  for (const name of response.getHeaderNames()) if (name.length >= 15 && isTargeted(name)) response.removeHeader(name);
  response.setHeader("Cache-Control", privately(textOf(response.getHeader("cache-control"))));
  response.setHeader("Vary", varying(textOf(response.getHeader("vary")), vary));
  return undefined;
}

/** Lengths first: most names are none of these, and lower-casing each costs more than all the rest. */
function sort(own: Sorted, name: string, value: OutgoingHttpHeaders[string]): void {
  const { length } = name;
  if (length === 4 && name.toLowerCase() === "vary") own.vary = textOf(value);
  else if (length === 10 && name.toLowerCase() === "set-cookie") own.cookies = [...(own.cookies ?? []), ...listOf(value)];
  else if (length === 13 && name.toLowerCase() === "cache-control") own.control = textOf(value);
  else if (length < 15 || !isTargeted(name)) own.list.push(name, value);
}

/** Each header in what `writeHead` takes, once; one that comes several times in a list has all its values. */
export function eachHeader(given: HeadArgument, put: (name: string, value: OutgoingHttpHeaders[string]) => void): void {
  if (!Array.isArray(given)) {
    const headers = (given ?? {}) as OutgoingHttpHeaders;
    for (const name of Object.keys(headers)) put(name, headers[name]);
    return;
  }
  const all = given as readonly unknown[];
  const flat = Array.isArray(all[0]) ? (all as readonly (readonly unknown[])[]).flatMap((pair) => [pair[0], pair[1]]) : all;
  if (flat.length % 2 !== 0) throw new TypeError("writeHead: the list of headers has a name without a value.");
  const several = new Map<string, { readonly name: string; readonly values: unknown[] }>();
  for (let i = 0; i < flat.length; i += 2) {
    const name = String(flat[i]);
    const values = Array.isArray(flat[i + 1]) ? (flat[i + 1] as unknown[]) : [flat[i + 1]];
    const known = several.get(name.toLowerCase());
    if (known === undefined) several.set(name.toLowerCase(), { name, values: [...values] });
    else known.values.push(...values);
  }
  for (const { name, values } of several.values()) put(name, (values.length === 1 ? values[0] : values) as OutgoingHttpHeaders[string]);
}

function listOf(value: OutgoingHttpHeaders[string]): readonly string[] {
  if (value === undefined) return [];
  return Array.isArray(value) ? value : [String(value)];
}

function textOf(value: OutgoingHttpHeaders[string]): string | undefined {
  if (value === undefined) return undefined;
  return Array.isArray(value) ? value.join(", ") : String(value);
}
