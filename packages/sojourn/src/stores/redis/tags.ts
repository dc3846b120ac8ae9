/** CRC-16/XMODEM, by which Redis Cluster spreads keys (Cluster specification, appendix A). */
export function crc16(text: string): number {
  let crc = 0;
  for (const byte of new TextEncoder().encode(text)) {
    crc ^= byte << 8;
    for (let bit = 0; bit < 8; bit++) crc = (crc & 0x8000) === 0 ? (crc << 1) & 0xffff : ((crc << 1) ^ 0x1021) & 0xffff;
  }
  return crc;
}

const slots = 16_384;
const letters = "0123456789abcdefghijklmnopqrstuvwxyz";

/** Most shards there can be: one every four slots. */
export const mostShards = 4096;

/**
 * One tag for each shard, such that the slots of all are spread evenly over the Cluster: with tags numbered by themselves the fullest of 32 primaries
 * would have 1.2 times its share. The first text, in the order of counting, whose slot falls into a shard's part of all slots is its tag: this table is
 * part of the layout, and never changes.
 */
export function tagsFor(shards: number): readonly string[] {
  const tags: string[] = [];
  for (let n = 0, found = 0; found < shards; n++) {
    const tag = counted(n);
    const shard = Math.floor(((crc16(tag) % slots) * shards) / slots);
    if (tags[shard] !== undefined) continue;
    tags[shard] = tag;
    found++;
  }
  return tags;
}

function counted(n: number): string {
  let text = "";
  for (let rest = n; ; rest = Math.floor(rest / letters.length) - 1) {
    text = (letters[rest % letters.length] as string) + text;
    if (rest < letters.length) return text;
  }
}

/** Most buckets that a shard can have. */
export const mostBuckets = 65_536;

/** The shard of a session (FNV-1a of its id). Part of the layout. */
export function shardOf(id: string, shards: number): number {
  const hash = fnv1a(id);
  // The last steps of murmur3: of a product the low bits alone are little mixed.
  const mixed = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  return ((mixed ^ (mixed >>> 13)) >>> 0) % shards;
}

/** The bucket of a session in its shard: the same hash, mixed in another way (all of murmur3's last steps, from another beginning). Part of the layout. */
export function bucketOf(id: string, buckets: number): number {
  let hash = fnv1a(id) ^ 0x9e3779b9;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) % buckets;
}

function fnv1a(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash;
}
