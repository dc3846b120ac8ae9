import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { newId } from "../../testing/new-id.ts";
import { bucketOf, crc16, mostShards, shardOf, tagsFor } from "./tags.ts";

test("the check sum is the Cluster specification's", () => {
  expect(crc16("123456789")).toBe(0x31c3);
  expect(crc16("")).toBe(0);
});

test.each([1, 2, 3, 16, 64, 256, 1000, mostShards])("%d tags are short, different and spread evenly over the slots", (shards) => {
  const tags = tagsFor(shards);
  expect(new Set(tags).size).toBe(shards);
  expect(Math.max(...tags.map((tag) => tag.length))).toBeLessThanOrEqual(4);
  expect(tags.map((tag) => Math.floor(((crc16(tag) % 16_384) * shards) / 16_384))).toEqual(tags.map((_, i) => i));
});

test("the tables, the shard and the bucket of an id are part of the layout and never change", () => {
  const digest = (shards: number): string => createHash("sha256").update(tagsFor(shards).join()).digest("hex").slice(0, 16);
  expect([64, 256, 4096].map(digest)).toEqual(["b7c0cf8f81f35f81", "87fb6563902fac92", "b9aeecfe669ed224"]);
  expect(["01jd0c5n2k8m4qx7v3b9r6t1yz", "floor:main", ""].map((id) => shardOf(id, 64))).toEqual([59, 36, 1]);
  expect(["01jd0c5n2k8m4qx7v3b9r6t1yz", "floor:main", ""].map((id) => bucketOf(id, 64))).toEqual([32, 38, 49]);
});

test("ids are spread evenly over the shards", () => {
  const counts = Array.from({ length: 64 }, () => 0);
  for (let i = 0; i < 64_000; i++) counts[shardOf(newId(), 64)]!++;
  expect(Math.max(...counts)).toBeLessThan(1200);
  expect(Math.min(...counts)).toBeGreaterThan(800);
});

test.each([
  [64, 64],
  [16, 256],
  [1, 1],
])("of %d shards each spreads its ids evenly over its %d buckets", (shards, buckets) => {
  const cells = Array.from({ length: shards * buckets }, () => 0);
  const each = 40;
  for (let i = 0; i < cells.length * each; i++) {
    const id = newId();
    cells[shardOf(id, shards) * buckets + bucketOf(id, buckets)]!++;
  }
  // Of independent choices the variance is the mean; where one followed the other, most cells would be empty.
  const variance = cells.reduce((sum, count) => sum + (count - each) ** 2, 0) / cells.length;
  expect(variance).toBeLessThan(1.3 * each);
  expect(Math.max(...cells)).toBeLessThan(each + 7 * Math.sqrt(each));
});
