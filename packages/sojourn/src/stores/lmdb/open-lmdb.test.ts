import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { open } from "lmdb";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { checkLmdbFile } from "./check-lmdb-file.ts";
import { openLmdb } from "./open-lmdb.ts";

let folder: string;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), "sojourn-open-"))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const containing = (text: string): unknown => expect.stringContaining(text);
const refusal = (...words: string[]): object => {
  const messages = words.map((word) => expect.objectContaining({ code: "store_unavailable", message: containing(word) }) as unknown);
  return { asymmetricMatch: (error: unknown) => messages.every((message) => (message as { asymmetricMatch(error: unknown): boolean }).asymmetricMatch(error)) };
};

async function filled(path: string): Promise<string> {
  const root = openLmdb(open, path);
  // Several pages deep, with values on pages of their own.
  await root.transaction(() => {
    for (let i = 0; i < 2000; i++) void root.put(`key${i}`, "v".repeat(i % 50 === 0 ? 9000 : 200));
  });
  await root.flushed;
  await root.close();
  return join(path, "data.mdb");
}

describe("openLmdb", () => {
  it("makes a folder, and opens it again", async () => {
    const path = join(folder, "a", "b");
    await filled(path);
    const root = openLmdb(open, path, { maxReaders: 200 });
    expect(root.get("key7")).toBe("v".repeat(200));
    await root.close();
  });

  it.each([
    ["text", Buffer.from("this is not a database\n".repeat(1000))],
    ["zeroes", Buffer.alloc(16_384)],
    ["one byte", Buffer.from("x")],
  ])("refuses a data file of %s, which would end the process", (_, content) => {
    writeFileSync(join(folder, "data.mdb"), content);
    expect(() => openLmdb(open, folder)).toThrow(refusal(join(folder, "data.mdb"), "not an LMDB data file", "Move it away"));
    expect(readFileSync(join(folder, "data.mdb"))).toEqual(content);
  });

  it("refuses a data file that was cut off anywhere, which would end the process", async () => {
    const path = join(folder, "db");
    const file = await filled(path);
    const whole = readFileSync(file);
    for (const size of [whole.length - 1, whole.length - 4096, Math.floor(whole.length / 2), 12_288, 8192, 4096, 100]) {
      writeFileSync(file, whole);
      truncateSync(file, size);
      expect(() => openLmdb(open, path)).toThrow(refusal(file));
    }
  });

  it("accepts a file that lacks pages at its end that nothing leads to", async () => {
    const path = join(folder, "db");
    const file = await filled(path);
    const bytes = readFileSync(file);
    // The number of the last page, in both meta pages: as if five more had been used and freed without being written.
    for (const meta of [0, 4096]) bytes.writeBigUInt64LE(bytes.readBigUInt64LE(meta + 144) + 5n, meta + 144);
    writeFileSync(file, bytes);
    expect(checkLmdbFile(file)).toBeUndefined();
    // One page less, and there is something that leads to it.
    truncateSync(file, bytes.length - 4096);
    expect(checkLmdbFile(file)).toContain("cut off");
  });

  it("names a folder that cannot be made or written", () => {
    const inTheWay = join(folder, "file");
    writeFileSync(inTheWay, "");
    expect(() => openLmdb(open, join(inTheWay, "data"))).toThrow(refusal(join(inTheWay, "data"), "cannot be written", "Give a folder"));
  });

  it("names a folder without the right to write", () => {
    const closed = join(folder, "closed");
    mkdirSync(closed);
    chmodSync(closed, 0o500);
    // Root may write anywhere, so as root somebody else tries.
    const nobody = process.getuid?.() === 0 ? 65_534 : undefined;
    if (nobody !== undefined) process.seteuid?.(nobody);
    try {
      expect(() => openLmdb(open, closed)).toThrow(refusal(closed, "EACCES"));
    } finally {
      if (nobody !== undefined) process.seteuid?.(0);
      chmodSync(closed, 0o700);
    }
  });

  it("tells what LMDB itself says against opening", () => {
    const refusing = (_options: { path?: string }): never => {
      throw new Error("Invalid argument");
    };
    expect(() => openLmdb(refusing, folder)).toThrow(refusal(folder, "Invalid argument"));
  });
});
