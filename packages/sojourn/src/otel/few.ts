/** Keeps the values of an attribute few: the first so many distinct ones stay what they are, all others become `"other"`. */
export function few(most: number): (value: string) => string {
  const known = new Set<string>();
  return (value) => {
    if (known.has(value)) return value;
    if (known.size >= most) return "other";
    known.add(value);
    return value;
  };
}
