const units = [
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["min", 60_000],
  ["s", 1_000],
] as const;

/** A duration as people say it: `12 h`. */
export function spoken(ms: number): string {
  const [unit, size] = units.find(([, each]) => ms >= each && Number.isInteger((ms / each) * 10)) ?? ["ms", 1];
  return `${ms / size} ${unit}`;
}
