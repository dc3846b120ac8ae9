import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import type { SessionId } from "../../core/seam.ts";
import { delayed } from "../../testing/delayed.ts";
import { newId } from "../../testing/new-id.ts";
import { playHistory } from "../../testing/store-differential.ts";
import { keepsTheContract } from "../contract.fixture.ts";
import { racersIn } from "./file-child.fixture.ts";
import { fileStore, type FileStore, type FileStoreOptions } from "./file.ts";

const folders: string[] = [];
function temporary(): string {
  const folder = mkdtempSync(join(tmpdir(), "sojourn-file-"));
  folders.push(folder);
  return folder;
}
afterAll(() => folders.forEach((folder) => rmSync(folder, { recursive: true, force: true })));

describe("the store contract", () => {
  const folder = temporary();
  const open = (options: FileStoreOptions): FileStore => fileStore(folder, options);
  const stores = [open({ durability: "written" }), open({ durability: "written" })];
  const flushed = [open({}), open({})];
  const racers = racersIn([folder]);
  afterAll(async () => {
    await racers.end();
    for (const store of [...stores, ...flushed]) await store.close();
  });

  const ways = { "as given, races between processes": { views: stores, race: racers.race }, "flushed, with delayed answers": { views: flushed.map(delayed) } };
  for (const [how, { views, ...harness }] of Object.entries(ways)) {
    describe(how, () => {
      let next = 0;
      keepsTheContract({ open: () => views[next++ % 2] as FileStore, ...harness }, 90_000);
    });
  }
});

describe("random histories", () => {
  it("answers as the plain store does, over two views and restarts, and leaves nothing behind", { timeout: 90_000 }, async () => {
    const folder = temporary();
    const both = (): FileStore[] => [0, 0].map((grace) => fileStore(folder, { durability: "written", grace }));
    let views = both();
    let next = 0;
    const harness = {
      open: () => views[next++ % 2] as FileStore,
      async reopen() {
        for (const view of views) await view.close();
        views = both();
      },
    };
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(fc.nat(), { maxLength: 30 }), { maxLength: 25 }), (history) => playHistory(harness, history)),
      { numRuns: 25, endOnFailure: true },
    );
    for (const view of views) await view.close();
    const store = fileStore(folder, { grace: 0 });
    expect(await store.scrub()).toMatchObject({ records: 0, missing: 0, dead: 0, miscounted: 0, conflicts: [], unreadable: [] });
    await store.close();
  });
});

it("a change whose deadline passes holds up none of those that are written together with it", { timeout: 20_000 }, async () => {
  const store = fileStore(temporary(), { durability: "written" });
  const [one, ...others] = Array.from({ length: 9 }, () => newId());
  const subject = "everybody";
  let withdrawn = 0;
  for (let round = 0; round < 40; round++) {
    const deadline = Date.now() + (round % 10);
    const hurried = store.commit({ id: one as SessionId, expect: "absent", kind: "k", subject, subjectLimit: 100 }, { deadline }).catch((error: unknown) => {
      expect(error).toMatchObject({ code: "store_unavailable" });
      withdrawn++;
      return undefined;
    });
    const patient = others.map((id) => store.commit({ id, expect: "absent", kind: "k", subject, subjectLimit: 100 }));
    for (const outcome of await Promise.all(patient)) expect(outcome.ok).toBe(true);
    if ((await hurried)?.ok) await store.commit({ id: one as SessionId, expect: "live", erase: true });
    await Promise.all(others.map((id) => store.commit({ id, expect: "live", erase: true })));
  }
  expect(withdrawn).toBeGreaterThan(0);
  await store.close();
});
