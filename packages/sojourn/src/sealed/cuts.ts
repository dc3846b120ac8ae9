/** Tokens of a smaller generation are replaced from a moment on. */
export interface Cut {
  readonly generation: number;
  /** Epoch ms. */
  readonly from: number;
}

/** Cuts of one session that are kept at most: more are only there while graces run. */
const most = 8;

/** The highest generation that replaces others; -Infinity: none does. */
export function highestOf(cuts: readonly Cut[]): number {
  return cuts.at(-1)?.generation ?? -Infinity;
}

/** Whether a token of that generation is replaced. */
export function isCut(cuts: readonly Cut[], generation: number, now: number): boolean {
  for (const cut of cuts) if (generation < cut.generation && cut.from <= now) return true;
  return false;
}

/**
 * The cuts with a higher one. Those before it stay as long as they say more: what a log-in has replaced at once must not become good again
 * by a rotation that grants a grace.
 */
export function withCut(cuts: readonly Cut[], cut: Cut, now: number): readonly Cut[] {
  const earlier = cuts.filter(({ from }) => from < cut.from);
  // Of those in force the highest says what all the others say.
  const inForce = earlier.findLast(({ from }) => from <= now);
  const kept = earlier.filter((other) => other === inForce || other.from > now);
  const [first, second, ...rest] = [...kept, cut];
  // Too many: one says more than it did, and none says less.
  if (kept.length >= most && first !== undefined && second !== undefined) {
    return [{ generation: second.generation, from: Math.min(first.from, second.from) }, ...rest];
  }
  return [...kept, cut];
}

/** The cuts as the text of a field. */
export function textOfCuts(cuts: readonly Cut[]): string {
  return JSON.stringify(cuts.map(({ generation, from }) => [generation, from]));
}

/** @throws SyntaxError unless the text is one of cuts, generations rising */
export function cutsOf(text: string | undefined): readonly Cut[] {
  const list: unknown = JSON.parse(text ?? "");
  if (!Array.isArray(list) || list.length > most) throw new SyntaxError("not a list of cuts");
  let before = -Infinity;
  return list.map((pair: unknown) => {
    const [generation, from] = Array.isArray(pair) ? (pair as unknown[]) : [];
    if (typeof generation !== "number" || typeof from !== "number" || !(generation > before)) throw new SyntaxError("not a cut");
    before = generation;
    return { generation, from };
  });
}
