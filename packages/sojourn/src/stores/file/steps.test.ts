import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import type { SessionId } from "../../core/seam.ts";
import { newId } from "../../testing/new-id.ts";
import { diskAt, type Disk, type Draft } from "./disk.ts";
import { fileParts } from "./file-parts.ts";
import { openRoot } from "./root.ts";
import { findDue } from "./wakes.ts";

const folder = mkdtempSync(join(tmpdir(), "sojourn-file-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const steps = { read: 0, write: 0, flush: 0 };
/** Counts what a file server would be asked. Reading a file, and making an empty one, are each counted as one. */
function counting(disk: Disk): Disk {
  const counted = <Args extends unknown[], T>(what: keyof typeof steps, act: (...args: Args) => Promise<T>) => {
    return (...args: Args): Promise<T> => {
      steps[what]++;
      return act(...args);
    };
  };
  const draftOf = (draft: Draft): Draft => ({
    madeAt: counted("read", draft.madeAt),
    write(bytes, flush) {
      if (flush) steps.flush++;
      return counted("write", draft.write)(bytes, flush);
    },
    drop: counted("write", draft.drop),
  });
  return {
    list: counted("read", disk.list),
    read: counted("read", disk.read),
    create: async (file) => {
      const draft = await counted("write", disk.create)(file);
      return draft && draftOf(draft);
    },
    touch: counted("write", disk.touch),
    link: counted("write", disk.link),
    rename: counted("write", disk.rename),
    mkdir: counted("write", disk.mkdir),
    unlink: counted("write", disk.unlink),
    rmdir: counted("write", disk.rmdir),
    flush: counted("flush", disk.flush),
  };
}

it("asks the file system no more often than its page says", async () => {
  const disk = counting(diskAt(folder));
  await openRoot(folder, disk);
  const parts = fileParts({ disk, flush: true, grace: 2_000, now: Date.now });
  const { documents, reservations, kinds } = parts;
  // One before, so that the folders of the kind and of the minute are there.
  await reservations.commit({ id: newId(), expect: "absent", kind: "main:web", wake: 5 });
  await parts.idle();
  const table: Record<string, string> = {};

  async function measure(verb: string, act: () => Promise<unknown>): Promise<void> {
    Object.assign(steps, { read: 0, write: 0, flush: 0 });
    await act();
    const { read, write, flush } = steps;
    await parts.idle();
    table[verb] =
      `${read} read, ${write} write, ${flush} flush; afterwards ${steps.read - read} read, ${steps.write - write} write, ${steps.flush - flush} flush`;
  }

  const id: SessionId = newId();
  const change = { id, expect: "live" } as const;
  await measure("create", () => reservations.commit({ id, expect: "absent", kind: "main:web", wake: 5 }));
  await measure("load, known", () => documents.read(id));
  await measure("load, not known", () => fileParts({ disk, flush: true, grace: 2_000, now: Date.now }).documents.read(id));
  await measure("merge", () => reservations.commit({ ...change, set: { a: "1" } }));
  await measure("merge of nothing there", () => reservations.commit({ ...change, id: newId(), set: { a: "1" } }));
  await measure("move of the wake", () => reservations.commit({ ...change, expect: 2, wake: 6 }));
  await measure("log-in, with a limit", () => reservations.commit({ ...change, subject: "ada", subjectLimit: 3 }));
  await measure("find subject", () => reservations.find({ subject: "ada" }));
  await measure("find wakes, none due", () => findDue(parts, 4, {}));
  await measure("find wakes, one due", () => findDue(parts, 5, {}));
  await measure("count", () => kinds.live("main:web"));
  await measure("end", () => reservations.commit({ ...change, ended: "{}" }));
  await measure("erase", () => reservations.commit({ id, expect: 5, erase: true }));
  process.stdout.write(`${JSON.stringify(table, null, 1)}\n`);
  const most: Record<string, [number, number]> = {
    create: [5, 14],
    "load, known": [1, 0],
    "load, not known": [2, 0],
    merge: [2, 5],
    "log-in, with a limit": [7, 13],
    "find subject": [4, 0],
    "find wakes, none due": [3, 0],
    count: [4, 0],
  };
  for (const [verb, [reads, writes]] of Object.entries(most)) {
    const [read = 0, write = 0, , read2 = 0, write2 = 0] = [...(table[verb] ?? "").matchAll(/\d+/g)].map(Number);
    expect(read + read2, `${verb}: ${table[verb]}`).toBeLessThanOrEqual(reads);
    expect(write + write2, `${verb}: ${table[verb]}`).toBeLessThanOrEqual(writes);
  }
});
