import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { execFileSync } from "node:child_process";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { SessionId } from "../../core/seam.ts";
import { newId } from "../../testing/new-id.ts";
import { fileStore, type FileStore, type FileStoreOptions } from "./file.ts";
import { kindPath, newMark, placeCell, recordCell, wakePath } from "./paths.ts";

const ended = '{"at":1,"reason":"closed"}';
const undo: (() => unknown)[] = [];
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "sojourn-file-"));
  undo.push(() => rmSync(folder, { recursive: true, force: true }));
});
afterEach(async () => {
  for (const step of undo.splice(0).toReversed()) await step();
});
function storeOn(path = folder, options: FileStoreOptions = { durability: "written", grace: 0 }): FileStore {
  const store = fileStore(path, options);
  undo.push(() => store.close());
  return store;
}
const saying = (code: string, ...words: string[]): unknown => expect.objectContaining({ code, message: expect.stringMatching(words.join(".*")) as string });
async function created(store: FileStore, count: number, more?: object): Promise<SessionId[]> {
  const ids = Array.from({ length: count }, newId);
  await Promise.all(ids.map((id) => store.commit({ id, expect: "absent", kind: "main:web", ...more })));
  return ids;
}
/** The file of a session's record. */
function fileOf(id: SessionId): string {
  const cell = join(folder, recordCell(id));
  return join(cell, readdirSync(cell).find((name) => /^\d+$/.test(name)) as string);
}
const everything = (path: string): string[] => readdirSync(path, { recursive: true, encoding: "utf8" }).toSorted();

describe("ids", () => {
  it("that no manager gives never touch the disk", async () => {
    const writing = storeOn();
    await created(writing, 1);
    await writing.close();
    const before = everything(folder);
    const store = storeOn();
    for (const id of ["", ".", "..", "../../../../tmp/sojourn-escaped", "a/b", "x\0y", "é".repeat(26), "x".repeat(600)] as SessionId[]) {
      expect(await store.load(id)).toBeUndefined();
      expect(await store.commit({ id, expect: "live", set: { a: "1" } })).toEqual({ ok: false, why: "missing" });
      await expect(store.commit({ id, expect: "absent", kind: "k" })).rejects.toEqual(saying("invalid_option", "id"));
    }
    await store.close();
    expect(everything(folder)).toEqual(before);
  });
});

describe("a record's file", () => {
  const ways: Record<string, (file: string) => void> = {
    "was cut off": (file) => execFileSync("truncate", ["-s", "60", file]),
    "is empty": (file) => writeFileSync(file, ""),
    "was edited": (file) => writeFileSync(file, `sojourn-file 1 ${"0".repeat(32)} \n{}`),
    "was written by a newer release": (file) => writeFileSync(file, "sojourn-file 2 something"),
    "is a link to another file": (file) => (rmSync(file), symlinkSync("/etc/passwd", file)),
    "is a folder": (file) => (rmSync(file), mkdirSync(file)),
    "is a pipe": (file) => (rmSync(file), void execFileSync("mkfifo", [file])),
  };
  for (const [what, spoil] of Object.entries(ways)) {
    it(`that ${what} is an error that names the session, for that session only`, async () => {
      const writing = storeOn();
      const ids = await created(writing, 4, { wake: 5, subject: "ada" });
      const [bad, ...good] = ids as [SessionId, ...SessionId[]];
      await writing.commit({ id: bad, expect: "live", claim: ["number"] });
      await writing.close();
      spoil(fileOf(bad));
      const store = storeOn();
      await expect(store.load(bad)).rejects.toEqual(saying("record_unreadable", bad));
      await expect(store.commit({ id: bad, expect: "live", set: { a: "1" } })).rejects.toEqual(saying("record_unreadable", bad));
      for (const id of good) expect(await store.commit({ id, expect: "live", set: { a: "1" } })).toMatchObject({ ok: true });
      for (const query of [{ kind: "main:web" }, { wakeBefore: 10 }, { subject: "ada" }]) {
        expect((await store.find(query)).records.map(({ id }) => id).toSorted()).toEqual(good.toSorted());
      }
      expect(await store.commit({ id: newId(), expect: "absent", kind: "k", claim: ["number"] })).toEqual({ ok: false, why: "taken", alias: "number" });
      expect((await store.scrub()).unreadable).toEqual([{ id: bad, why: expect.any(String) as string }]);
    });
  }

  it("lies beside what others put there, which is left alone", async () => {
    const store = storeOn();
    const [id] = (await created(store, 1)) as [SessionId];
    const cell = join(folder, recordCell(id));
    for (const name of ["notes.txt", ".nfs0001", "0", "99x", "t.short"]) writeFileSync(join(cell, name), "x");
    writeFileSync(join(folder, "r", "stray"), "x");
    mkdirSync(join(folder, "k", "stray"));
    expect(await store.commit({ id, expect: 1, set: { a: "1" } })).toMatchObject({ ok: true, version: 2 });
    expect(await store.commit({ id, expect: "live", ended })).toMatchObject({ ok: true, version: 3 });
    expect((await store.find({ kind: "main:web" })).records).toHaveLength(1);
    expect(readdirSync(cell)).toEqual(expect.arrayContaining(["notes.txt", ".nfs0001", "0", "99x", "t.short"]));
  });
});

