import { closeSync, fstatSync, openSync, readSync } from "node:fs";

// Offsets within a page and a meta page, as liblmdb of lmdb-js lays them out on 64-bit machines (MDB_page, MDB_meta, MDB_db, MDB_node).
const magic = 0xbeefc0de;
const dataVersion = 2;
const header = 24;
const at = { magic: 24, version: 28, pageSize: 48, freeRoot: 88, mainRoot: 136, lastPage: 144, transaction: 152 } as const;
const rootInDatabase = 40;
const branch = 1;
const leaf = 2;
const bigData = 1;
const subDatabase = 2;
const noPage = 0xffff_ffff_ffff_ffffn;

/**
 * What is wrong with an LMDB data file, or `undefined`. LMDB trusts its file: one that is cut off or not its own does not fail to open, it
 * kills the process (SIGSEGV, SIGBUS). Reads two pages of a sound file; one that is shorter than its meta page says is read through, because
 * a file may lawfully lack pages at its end that nothing leads to. @throws what the file system throws.
 */
export function checkLmdbFile(path: string): string | undefined {
  const file = openSync(path, "r");
  try {
    for (let tries = 0; ; tries++) {
      const { wrong, transaction } = check(file);
      // A process that writes meanwhile may use pages again that were just looked at.
      if (wrong === undefined || tries === 3 || readMeta(file)?.transaction === transaction) return wrong;
    }
  } finally {
    closeSync(file);
  }
}

function check(file: number): { wrong?: string; transaction?: bigint } {
  if (fstatSync(file).size === 0) return {};
  const meta = readMeta(file);
  if (meta === undefined) return { wrong: "it is not an LMDB data file, or its first pages are damaged" };
  const { pageSize, transaction } = meta;
  // After the meta page: others write what it leads to before they write it.
  const { size } = fstatSync(file);
  const needed = (Number(meta.lastPage) + 1) * pageSize;
  if (size >= needed || [meta.freeRoot, meta.mainRoot].every((root) => reaches(file, size, pageSize, root))) return {};
  return { wrong: `it was cut off: ${size} of ${needed} bytes are there`, transaction };
}

interface Meta {
  readonly pageSize: number;
  readonly transaction: bigint;
  readonly lastPage: bigint;
  readonly freeRoot: bigint;
  readonly mainRoot: bigint;
}

function readMeta(file: number): Meta | undefined {
  const first = metaAt(file, 0);
  const second = first && metaAt(file, first.pageSize);
  return first && second && (second.transaction > first.transaction ? second : first);
}

function metaAt(file: number, offset: number): Meta | undefined {
  const page = read(file, offset, at.transaction + 8);
  if (page === undefined || page.readUInt32LE(at.magic) !== magic || (page.readUInt32LE(at.version) & 0xffff) !== dataVersion) return undefined;
  const pageSize = page.readUInt32LE(at.pageSize);
  if (pageSize < 256 || pageSize > 65_536 || (pageSize & (pageSize - 1)) !== 0) return undefined;
  const number = (from: number): bigint => page.readBigUInt64LE(from);
  return { pageSize, transaction: number(at.transaction), lastPage: number(at.lastPage), freeRoot: number(at.freeRoot), mainRoot: number(at.mainRoot) };
}

/** Whether every page that the root leads to lies within the file. */
function reaches(file: number, size: number, pageSize: number, root: bigint): boolean {
  const pages = root === noPage ? [] : [root];
  const inside = (page: bigint, count: number): boolean => (Number(page) + count) * pageSize <= size;
  for (let number = pages.pop(); number !== undefined; number = pages.pop()) {
    const page = inside(number, 1) ? read(file, Number(number) * pageSize, pageSize) : undefined;
    if (page === undefined || page.readBigUInt64LE(0) !== number) return false;
    const flags = page.readUInt16LE(18);
    for (let slot = header; slot < header + page.readUInt16LE(20) && slot + 2 <= pageSize; slot += 2) {
      const node = header + page.readUInt16LE(slot);
      if (node + 8 > pageSize) return false;
      const low = page.readUInt32LE(node);
      if (flags & branch) pages.push(BigInt(low) | (BigInt(page.readUInt16LE(node + 4)) << 32n));
      else if (flags & leaf) {
        const kind = page.readUInt16LE(node + 4);
        const data = node + 8 + page.readUInt16LE(node + 6);
        if (kind & bigData) {
          if (data + 8 > pageSize || !inside(page.readBigUInt64LE(data), Math.ceil((header + low) / pageSize))) return false;
        } else if (kind & subDatabase) {
          if (data + rootInDatabase + 8 > pageSize) return false;
          const sub = page.readBigUInt64LE(data + rootInDatabase);
          if (sub !== noPage) pages.push(sub);
        }
      }
    }
  }
  return true;
}

function read(file: number, offset: number, length: number): Buffer | undefined {
  const bytes = Buffer.alloc(length);
  return readSync(file, bytes, 0, length, offset) === length ? bytes : undefined;
}
