import { median } from "./statistics.mjs";

/**
 * The same figure of several rounds.
 * @param {readonly number[]} values
 */
export function summary(values) {
  return { median: median(values), low: Math.min(...values), high: Math.max(...values) };
}

/**
 * @param {number} value
 * @param {number} [digits] after the point; by default as many as make three digits.
 */
export function shown(value, digits = value >= 100 ? 0 : value >= 10 ? 1 : 2) {
  return value.toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

/**
 * A median with what the rounds were between.
 * @param {readonly number[]} values
 */
export function spreadOf(values) {
  if (values.length === 0) return "";
  const { median: middle, low, high } = summary(values);
  return values.length === 1 ? shown(middle) : `${shown(middle)} (${shown(low)} to ${shown(high)})`;
}

/**
 * Whether a figure that must not be above its target is not.
 * @param {number} value
 * @param {number | undefined} target
 */
export function withinTarget(value, target) {
  if (target === undefined) return "";
  return value <= target ? " ✓" : " **missed**";
}

/**
 * A session count as people say it.
 * @param {number} sessions
 */
export function sizeName(sessions) {
  return sessions >= 1e6 ? `${sessions / 1e6}M` : sessions >= 1e3 ? `${sessions / 1e3}k` : String(sessions);
}