describe("entries", () => {
  it("that dead processes left are nobody's, and go when they are met", async () => {
    const store = storeOn();
    const [id] = (await created(store, 1, { wake: 5 })) as [SessionId];
    const stray = newMark(Date.now() - 60_000);
    const paths = [
      kindPath("main:web", id, stray, "a"),
      kindPath("main:web", id, stray, "l"),
      kindPath("main:web", newId(), stray, "a"),
      wakePath(3, id, stray),
      wakePath(4, newId(), stray),
    ];
    for (const path of paths) {
      mkdirSync(join(folder, path, ".."), { recursive: true });
      writeFileSync(join(folder, path), "");
    }
    expect(await store.scrub()).toMatchObject({ records: 1, missing: 0, dead: 5 });
    expect((await store.find({ kind: "main:web" })).records.map((record) => record.id)).toEqual([id]);
    expect((await store.find({ wakeBefore: 10 })).records.map((record) => record.id)).toEqual([id]);
    await store.close();
    expect(await storeOn().scrub()).toMatchObject({ records: 1, missing: 0, dead: 0 });
  });

  it("that are missing are named and put again by scrub, and counts put right", async () => {
    const store = storeOn();
    const ids = await created(store, 12, { wake: 5, subject: "ada" });
    const [first, second, third] = ids as [SessionId, SessionId, SessionId];
    await store.commit({ id: first, expect: "live", claim: ["one"] });
    await store.commit({ id: second, expect: "live", ended });
    await store.close();
    rmSync(join(folder, "w"), { recursive: true });
    mkdirSync(join(folder, "w"));
    for (const place of ["aone", "uada"] as const) rmSync(join(folder, placeCell(place)), { recursive: true });
    const [shard] = readdirSync(join(folder, "k"));
    for (const path of everything(join(folder, "k", shard as string))) if (path.includes(third)) rmSync(join(folder, "k", shard as string, path));
    const again = storeOn();
    // 12 wakes, 11 live ones of the subject, an alias, a kind.
    expect(await again.scrub()).toMatchObject({ records: 12, missing: 25, dead: 0, repaired: 0 });
    expect((await again.scrub({ repair: true })).repaired).toBe(25);
    expect(await again.scrub()).toMatchObject({ records: 12, missing: 0, dead: 0, miscounted: 0, conflicts: [] });
    expect((await again.find({ wakeBefore: 10 })).records).toHaveLength(12);
    expect((await again.find({ subject: "ada" })).records).toHaveLength(11);
    expect((await again.find({ alias: "one" })).records.map(({ id }) => id)).toEqual([first]);
    expect(await again.count({ kind: "main:web" })).toBe(11);
    expect(await again.commit({ id: newId(), expect: "absent", kind: "main:web", claim: ["one"] })).toMatchObject({ why: "taken" });
  });

  it("that say a session is live that has ended are counted right by scrub", async () => {
    const store = storeOn();
    const [id] = (await created(store, 1)) as [SessionId];
    await store.commit({ id, expect: "live", ended });
    await store.close();
    const shard = join(folder, "k", readdirSync(join(folder, "k"))[0] as string);
    const flag = everything(shard).find((path) => path.endsWith(".d")) as string;
    renameSync(join(shard, flag), join(shard, flag.replace(/d$/, "l")));
    const again = storeOn();
    expect(await again.scrub({ repair: true })).toMatchObject({ miscounted: 1, repaired: 1 });
    expect(await again.count({ kind: "main:web" })).toBe(0);
  });

  it("an alias with two holders is named", async () => {
    const store = storeOn();
    const [one] = (await created(store, 1, { claim: ["both"] })) as [SessionId];
    rmSync(join(folder, placeCell("aboth")), { recursive: true });
    const [two] = (await created(store, 1, { claim: ["both"] })) as [SessionId];
    const { conflicts } = await store.scrub({ repair: true });
    expect(conflicts.map(({ alias, ids }) => [alias, ids.toSorted()])).toEqual([["both", [one, two].toSorted()]]);
  });
});

