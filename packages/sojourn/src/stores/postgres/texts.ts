import { createHash } from "node:crypto";

/**
 * PostgreSQL's text holds every character but U+0000. It is written as U+0001 and "0", and U+0001 as U+0001 and "1".
 * Half a surrogate pair is no character; it becomes U+FFFD, as it would on the way.
 */
export function escaped(text: string): string {
  return isOdd(text) ? text.replaceAll(/[\u0000\u0001]/g, (odd) => (odd === "\u0000" ? "\u00010" : "\u00011")).replaceAll(/\p{Surrogate}/gu, "\ufffd") : text;
}

/** Whether {@link escaped} would look closer. */
export function isOdd(text: string): boolean {
  return /[\u0000\u0001\ud800-\udfff]/.test(text);
}

/** What {@link escaped} was made of. */
export function unescaped(text: string): string {
  return text.includes("\u0001") ? text.replaceAll(/\u0001[01]/g, (pair) => (pair === "\u00010" ? "\u0000" : "\u0001")) : text;
}

/** Three bytes each at most: an index of PostgreSQL holds 2,704 in all. */
const longestKey = 250;

/**
 * What stands for a kind, a subject or an alias in columns that are indexed: itself, escaped; of a long one its beginning and its SHA-256.
 * No escaped text has U+0001 before an "h".
 */
export function keyOf(name: string): string {
  if (name.length <= longestKey) return escaped(name);
  return `\u0001h${createHash("sha256").update(name).digest("base64url")}${escaped(name.slice(0, 40))}`;
}

/** Whether the key does not say the whole name. */
export function isShortened(key: string): boolean {
  return key.startsWith("\u0001h");
}

/** An array's literal, as PostgreSQL reads it. */
export function arrayLiteral(texts: readonly string[]): string {
  return `{${texts.map((text) => `"${escaped(text).replaceAll(/["\\]/g, String.raw`\$&`)}"`).join(",")}}`;
}
