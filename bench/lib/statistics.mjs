/** @param {readonly number[]} values */
export function median(values) {
  return quantile(values, 0.5);
}

/**
 * Between two values in proportion, as most statistics programs do it (Hyndman and Fan's type 7).
 * @param {readonly number[]} values
 * @param {number} share 0 to 1.
 */
export function quantile(values, share) {
  if (values.length === 0) throw new Error("There is no quantile of nothing.");
  const sorted = values.toSorted((a, b) => a - b);
  const at = (sorted.length - 1) * share;
  const below = sorted[Math.floor(at)] ?? NaN;
  const above = sorted[Math.ceil(at)] ?? NaN;
  return below + (above - below) * (at - Math.floor(at));
}

/**
 * The median of `values` over the median of `divisors`, with its 95 % interval: a percentile bootstrap that draws whole rounds, so that what one round did
 * to both of them stays together, and the uncertainty of the divisor is in the interval too. The draw is seeded: the same slots give the same interval.
 * @param {readonly number[]} values one of each round.
 * @param {readonly number[]} divisors of the same rounds.
 */
export function ratioOfMedians(values, divisors) {
  if (values.length !== divisors.length) throw new Error(`${values.length} values and ${divisors.length} divisors are not of the same rounds.`);
  const random = seeded(values.length);
  const drawn = Array.from({ length: 2_000 }, () => {
    const rounds = values.map(() => Math.floor(random() * values.length));
    return median(picked(values, rounds)) / median(picked(divisors, rounds));
  });
  return { ratio: median(values) / median(divisors), low: quantile(drawn, 0.025), high: quantile(drawn, 0.975) };
}

/**
 * @param {readonly number[]} values
 * @param {readonly number[]} places
 */
function picked(values, places) {
  return places.map((place) => values[place] ?? NaN);
}

/**
 * A small generator of even numbers in [0, 1) (mulberry32).
 * @param {number} seed
 */
export function seeded(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
