import { deepEqual, equal, ok } from "node:assert/strict";
import { satisfies, type SessionId } from "../core/seam.ts";
import { everyRecord, scene, type StoreCheck } from "./store-harness.ts";

const ended = '{"at":1,"reason":"closed"}';

/** What find returns. */
export const listingPromises: Readonly<Record<string, StoreCheck>> = {
  "find: alias and subject list what has not ended; kind and wakeBefore list ended sessions too": scene(async ({ a, b, kind, name, create }) => {
    const [subject, alias] = [name("subject"), name("alias")];
    const id = await create({ subject, claim: [alias], wake: 2 });
    const idsOf = async (query: Parameters<typeof b.find>[0]): Promise<string[]> =>
      (await everyRecord(b, query)).map((record) => record.id).filter((found) => found === id);
    for (const query of [{ subject }, { alias }, { kind }, { wakeBefore: 2 }]) deepEqual(await idsOf(query), [id], JSON.stringify(query));
    await a.commit({ id, expect: "live", ended });
    for (const query of [{ subject }, { alias }]) deepEqual(await idsOf(query), [], JSON.stringify(query));
    for (const query of [{ kind }, { wakeBefore: 2 }]) deepEqual(await idsOf(query), [id], JSON.stringify(query));
  }),

  "find: nothing found is an empty last page": scene(async ({ a, name }) => {
    for (const query of [{ alias: name("x") }, { subject: name("x") }, { kind: name("x") }, { wakeBefore: -1 }]) {
      deepEqual(await everyRecord(a, query), [], JSON.stringify(query));
    }
  }),

  "find: pages hold at most limit records, and together every one exactly once": scene(async ({ a, b, kind, name, create }) => {
    const subject = name("subject");
    const ids = await Promise.all(Array.from({ length: 25 }, () => create({ subject })));
    for (const query of [{ kind }, { subject }]) {
      const seen: string[] = [];
      let page = await a.find(query, { limit: 4 });
      for (;;) {
        ok(page.records.length <= 4);
        seen.push(...page.records.map((record) => record.id));
        if (page.next === undefined) break;
        page = await b.find(query, { limit: 4, after: page.next });
      }
      deepEqual(seen.toSorted(), ids.toSorted(), JSON.stringify(query));
    }
  }),

  "find: a page holds 100 records where no limit is given": scene(async ({ a, kind, create }) => {
    await Promise.all(Array.from({ length: 130 }, () => create()));
    ok((await a.find({ kind })).records.length <= 100);
    equal((await everyRecord(a, { kind })).length, 130);
  }),

  "find: a kind in pages while sessions come and go: every stayer comes exactly once": scene(async ({ a, b, kind, create }) => {
    const stay = await Promise.all(Array.from({ length: 200 }, () => create()));
    const go = await Promise.all(Array.from({ length: 100 }, () => create()));
    let over = false;
    const churn = (async () => {
      for (let n = 0; !over && n < 3000; n++) {
        const leaving = go.pop();
        if (leaving) await a.commit({ id: leaving, expect: "live", erase: true });
        go.unshift(await create());
        await a.commit({ id: stay[n % stay.length]!, expect: "live", set: { n: String(n) }, wake: 8e12 - n });
        await new Promise((resolve) => setImmediate(resolve));
      }
    })();
    const seen: SessionId[] = [];
    let after: Parameters<typeof b.find>[1] = {};
    for (;;) {
      const page = await b.find({ kind }, { ...after, limit: 20 });
      seen.push(...page.records.map((record) => record.id));
      if (page.next === undefined) break;
      after = { after: page.next };
      await new Promise((resolve) => setImmediate(resolve));
    }
    over = true;
    await churn;
    equal(new Set(seen).size, seen.length, "some came twice");
    deepEqual(
      stay.filter((id) => !seen.includes(id)),
      [],
      "some never came",
    );
  }),

  "find: the sessions of a subject in pages while others come and go: every stayer comes exactly once": scene(async ({ a, b, name, create }) => {
    const subject = name("subject");
    const stay = await Promise.all(Array.from({ length: 30 }, () => create({ subject })));
    const go = await Promise.all(Array.from({ length: 20 }, () => create({ subject })));
    const seen: SessionId[] = [];
    let after: Parameters<typeof b.find>[1] = {};
    for (;;) {
      const page = await b.find({ subject }, { ...after, limit: 5 });
      seen.push(...page.records.map((record) => record.id));
      if (page.next === undefined) break;
      after = { after: page.next };
      const leaving = go.pop();
      if (leaving) await a.commit({ id: leaving, expect: "live", ...(go.length % 2 ? { ended } : { subject: null }) });
      if (go.length > 10) await create({ subject });
    }
    equal(new Set(seen).size, seen.length, "some came twice");
    deepEqual(
      stay.filter((id) => !seen.includes(id)),
      [],
      "some never came",
    );
  }),

  "find: only the named fields are given, all else is whole": scene(async ({ a, kind, name, create, load }) => {
    const [subject, alias] = [name("subject"), name("alias")];
    const id = await create({ subject, claim: [alias], wake: 1, set: { x: "1", y: "2", z: "3" } });
    const whole = await load(id);
    for (const query of [{ kind }, { subject }, { alias }, { wakeBefore: 1 }]) {
      const record = (await a.find(query, { only: ["x", "z", "never", "constructor"] })).records.find((found) => found.id === id);
      deepEqual({ ...record, fields: { ...record?.fields } }, { ...whole, fields: { x: "1", z: "3" } }, JSON.stringify(query));
      const bare = (await a.find(query, { only: [] })).records.find((found) => found.id === id);
      deepEqual({ ...bare?.fields }, {});
    }
    deepEqual({ ...(await load(id)).fields }, { x: "1", y: "2", z: "3" });
  }),

  "find: due wakes come earliest first, none beyond the moment, and no cursor": scene(async ({ a, b, kind, create }) => {
    const wakes = [50, 10, 40, 10, 30, 20, 60];
    await Promise.all(wakes.map((wake) => create({ wake })));
    const due = await b.find({ wakeBefore: 50 });
    equal(due.next, undefined);
    deepEqual(
      due.records.filter((record) => record.kind === kind).map((record) => record.wake),
      [10, 10, 20, 30, 40, 50],
    );
    const first = await a.find({ wakeBefore: 50 }, { limit: 3 });
    equal(first.next, undefined);
    deepEqual(
      first.records.map((record) => record.wake),
      [10, 10, 20],
    );
  }),

  "find: a wake that was moved or taken away is due no more, one that was brought nearer is": scene(async ({ a, b, create }) => {
    const [moved, gone, nearer] = [await create({ wake: 5 }), await create({ wake: 6 }), await create({ wake: 7e12 })];
    await a.commit({ id: moved, expect: 1, wake: 8e12 });
    await a.commit({ id: gone, expect: 1, wake: null });
    await a.commit({ id: nearer, expect: "live", wake: 4 });
    const due = new Set((await b.find({ wakeBefore: 10 })).records.map((record) => record.id));
    deepEqual(
      [moved, gone, nearer].map((id) => due.has(id)),
      [false, false, true],
    );
  }),

  "find: 200 due sessions and two sweepers: compare-and-set lets each be handled once": scene(async ({ kind, create, race }) => {
    const ids = await Promise.all(Array.from({ length: 200 }, (_, i) => create({ wake: 1000 + (i % 50) })));
    const param = { before: 1100, later: 9e12, kind };
    const results = await race("sweep", [param, param]);
    deepEqual(results.flatMap((result) => result.handled).toSorted(), ids.toSorted());
  }),

  "find: every record satisfied the query when it was read, however fast things change": scene(async ({ a, b, kind, name, create }) => {
    const [subject, alias] = [name("subject"), name("alias")];
    const ids = await Promise.all(Array.from({ length: 20 }, () => create({ subject, wake: 100 })));
    let over = false;
    const churn = Promise.all(
      ids.map(async (id, i) => {
        for (let version = 1; !over && version < 500; version += 2) {
          await a.commit({ id, expect: version, wake: 9e12, subject: null, ...(i === 0 && { claim: [alias] }) });
          await new Promise((resolve) => setImmediate(resolve));
          await a.commit({ id, expect: version + 1, wake: 100, subject, ...(i === 0 && { release: [alias] }) });
          await new Promise((resolve) => setImmediate(resolve));
        }
      }),
    );
    for (let round = 0; round < 40; round++) {
      for (const query of [{ wakeBefore: 100 }, { subject }, { alias }, { kind }]) {
        for (const record of (await b.find(query)).records) ok(satisfies(record, query), `${JSON.stringify(query)} gave ${JSON.stringify(record)}`);
      }
      await new Promise((resolve) => setImmediate(resolve));
    }
    over = true;
    await churn;
  }),
};
