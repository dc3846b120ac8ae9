import { deepEqual, equal, ok } from "node:assert/strict";
import type { Change } from "../core/seam.ts";
import { everyRecord, scene, wordOf, type StoreCheck } from "./store-harness.ts";

/** How many sessions that have not ended a subject, or a kind, may hold. */
export const limitPromises: Readonly<Record<string, StoreCheck>> = {
  "subjectLimit: of 50 parallel log-ins with limit 3 exactly 3 live": scene(async ({ a, b, kind, name, own, race }) => {
    const change = { kind, subject: name("subject"), subjectLimit: 3 };
    const attempts = (
      await race("begin", [
        { change, count: 25 },
        { change, count: 25 },
      ])
    ).flat();
    own(attempts.map(({ id }) => id));
    equal(attempts.filter(({ word }) => word === "ok").length, 3);
    equal(attempts.filter(({ word }) => word === "full").length, 47);
    const { subject } = change;
    equal((await everyRecord(a, { subject })).length, 3);
    deepEqual(
      await b.commit({ id: attempts[0]!.id as Change["id"], expect: "absent", kind, subject: name("other"), subjectLimit: 0 }),
      attempts[0]!.word === "ok" ? { ok: false, why: "exists" } : { ok: false, why: "full", of: "subject" },
    );
  }),

  "subjectLimit: ending the oldest until there is room lets everyone in and is never seen above the limit": scene(async ({ b, kind, name, own, race }) => {
    const subject = name("subject");
    let most = 0;
    let over = false;
    const watching = (async () => {
      while (!over) {
        most = Math.max(most, (await b.find({ subject })).records.length);
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
    })();
    const param = { kind, subject, limit: 3, count: 10 };
    const attempts = (await race("beginEndingOldest", [param, param]).finally(() => (over = true))).flat();
    await watching;
    own(attempts.map(({ id }) => id));
    deepEqual(
      attempts.filter(({ word }) => word !== "ok"),
      [],
    );
    equal((await everyRecord(b, { subject })).length, 3);
    ok(most <= 3, `${most} were seen at once`);
  }),

  "subjectLimit: a place is freed at once by end, by erase, by moving away": scene(async ({ a, b, id, kind, name, create }) => {
    const subject = name("subject");
    const ways: Partial<Change>[] = [{ ended: '{"at":1,"reason":"closed"}' }, { erase: true }, { subject: null }, { subject: name("other") }];
    for (const way of ways) {
      const holder = await create({ subject, subjectLimit: 1 });
      deepEqual(await b.commit({ id: id(), expect: "absent", kind, subject, subjectLimit: 1 }), { ok: false, why: "full", of: "subject" });
      equal(wordOf(await a.commit({ id: holder, expect: "live", ...way })), "ok");
      deepEqual((await b.find({ subject })).records, [], JSON.stringify(way));
    }
    await create({ subject, subjectLimit: 1 });
  }),

  "subjectLimit: moving to another subject is judged there and leaves the old one": scene(async ({ a, b, id, kind, name, create, load }) => {
    const [u, v, w] = [name("u"), name("v"), name("w")];
    const one = await create({ subject: u });
    equal(wordOf(await a.commit({ id: one, expect: "live", subject: v, subjectLimit: 1 })), "ok");
    deepEqual((await b.find({ subject: u })).records, []);
    deepEqual(
      (await b.find({ subject: v })).records.map((record) => record.id),
      [one],
    );
    const two = await create({ subject: w, set: { f: "1" } });
    deepEqual(await b.commit({ id: two, expect: "live", subject: v, subjectLimit: 1, set: { f: "2" }, claim: [name("alias")] }), {
      ok: false,
      why: "full",
      of: "subject",
    });
    const refused = await load(two);
    deepEqual([refused.version, refused.subject, refused.aliases, { ...refused.fields }], [1, w, [], { f: "1" }]);
    equal(wordOf(await b.commit({ id: id(), expect: "absent", kind, subject: u, subjectLimit: 1 })), "ok");
  }),

  "subjectLimit: judged when a session gets its subject, not when it keeps it; a lowered limit refuses": scene(async ({ a, b, id, kind, name, create }) => {
    const subject = name("subject");
    const [one] = [await create({ subject }), await create({ subject }), await create({ subject })];
    equal(wordOf(await a.commit({ id: one, expect: "live", subject, subjectLimit: 1, set: { f: "1" } })), "ok");
    equal(wordOf(await b.commit({ id: id(), expect: "absent", kind, subject, subjectLimit: 2 })), "full");
    equal(wordOf(await b.commit({ id: id(), expect: "absent", kind, subject, subjectLimit: 4 })), "ok");
    equal(wordOf(await b.commit({ id: id(), expect: "absent", kind, subject })), "ok", "no limit was given");
  }),

  "kindLimit: of 50 parallel creations with limit 3 exactly 3 live": scene(async ({ a, kind, own, race }) => {
    const change = { kind, kindLimit: 3 };
    const attempts = (
      await race("begin", [
        { change, count: 25 },
        { change, count: 25 },
      ])
    ).flat();
    own(attempts.map(({ id }) => id));
    equal(attempts.filter(({ word }) => word === "ok").length, 3);
    equal(attempts.filter(({ word }) => word === "full").length, 47);
    equal((await everyRecord(a, { kind })).length, 3);
  }),

  "kindLimit: a place is freed at once by end and by erase; other kinds and ended ones do not count": scene(async ({ a, b, id, kind, name, create }) => {
    const other = name("kind");
    await create({ kind: other });
    for (const way of [{ ended: '{"at":1,"reason":"closed"}' }, { erase: true }] as Partial<Change>[]) {
      const holder = await create({ kindLimit: 1 });
      deepEqual(await b.commit({ id: id(), expect: "absent", kind, kindLimit: 1 }), { ok: false, why: "full", of: "kind" });
      equal(wordOf(await a.commit({ id: holder, expect: "live", ...way })), "ok");
    }
    const ended = (await everyRecord(a, { kind })).find((record) => record.ended !== undefined);
    equal(wordOf(await b.commit({ id: ended!.id, expect: ended!.version, erase: true })), "ok", "erasing an ended one frees no second place");
    await create({ kindLimit: 1 });
    equal(wordOf(await b.commit({ id: id(), expect: "absent", kind, kindLimit: 1 })), "full");
  }),
};
