/** Numbers between 1 and 10 of which the half is short too. */
const tops = [1, 2, 3, 4, 5, 6, 8, 10];

/** The next number that an axis can end at, so that it and its half are short; a whole one of whole ones above 3. Takes what is above zero. */
export function roundTop(value: number): number {
  const scale = 10 ** Math.floor(Math.log10(value));
  const top = tops.find((each) => each * scale >= value * (1 - 1e-9)) ?? 10;
  const even = scale === 1 && top % 2 === 1 && top > 1 ? top + 1 : top;
  return Number((even * scale).toPrecision(6));
}
