/** Picks one of `count` possibilities, numbered from 0: the plain case first. */
export type Choose = (count: number) => number;

/**
 * All that can come of a run in which some things are left open: the run is repeated for every combination of choices. A rule that promises one
 * outcome asks for no choice; one that allows several says so at the very place where it does.
 */
export function explore<T>(run: (choose: Choose) => T): T[] {
  const found: T[] = [];
  const waiting: (readonly number[])[] = [[]];
  for (let script = waiting.pop(); script !== undefined; script = waiting.pop()) {
    const given = script;
    const taken: number[] = [];
    found.push(
      run((count) => {
        const next = given[taken.length] ?? 0;
        if (taken.length >= given.length) for (let other = count - 1; other > 0; other--) waiting.push([...taken, other]);
        taken.push(next);
        return next;
      }),
    );
  }
  return found;
}

/** Every order of the items of several rows in which each row keeps its own. */
export function merges<T>(rows: readonly (readonly T[])[]): T[][] {
  const left = rows.filter((row) => row.length > 0);
  if (left.length < 2) return [left.flat()];
  return left.flatMap((row) => merges(left.map((other) => (other === row ? other.slice(1) : other))).map((rest) => [row[0] as T, ...rest]));
}
