/** Where a text stops being JSON, and what would have been right there. Nothing of the text itself is in it: it may hold what nobody should read. */
export interface JsonFault {
  /** From 1. */
  readonly line: number;
  /** From 1, in UTF-16 units. */
  readonly column: number;
  /** What must stand there, such as `a comma or }`. */
  readonly wanted: string;
}

/** Brackets in brackets beyond this are refused: a configuration has two. */
const deepest = 64;

/** The first place at which a text is not JSON (RFC 8259), or says a name of one object twice; `undefined` when there is none. */
export function jsonFault(text: string): JsonFault | undefined {
  let at = 0;
  let depth = 0;

  function fail(wanted: string, place = at): never {
    throw new Fault(place, wanted);
  }
  function space(): void {
    while (at < text.length && " \t\n\r".includes(text.charAt(at))) at += 1;
  }
  function take(pattern: RegExp): string | undefined {
    pattern.lastIndex = at;
    const found = pattern.exec(text)?.[0];
    if (found !== undefined) at += found.length;
    return found;
  }
  function string(wanted: string): string {
    if (text.charAt(at) !== '"') fail(wanted);
    const began = at;
    const found = take(/"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y);
    if (found === undefined) fail('a text that ends with " on its line, with \\ only before what JSON knows', began);
    return JSON.parse(found) as string;
  }
  function list(close: string, one: () => void): void {
    at += 1;
    depth += 1;
    if (depth > deepest) fail(`no more than ${deepest} brackets in each other`);
    space();
    if (text.charAt(at) !== close) {
      for (;;) {
        one();
        space();
        if (text.charAt(at) === close) break;
        if (text.charAt(at) !== ",") fail(`a comma or ${close}`);
        at += 1;
        space();
      }
    }
    at += 1;
    depth -= 1;
  }
  function value(): void {
    space();
    const begin = text.charAt(at);
    if (begin === "{") {
      const names = new Set<string>();
      list("}", () => {
        const began = at;
        const name = string('a name in " "');
        if (names.has(name)) fail("a name that this object does not have yet", began);
        names.add(name);
        space();
        if (text.charAt(at) !== ":") fail("a colon");
        at += 1;
        value();
      });
    } else if (begin === "[") list("]", value);
    else if (begin === '"') string("");
    else if (take(/(?:true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)(?![\w.+-])/y) === undefined) fail("a value");
  }

  try {
    value();
    space();
    if (at < text.length) fail("nothing more");
    return undefined;
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    const before = text.slice(0, error.at).split("\n");
    return { line: before.length, column: (before.at(-1) ?? "").length + 1, wanted: error.wanted };
  }
}

class Fault extends Error {
  readonly at: number;
  readonly wanted: string;

  constructor(at: number, wanted: string) {
    super(wanted);
    this.at = at;
    this.wanted = wanted;
  }
}
