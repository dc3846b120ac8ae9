/** The known name that a mistyped one most likely meant; `undefined` when none is near. */
export function nearest(name: string, known: readonly string[]): string | undefined {
  const plain = (text: string): string => text.toLowerCase().replaceAll(/[^a-z0-9]/g, "");
  const wanted = plain(name).slice(0, 64);
  const ranked = known.map((each) => ({ each, far: distance(wanted, plain(each)) })).toSorted((a, b) => a.far - b.far)[0];
  return ranked !== undefined && ranked.far <= Math.max(1, Math.floor(ranked.each.length / 3)) ? ranked.each : undefined;
}

/** Insertions, deletions, replacements and neighbours that changed places, from one text to the other. */
function distance(from: string, to: string): number {
  let before: number[] = [];
  let row = Array.from({ length: to.length + 1 }, (_, i) => i);
  for (let i = 1; i <= from.length; i++) {
    const next = [i];
    for (let j = 1; j <= to.length; j++) {
      const replaced = (row[j - 1] as number) + (from[i - 1] === to[j - 1] ? 0 : 1);
      const swapped = i > 1 && j > 1 && from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1] ? (before[j - 2] as number) + 1 : Infinity;
      next.push(Math.min(replaced, swapped, (row[j] as number) + 1, (next[j - 1] as number) + 1));
    }
    before = row;
    row = next;
  }
  return row[to.length] as number;
}
