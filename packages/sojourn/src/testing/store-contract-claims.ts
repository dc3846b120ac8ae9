import { deepEqual, equal } from "node:assert/strict";
import type { Change } from "../core/seam.ts";
import { scene, wordOf, type StoreCheck } from "./store-harness.ts";

/** Aliases: unique among the sessions that have not ended. */
export const claimPromises: Readonly<Record<string, StoreCheck>> = {
  "claim: of 50 racers exactly one wins, the others hear taken": scene(async ({ a, kind, name, own, race }) => {
    const change = { kind, claim: [name("alias")] };
    const attempts = (
      await race("begin", [
        { change, count: 25 },
        { change, count: 25 },
      ])
    ).flat();
    own(attempts.map(({ id }) => id));
    equal(attempts.filter(({ word }) => word === "ok").length, 1);
    equal(attempts.filter(({ word }) => word === "taken").length, 49);
    const { records } = await a.find({ alias: change.claim[0]! });
    deepEqual(
      records.map(({ id }) => id),
      attempts.filter(({ word }) => word === "ok").map(({ id }) => id),
    );
  }),

  "claim: a refusal names the alias, and the change is not made at all": scene(async ({ a, b, kind, name, id, create, load }) => {
    const [x, y] = [name("x"), name("y")];
    await create({ claim: [y] });
    const fresh = id();
    deepEqual(await b.commit({ id: fresh, expect: "absent", kind, claim: [x, y], set: { f: "1" } }), { ok: false, why: "taken", alias: y });
    equal(await a.load(fresh), undefined);
    const other = await create();
    for (const expect of ["live", 1] as const) equal(wordOf(await a.commit({ id: other, expect, claim: [x, y], set: { f: "1" } })), "taken");
    const record = await load(other);
    deepEqual([record.version, record.aliases, { ...record.fields }], [1, [], {}]);
    deepEqual(await a.find({ alias: x }), { records: [] });
    equal(wordOf(await b.commit({ id: other, expect: "live", claim: [x] })), "ok", "x must be free");
  }),

  "claim: released at once by release, by end, by erase": scene(async ({ a, b, name, create }) => {
    const alias = name("alias");
    const ways: Partial<Change>[] = [{ release: [alias] }, { ended: '{"at":1,"reason":"closed"}' }, { erase: true }];
    for (const way of ways) {
      const id = await create({ claim: [alias] });
      deepEqual(
        (await b.find({ alias })).records.map((record) => record.id),
        [id],
      );
      equal(wordOf(await a.commit({ id, expect: "live", ...way })), "ok");
      deepEqual((await b.find({ alias })).records, [], JSON.stringify(way));
    }
    await create({ claim: [alias] });
  }),

  "claim: twice by the same session is fine and counts once": scene(async ({ a, b, name, create, load }) => {
    const alias = name("alias");
    const id = await create({ claim: [alias, alias] });
    const outcomes = await Promise.all([a, b, a, b].map((store) => store.commit({ id, expect: "live", claim: [alias] })));
    deepEqual(outcomes.map(wordOf), ["ok", "ok", "ok", "ok"]);
    deepEqual((await load(id)).aliases, [alias]);
    deepEqual(
      (await b.find({ alias })).records.map((record) => record.id),
      [id],
    );
  }),

  "claim: one change may release some and claim others": scene(async ({ a, b, name, create, load }) => {
    const [x, y, z] = [name("x"), name("y"), name("z")];
    const id = await create({ claim: [x, y] });
    equal(wordOf(await a.commit({ id, expect: "live", release: [x, y], claim: [y, z] })), "ok");
    deepEqual([...(await load(id)).aliases].sort(), [y, z].sort());
    const other = await create({ claim: [x] });
    for (const [alias, holder] of [
      [x, other],
      [y, id],
      [z, id],
    ] as const)
      deepEqual(
        (await b.find({ alias })).records.map((record) => record.id),
        [holder],
      );
    equal(wordOf(await b.commit({ id: other, expect: "live", release: [y] })), "ok", "releasing what is not one's own does nothing");
    deepEqual(
      (await a.find({ alias: y })).records.map((record) => record.id),
      [id],
    );
  }),

  "claim: a release racing a re-claim by the same session leaves index and record in agreement": scene(async ({ a, b, name, create, load }) => {
    for (let round = 0; round < 30; round++) {
      const alias = name("alias");
      const id = await create({ claim: [alias] });
      const [claims, releases] = round % 2 ? [a, b] : [b, a];
      await Promise.all([claims.commit({ id, expect: "live", claim: [alias] }), releases.commit({ id, expect: "live", release: [alias] })]);
      const holds = (await load(id)).aliases.includes(alias);
      equal((await b.find({ alias })).records.length, holds ? 1 : 0);
      equal(wordOf(await a.commit({ id: await create(), expect: "live", claim: [alias] })), holds ? "taken" : "ok");
    }
  }),
};
