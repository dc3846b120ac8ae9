/**
 * How a map of texts stands in one column, in a form that one statement of the server can change: each entry is a line feed, its name, `=` and its text.
 *
 * MariaDB's JSON functions would be the natural choice, and were tried: JSON_MERGE_PATCH of 10.11 leaves keys in place, or takes the wrong ones away, when several are
 * removed at once. Lines need one REGEXP_REPLACE, which does what it says and is four times faster on a record of 1 MB.
 */

/** At most so many characters of names in one pattern: PCRE refuses patterns of more than about 64 kB. */
const patternLength = 16_000;

/** The lines of these entries. */
export function linesOf(entries: Iterable<readonly [name: string, text: string]>): string {
  let lines = "";
  for (const [name, text] of entries) lines += `\n${encodedName(name)}=${escapedText(text)}`;
  return lines;
}

/**
 * The entries of a column.
 * @throws {Error} when it is not lines.
 */
export function entriesOf(lines: string): [name: string, text: string][] {
  if (lines === "") return [];
  if (!lines.startsWith("\n")) throw new Error("what it keeps does not begin with a line");
  return lines
    .slice(1)
    .split("\n")
    .map((line) => {
      const at = line.indexOf("=");
      if (at < 1) throw new Error("a line has no name");
      return [decodedName(line.slice(0, at)), originalText(line.slice(at + 1))];
    });
}

/** Regular expressions (PCRE) that together match the lines of these names. One that matches nothing where there are no names; none holds a line feed. */
export function patternsOf(names: readonly string[]): string[] {
  const patterns: string[] = [];
  let some: string[] = [];
  let length = 0;
  for (const name of names) {
    const encoded = quotedName(name);
    if (length + encoded.length > patternLength && some.length > 0) {
      patterns.push(linesNamed(some));
      [some, length] = [[], 0];
    }
    some.push(encoded);
    length += encoded.length + 1;
  }
  return [...patterns, linesNamed(some)];
}

/** A regular expression that matches every line but those of these names; `undefined` when they are too many for one. */
export function patternOfOthers(names: readonly string[]): string | undefined {
  const encoded = names.map(quotedName).join("|");
  return encoded.length > patternLength ? undefined : `\\x0a(?!(?:${encoded})=)[^\\x0a]*+`;
}

const linesNamed = (encoded: readonly string[]): string => `\\x0a(?:${encoded.join("|")})=[^\\x0a]*+`;
const quotedName = (name: string): string => encodedName(name).replaceAll(/[$.]/g, "[$&]");

/** Letters, digits and `_ $ . : -` stand for themselves, every other UTF-16 unit as `%` and four hexadecimal digits. The empty name is a bare `%`: `=` never comes first. */
function encodedName(name: string): string {
  if (name === "") return "%";
  return name.replaceAll(/[^\w$.:-]/g, (unit) => `%${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

function decodedName(name: string): string {
  if (name === "%") return "";
  return name.includes("%") ? name.replaceAll(/%([\da-f]{4})/g, (_, unit: string) => String.fromCharCode(Number.parseInt(unit, 16))) : name;
}

/** A line feed would end the line. JSON, which fields are, holds none, and no U+001D either. */
function escapedText(text: string): string {
  if (!text.includes("\n") && !text.includes("\u001d")) return text;
  return text.replaceAll("\u001d", "\u001dg").replaceAll("\n", "\u001dn");
}

function originalText(text: string): string {
  return text.includes("\u001d") ? text.replaceAll(/\u001d([gn])/g, (_, letter) => (letter === "n" ? "\n" : "\u001d")) : text;
}
