import type { Answer } from "@sojourn/client";

/** What the server says of itself each second. */
export type Seen = Answer<"now">;

/** One point of the curves of latencies, in ms; null where nothing was called. */
export interface LatencyPoint {
  /** Epoch ms. */
  readonly at: number;
  readonly reads50: number | null;
  readonly reads99: number | null;
  readonly writes50: number | null;
  readonly writes99: number | null;
}

/** By step; null where nobody counted. */
export type Counts = (number | null)[];

/** How far back the charts look, in ms. */
export const span: number = 5 * 60_000;

/** The last steps of a series that begin less than `span` ago; the newest last. */
export function recent({ step, opened, ended, from, since }: Seen): { readonly at: number[]; readonly opened: Counts; readonly ended: Counts } {
  const steps = Math.max(1, Math.round(span / step));
  const skipped = Math.max(0, opened.length - steps);
  const at = opened.slice(skipped).map((_, i) => from + (skipped + i) * step);
  // Nobody counted before somebody looked, and nothing is not zero.
  const counted = (counts: readonly number[]): Counts => at.map((moment, i) => (moment + step <= since ? null : (counts[skipped + i] ?? 0)));
  // Of two series that should be equally long, the first says how long.
  return { at: at.map((moment) => moment / 1000), opened: counted(opened), ended: counted(ended) };
}

/** How many began and ended in the last minute. The newest step is not over yet, and counts as far as it is. */
export function lastMinute(seen: Seen): { readonly opened: number; readonly ended: number } {
  const steps = Math.max(1, Math.round(60_000 / seen.step));
  return { opened: sum(seen.opened.slice(-steps)), ended: sum(seen.ended.slice(-steps)) };
}

/** The same minute by minute, the newest first: the charts as a table. */
export function byMinute(seen: Seen): readonly { readonly from: number; readonly opened: number; readonly ended: number }[] {
  const { at, opened, ended } = recent(seen);
  const steps = Math.max(1, Math.round(60_000 / seen.step));
  const rows: { from: number; opened: number; ended: number }[] = [];
  for (let end = at.length; end > 0; end -= steps) {
    const begin = Math.max(0, end - steps);
    rows.push({ from: (at[begin] ?? 0) * 1000, opened: sum(opened.slice(begin, end)), ended: sum(ended.slice(begin, end)) });
  }
  return rows;
}

/** The point that a message is. */
export function pointOf({ at, reads, writes }: Seen): LatencyPoint {
  return {
    at,
    reads50: reads.count > 0 ? reads.p50 : null,
    reads99: reads.count > 0 ? reads.p99 : null,
    writes50: writes.count > 0 ? writes.p50 : null,
    writes99: writes.count > 0 ? writes.p99 : null,
  };
}

/** The points with one more, those gone that are too old. Where there was nobody to look for 5 seconds the curve has a gap. */
export function withPoint(points: readonly LatencyPoint[], point: LatencyPoint): readonly LatencyPoint[] {
  const last = points.at(-1);
  if (last !== undefined && point.at <= last.at) return points;
  const gap: LatencyPoint[] =
    last !== undefined && point.at - last.at > 5000 ? [{ at: last.at + 1, reads50: null, reads99: null, writes50: null, writes99: null }] : [];
  return [...points.filter(({ at }) => at > point.at - span), ...gap, point];
}

/** Why sessions ended, the most frequent first. */
export function reasonsOf({ reasons }: Seen): readonly { readonly reason: string; readonly count: number; readonly share: number }[] {
  const total = sum(Object.values(reasons));
  return Object.entries(reasons)
    .filter(([, count]) => count > 0)
    .map(([reason, count]) => ({ reason, count, share: count / total }))
    .sort((a, b) => b.count - a.count || a.reason.localeCompare(b.reason));
}

function sum(counts: Readonly<Counts>): number {
  return counts.reduce<number>((total, count) => total + (count ?? 0), 0);
}
