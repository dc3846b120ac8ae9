/**
 * How much is done with so many sessions. Seconds are of what is measured; what comes before, and what ends when it is done, comes on top.
 * @param {number} sessions
 * @param {boolean} quick
 */
export function planOf(sessions, quick) {
  return {
    sessions,
    /** As many a second as there would be if an idle time of half an hour passed for all of them, and nobody came back. */
    pace: Math.max(quick ? 100 : 500, Math.round(sessions / 1_800)),
    burst: quick ? Math.ceil(sessions / 20) : Math.min(100_000, Math.ceil(sessions / 20)),
    remembered: Math.min(20_000, Math.ceil(sessions / 20)),
    visits: quick ? 200 : 500,
    seconds: quick ? 0.5 : sessions >= 1_000_000 ? 30 : 10,
    warmUp: quick ? 0.2 : 3,
    looks: quick ? 3 : 20,
  };
}

/** Sessions in a bucket of the index, about: as the store's page recommends. */
const inBucket = 76;

/**
 * As many shards and buckets as that many sessions want, if nothing else is said: powers of two.
 * @param {number} sessions
 * @param {{ shards?: number | undefined, buckets?: number | undefined }} said
 */
export function layoutOf(sessions, { shards = sessions >= 1_000_000 ? 256 : 64, buckets }) {
  return { shards, buckets: buckets ?? Math.min(65_536, Math.max(64, 2 ** Math.round(Math.log2(sessions / inBucket / shards)))) };
}