describe("the folder", () => {
  it("is made, for its user alone", async () => {
    const path = join(folder, "deep", "sessions");
    const store = storeOn(path);
    const [id] = (await created(store, 1)) as [SessionId];
    const cell = join(path, recordCell(id));
    expect([statSync(path).mode & 0o777, statSync(cell).mode & 0o777]).toEqual([0o700, 0o700]);
    expect(readdirSync(cell).map((name) => statSync(join(cell, name)).mode & 0o777)).toEqual([0o600]);
  });

  it("of another program is refused by name, and nothing is written into it", async () => {
    writeFileSync(join(folder, "thesis.tex"), "x");
    await expect(storeOn().load(newId())).rejects.toEqual(saying("invalid_option", folder, "not empty"));
    expect(readdirSync(folder)).toEqual(["thesis.tex"]);
  });

  it("of a newer release, or with a damaged marker, is refused by name", async () => {
    await created(storeOn(), 1);
    writeFileSync(join(folder, "store.json"), '{"sojourn":"file","layout":2}');
    await expect(storeOn().load(newId())).rejects.toEqual(saying("invalid_option", "layout 2"));
    writeFileSync(join(folder, "store.json"), "{");
    await expect(storeOn().load(newId())).rejects.toEqual(saying("invalid_option", "damaged store.json"));
  });

  it("that is a file is an error that says so", async () => {
    const path = join(folder, "file");
    writeFileSync(path, "x");
    await expect(storeOn(path).load(newId())).rejects.toEqual(saying("store_unavailable", path, "folder"));
  });

  it("that goes away is an error and never an absent session, and is used again when it is back", async () => {
    const path = join(folder, "sessions");
    const store = storeOn(path);
    const [id] = (await created(store, 1)) as [SessionId];
    renameSync(path, `${path}-away`);
    for (const broken of [
      () => store.load(id),
      () => store.commit({ id, expect: "live", set: { a: "1" } }),
      () => store.commit({ id: newId(), expect: "absent", kind: "k", claim: ["x"] }),
      () => store.find({ kind: "main:web" }),
      () => store.find({ alias: "x" }),
      () => store.find({ wakeBefore: 1 }),
      () => store.count({ kind: "main:web" }),
      () => store.now(),
    ]) {
      await expect(broken()).rejects.toEqual(saying("store_unavailable", "mounted"));
    }
    expect(existsSync(path)).toBe(false);
    renameSync(`${path}-away`, path);
    expect(await store.load(id)).toMatchObject({ version: 1 });
  });

  it("tells the time by which it dates files", async () => {
    const store = storeOn();
    const before = Date.now();
    const now = await store.now();
    expect(now).toBeGreaterThan(before - 1_000);
    expect(now).toBeLessThan(Date.now() + 1_000);
  });
});

describe("settings", () => {
  it("that make no sense are refused by name, and nothing is opened before the first call", () => {
    for (const [name, make] of Object.entries({
      folder: () => fileStore(""),
      durability: () => fileStore(folder, { durability: "always" as "flushed" }),
      grace: () => fileStore(folder, { grace: -1 }),
    })) {
      expect(make).toThrow(saying("invalid_option", name));
    }
    fileStore(join(folder, "never"));
    expect(readdirSync(folder)).toEqual([]);
  });

  it("a deadline that has passed is refused before anything is written; after close every call says so", async () => {
    const store = storeOn();
    const [id] = (await created(store, 1)) as [SessionId];
    await expect(store.commit({ id, expect: "live", set: { a: "1" } }, { deadline: Date.now() - 1 })).rejects.toEqual(
      saying("store_unavailable", "nothing was written"),
    );
    expect(await store.load(id)).toMatchObject({ version: 1 });
    await store.close();
    await expect(store.load(id)).rejects.toEqual(saying("store_unavailable", "closed"));
  });
});
