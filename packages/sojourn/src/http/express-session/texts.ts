/** The JSON text of each property of a session but its cookie. What JSON leaves out (undefined, functions) is not there. */
export type Texts = ReadonlyMap<string, string>;

/** @throws {TypeError} for what JSON cannot say: a cycle, a bigint */
export function textsOf(session: object): Texts {
  const texts = new Map<string, string>();
  for (const [name, value] of Object.entries(session)) {
    if (name === "cookie") continue;
    const text = JSON.stringify(value) as string | undefined;
    if (text !== undefined) texts.set(name, text);
  }
  return texts;
}

/** All of it as one text, which differs when anything does, the order too: what express-session takes for a change. */
export function wholeOf(texts: Texts): string {
  let whole = "";
  for (const [name, text] of texts) whole += `${JSON.stringify(name)}:${text},`;
  return whole;
}

/** What has to be written so that a session that stood at `base` stands at `mine`. */
export interface Delta {
  readonly set: Texts;
  readonly unset: readonly string[];
}

export function deltaOf(base: Texts, mine: Texts): Delta {
  return {
    set: new Map([...mine].filter(([name, text]) => base.get(name) !== text)),
    unset: [...base.keys()].filter((name) => !mine.has(name)),
  };
}

/** What stands in the store by now, with what this request changed put over it: properties that only others changed stay as they have them. */
export function mergedOver(theirs: Texts, { set, unset }: Delta): Texts {
  const merged = new Map(theirs);
  for (const name of unset) merged.delete(name);
  for (const [name, text] of set) merged.set(name, text);
  return merged;
}

/** The properties again, as values of one's own. */
export function valuesOf(texts: Texts): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  for (const [name, text] of texts) if (name !== "__proto__") values[name] = JSON.parse(text) as unknown;
  return values;
}
