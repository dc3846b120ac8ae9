import { deepEqual, equal, ok } from "node:assert/strict";
import type { Change, Outcome } from "../core/seam.ts";
import { scene, wordOf, type StoreCheck } from "./store-harness.ts";

const ended = '{"at":1,"reason":"closed"}';

/** The end, which is final, and the wake, which is one. */
export const endPromises: Readonly<Record<string, StoreCheck>> = {
  "end: is final; of 100 late merges those after it are refused and change nothing": scene(async ({ a, b, create, load }) => {
    const id = await create();
    const late: Outcome[] = [];
    const writers = Promise.all(
      Array.from({ length: 100 }, async (_, i) => {
        await new Promise((resolve) => setTimeout(resolve, i % 10));
        late.push(await b.commit({ id, expect: "live", set: { [`f${i}`]: "1" } }));
      }),
    );
    await new Promise((resolve) => setTimeout(resolve, 4));
    equal(wordOf(await a.commit({ id, expect: "live", ended })), "ok");
    const atEnd = Object.keys((await load(id)).fields).length;
    await writers;
    const record = await load(id);
    equal(record.ended, ended);
    equal(Object.keys(record.fields).length, atEnd, "the session was revived");
    equal(late.filter((outcome) => outcome.ok).length, atEnd);
    deepEqual(
      [...new Set(late.filter((outcome) => !outcome.ok).map(wordOf))].filter((word) => word !== "ended"),
      [],
    );
  }),

  "end: afterwards every change but a wake or an erase by version is refused as ended": scene(async ({ a, b, name, create, load }) => {
    const id = await create({ subject: name("subject"), set: { x: "1" } });
    await a.commit({ id, expect: "live", ended, wake: 9e12 });
    const before = await load(id);
    const changes: Partial<Change>[] = [
      {},
      { set: { x: "2" } },
      { set: {} },
      { unset: ["x"] },
      { claim: [name("alias")] },
      { release: [] },
      { subject: name("other") },
      { subject: null },
      { ended: '{"at":2,"reason":"revoked"}' },
      { wake: 1, set: { x: "2" } },
      { wake: 1, ended },
    ];
    for (const change of changes)
      for (const expect of ["live", 2] as const) equal(wordOf(await b.commit({ id, expect, ...change })), "ended", JSON.stringify({ expect, ...change }));
    equal(wordOf(await b.commit({ id, expect: 2, epoch: 1 })), "ended");
    equal(wordOf(await b.commit({ id, expect: "live", wake: 1 })), "ended");
    equal(wordOf(await b.commit({ id, expect: "live", erase: true })), "ended");
    deepEqual(await load(id), before);
  }),

  "end: the record keeps its kind, subject and fields until it is erased": scene(async ({ a, kind, name, create, load }) => {
    const subject = name("subject");
    const id = await create({ subject, set: { x: "1" }, claim: [name("alias")] });
    equal(wordOf(await a.commit({ id, expect: "live", ended, set: { y: "2" }, wake: 9e12 })), "ok");
    const record = await load(id);
    deepEqual(
      { ...record, fields: { ...record.fields } },
      { id, version: 2, kind, subject, wake: 9e12, epoch: 0, ended, aliases: [], fields: { x: "1", y: "2" } },
    );
  }),

  "end: by version its wake can be moved, and it can be erased": scene(async ({ a, b, create, load }) => {
    const id = await create({ wake: 7e12 });
    await a.commit({ id, expect: "live", ended, wake: 9e12 });
    for (const [version, wake] of [
      [2, 11e12],
      [3, 1e12],
      [4, null],
    ] as const) {
      equal(wordOf(await b.commit({ id, expect: version, wake })), "ok");
      const record = await load(id);
      deepEqual([record.version, record.wake ?? null, record.ended], [version + 1, wake, ended]);
    }
    equal(wordOf(await a.commit({ id, expect: 2, erase: true })), "stale");
    equal(wordOf(await a.commit({ id, expect: 5, erase: true })), "ok");
    equal(await b.load(id), undefined);
    for (const expect of ["live", 5] as const) equal(wordOf(await b.commit({ id, expect, set: { x: "1" } })), "missing");
  }),

  "end: may begin with the record, which then holds no alias and no place": scene(async ({ a, b, id, kind, name, create, load }) => {
    const [subject, alias, one] = [name("subject"), name("alias"), id()];
    equal(wordOf(await a.commit({ id: one, expect: "absent", kind, subject, claim: [alias], ended })), "ok");
    deepEqual([(await load(one)).aliases, (await b.find({ alias })).records, (await b.find({ subject })).records], [[], [], []]);
    await create({ subject, subjectLimit: 1, kindLimit: 1, claim: [alias] });
  }),

  "erase: a session under live or its version is gone from everywhere": scene(async ({ a, b, kind, name, create }) => {
    for (const expect of ["live", 1] as const) {
      const [subject, alias] = [name("subject"), name("alias")];
      const id = await create({ subject, claim: [alias], wake: 3 });
      equal(wordOf(await a.commit({ id, expect: expect === 1 ? 2 : expect, fence: 9, erase: true })), expect === 1 ? "stale" : "fenced");
      equal(wordOf(await a.commit({ id, expect, erase: true })), "ok");
      equal(await b.load(id), undefined);
      for (const query of [{ subject }, { alias }, { kind }]) deepEqual((await b.find(query)).records, [], JSON.stringify(query));
      ok(!(await b.find({ wakeBefore: 3 })).records.some((record) => record.id === id));
    }
  }),

  "wake: a merge only brings it nearer, so that a late touch never hides a reminder": scene(async ({ a, b, create, load }) => {
    const id = await create({ wake: 9e12 });
    await a.commit({ id, expect: "live", wake: 5e12 });
    await b.commit({ id, expect: "live", set: { seen: "1" }, wake: 9.5e12 });
    equal((await load(id)).wake, 5e12);
    const bare = await create();
    await a.commit({ id: bare, expect: "live", wake: 6e12 });
    equal((await load(bare)).wake, 6e12);
  }),

  "wake: exact by version, at creation and with the end": scene(async ({ a, b, create, load }) => {
    const id = await create({ wake: 5e12 });
    await a.commit({ id, expect: 1, wake: 9e12 });
    equal((await load(id)).wake, 9e12);
    await b.commit({ id, expect: "live", ended, wake: 9.5e12 });
    equal((await load(id)).wake, 9.5e12);
    const other = await create({ wake: 5e12 });
    await b.commit({ id: other, expect: "live", ended, wake: null });
    equal("wake" in (await load(other)), false);
  }),

  "wake: 0 and the far future (1e15 ms) are moments like others": scene(async ({ a, b, create, load }) => {
    const [zero, far] = [await create({ wake: 0 }), await create({ wake: 1e15 })];
    deepEqual([(await load(zero)).wake, (await load(far)).wake], [0, 1e15]);
    ok((await a.find({ wakeBefore: 0 })).records.some((record) => record.id === zero));
    ok(!(await b.find({ wakeBefore: 1e15 - 1 }, { limit: 1000 })).records.some((record) => record.id === far));
    ok((await b.find({ wakeBefore: 1e15 }, { limit: 1000 })).records.some((record) => record.id === far));
  }),
};
