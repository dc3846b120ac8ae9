import { deepEqual, equal, ok } from "node:assert/strict";
import { scene, wordOf, type StoreCheck } from "./store-harness.ts";

/** One change to one session. */
export const commitPromises: Readonly<Record<string, StoreCheck>> = {
  "create: what was given is what is loaded, as version 1": scene(async ({ a, b, kind, id, name, load }) => {
    const [first, second, subject, alias] = [id(), id(), name("subject"), name("alias")];
    const outcome = await a.commit({ id: first, expect: "absent", kind, subject, wake: 5e12, set: { x: "1" }, claim: [alias] });
    deepEqual({ ok: outcome.ok, version: outcome.ok && outcome.version }, { ok: true, version: 1 });
    const record = await load(first);
    deepEqual(
      { ...record, fields: { ...record.fields } },
      { id: first, version: 1, kind, subject, wake: 5e12, epoch: 0, aliases: [alias], fields: { x: "1" } },
    );
    await b.commit({ id: second, expect: "absent", kind });
    const bare = await load(second);
    deepEqual({ ...bare, fields: { ...bare.fields } }, { id: second, version: 1, kind, epoch: 0, aliases: [], fields: {} });
  }),

  "create: of two creators of one id, one wins, the other hears exists": scene(async ({ a, kind, id, race }) => {
    const ids = Array.from({ length: 50 }, () => id());
    const [x = [], y = []] = await race("create", [
      { ids, kind, mark: "x" },
      { ids, kind, mark: "y" },
    ]);
    for (let i = 0; i < ids.length; i++) {
      deepEqual(new Set([x[i]?.word, y[i]?.word]), new Set(["exists", "ok"]));
      const record = await a.load(ids[i]!);
      equal(record?.fields["mark"], x[i]?.word === "ok" ? "x" : "y", "the loser's fields must not be there");
    }
  }),

  "create: an ended session still exists; an erased one may begin again, at version 1": scene(async ({ a, b, kind, create, load }) => {
    const id = await create({ set: { old: "1" } });
    await a.commit({ id, expect: "live", ended: '{"at":1,"reason":"closed"}' });
    equal(wordOf(await b.commit({ id, expect: "absent", kind })), "exists");
    equal(wordOf(await b.commit({ id, expect: 2, erase: true })), "ok");
    equal(wordOf(await a.commit({ id, expect: "absent", kind })), "ok");
    const record = await load(id);
    deepEqual([record.version, record.ended, { ...record.fields }], [1, undefined, {}]);
  }),

  "load: an absent session is undefined, not an error": scene(async ({ a, b, id }) => {
    equal(await a.load(id()), undefined);
    equal(await b.load("not-an-id" as ReturnType<typeof id>), undefined);
  }),

  "version: grows by exactly one per commit, even if nothing else changes": scene(async ({ a, b, create, load }) => {
    const id = await create();
    for (let version = 2; version < 12; version++) {
      const outcome = await (version % 2 ? a : b).commit(version % 3 ? { id, expect: "live", set: { x: "1" } } : { id, expect: version - 1 });
      equal(outcome.ok && outcome.version, version);
      equal((await load(id)).version, version);
    }
  }),

  "outcome: where it carries the record, that is what load then returns": scene(async ({ a, b, id, kind, name }) => {
    const one = id();
    const changes = [
      { expect: "absent", kind, subject: name("subject"), wake: 7e12, set: { x: "1", y: "2" }, claim: [name("alias")] },
      { expect: "live", set: { x: "3" }, unset: ["y"] },
      { expect: 2, epoch: 4, wake: null },
      { expect: "live", ended: '{"at":1,"reason":"closed"}', wake: 8e12 },
    ] as const;
    let given = 0;
    for (const change of changes) {
      const outcome = await a.commit({ id: one, ...change });
      if (outcome.ok && outcome.record) deepEqual([await b.load(one), ++given], [outcome.record, given]);
      equal(outcome.ok, true);
    }
    if (given === 0) return "this store's outcomes carry no record";
  }),

  "refusals: missing, ended, stale and fenced are values, in this order, and change nothing": scene(async ({ a, b, id, create, load }) => {
    const set = { x: "no" };
    for (const expect of ["live", 1] as const) equal(wordOf(await a.commit({ id: id(), expect, set, fence: 9 })), "missing");
    const one = await create({ set: { x: "1" } });
    equal(wordOf(await a.commit({ id: one, expect: 1, epoch: 3 })), "ok");
    equal(wordOf(await b.commit({ id: one, expect: 1, set })), "stale");
    equal(wordOf(await b.commit({ id: one, expect: 99, set, fence: 2 })), "stale");
    equal(wordOf(await b.commit({ id: one, expect: "live", set, fence: 2 })), "fenced");
    equal(wordOf(await b.commit({ id: one, expect: 2, set, fence: 4 })), "fenced");
    equal(wordOf(await b.commit({ id: one, expect: "live", erase: true, fence: 2 })), "fenced");
    const before = await load(one);
    deepEqual([before.version, before.epoch, { ...before.fields }], [2, 3, { x: "1" }]);
    equal(wordOf(await b.commit({ id: one, expect: "live", set: { x: "2" }, fence: 3 })), "ok");
    await a.commit({ id: one, expect: "live", ended: '{"at":1,"reason":"closed"}' });
    equal(wordOf(await b.commit({ id: one, expect: 99, set, fence: 2 })), "ended");
    deepEqual([(await load(one)).version, { ...(await load(one)).fields }], [4, { x: "2" }]);
  }),

  "merge: 2 × 100 different fields, none lost": scene(async ({ create, load, race }) => {
    const id = await create();
    const attempts = await race("merge", [
      { id, mark: "x", count: 100 },
      { id, mark: "y", count: 100 },
    ]);
    deepEqual([...new Set(attempts.flat().map(({ word }) => word))], ["ok"]);
    const record = await load(id);
    equal(record.version, 201);
    for (const mark of ["x", "y"]) for (let i = 0; i < 100; i++) equal(record.fields[`${mark}${i}`], String(i));
  }),

  "merge: the last commit of a field wins, others keep theirs": scene(async ({ a, b, create, load }) => {
    const id = await create({ set: { x: "1", y: "1" } });
    await a.commit({ id, expect: "live", set: { x: "2" } });
    await b.commit({ id, expect: "live", set: { x: "3", z: "1" } });
    deepEqual({ ...(await load(id)).fields }, { x: "3", y: "1", z: "1" });
  }),

  "compare-and-set: 2 × 50 increments are 100": scene(async ({ create, load, race }) => {
    const id = await create();
    await race("increment", [
      { id, count: 50 },
      { id, count: 50 },
    ]);
    equal((await load(id)).fields["n"], "100");
  }),

  "unset and null take away; an absent setting leaves what is there": scene(async ({ a, b, name, create, load }) => {
    const subject = name("subject");
    const id = await create({ subject, wake: 5e12, set: { x: "1", y: "2" } });
    await a.commit({ id, expect: "live", unset: ["x", "never"] });
    const kept = await load(id);
    deepEqual([kept.subject, kept.wake, { ...kept.fields }], [subject, 5e12, { y: "2" }]);
    await b.commit({ id, expect: 2, subject: null, wake: null });
    const record = await load(id);
    deepEqual(["subject" in record, "wake" in record, { ...record.fields }], [false, false, { y: "2" }]);
    await a.commit({ id, expect: "live", set: { y: "3" }, unset: ["y"] });
    deepEqual({ ...(await load(id)).fields }, { y: "3" }, "what is both set and unset is set");
  }),

  "records: one that was returned is never changed by a later commit": scene(async ({ a, b, name, create, load }) => {
    const id = await create({ subject: name("subject"), wake: 9e12, set: { x: "1", y: "1" }, claim: [name("alias")] });
    const held = [await a.load(id), await b.load(id), ...(await a.find({ kind: (await load(id)).kind })).records];
    const before = JSON.stringify(held);
    await a.commit({ id, expect: "live", set: { x: "2", z: "1" }, unset: ["y"], subject: null, wake: 1e12, claim: [name("more")] });
    await b.commit({ id, expect: "live", ended: '{"at":1,"reason":"closed"}' });
    await b.commit({ id, expect: 3, erase: true });
    ok(held.length >= 3);
    equal(JSON.stringify(held), before);
  }),
};
