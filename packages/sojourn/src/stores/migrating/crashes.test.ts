import { describe, expect, test } from "vitest";
import type { Change, Found, Outcome, SessionId, SessionRecord, Store } from "../../core/seam.ts";
import { failingStore, type FaultPlan } from "../../testing/failing-store.ts";
import { newId } from "../../testing/new-id.ts";
import { memoryStore, type MemoryStore } from "../memory/memory.ts";
import { migrate, migrating } from "./migrating.ts";

const ended = '{"at":1,"reason":"closed"}';

/** What a process was doing when it died. `moved`: the session had moved before. */
const deeds: Readonly<Record<string, { readonly moved: boolean; readonly subject?: string; readonly change: (id: SessionId) => Change }>> = {
  "carrying a session over, to write to it": { moved: false, change: (id) => ({ id, expect: "live", set: { n: "2" }, unset: ["gone"] }) },
  "carrying a session over, to end it": { moved: false, change: (id) => ({ id, expect: "live", ended }) },
  "carrying a session over, by compare-and-set": { moved: false, change: (id) => ({ id, expect: 2, epoch: 9, wake: 77 }) },
  "erasing one that had not moved": { moved: false, change: (id) => ({ id, expect: "live", erase: true }) },
  "writing to one that had": { moved: true, change: (id) => ({ id, expect: "live", set: { n: "2" } }) },
  "claiming for one that had": { moved: true, change: (id) => ({ id, expect: "live", claim: ["new"], set: { n: "2" } }) },
  "giving one that had a subject": { moved: true, subject: "", change: (id) => ({ id, expect: 2, subject: "ben", subjectLimit: 1 }) },
  "releasing for one that had": { moved: true, change: (id) => ({ id, expect: "live", release: ["old"] }) },
  "ending one that had": { moved: true, change: (id) => ({ id, expect: "live", ended, wake: 88 }) },
  "erasing one that had": { moved: true, change: (id) => ({ id, expect: 2, erase: true }) },
  "creating one": { moved: false, change: () => ({ id: born, expect: "absent", kind: "k", subject: "ben", subjectLimit: 1, kindLimit: 2, claim: ["new"] }) },
};
const born = newId();

interface Scene {
  readonly from: MemoryStore;
  readonly to: MemoryStore;
  readonly id: SessionId;
  readonly change: Change;
  readonly before: SessionRecord | undefined;
}

async function scene({ moved, change, subject = "ana" }: (typeof deeds)[string]): Promise<Scene> {
  const [from, to] = [memoryStore({ budget: 2 ** 20, feed: 16 }), memoryStore({ budget: 2 ** 20, feed: 16 })];
  const id = newId();
  from.commit({ id, expect: "absent", kind: "k", subject: subject === "" ? null : subject, claim: ["old"], wake: 66, set: { n: "1", gone: "1" } });
  from.commit({ id, expect: 1, epoch: 4 });
  if (moved) expect(await migrate({ from, to, kinds: ["k"] })).toMatchObject({ complete: true, moved: 1 });
  const made = change(id);
  return { from, to, id, change: made, before: await migrating({ from, to }, { phase: "old" }).load(made.id) };
}

/** Has a process do it and die at its so-many-th call. @returns its answer, if it lived to give one; and how many calls it made */
async function dying({ from, to, change }: Scene, at: number, lands: boolean): Promise<{ outcome: Outcome | undefined; calls: number }> {
  let calls = 0;
  const plan: FaultPlan = () => {
    calls++;
    if (calls < at) return undefined;
    return calls === at && lands ? { fault: "hang-then-land", ms: 0 } : { fault: "hang" };
  };
  const process = migrating({ from: failingStore(from, plan), to: failingStore(to, plan) });
  const gone = new Promise<undefined>((resolve) => void setTimeout(() => resolve(undefined), 12));
  return { outcome: await Promise.race([process.commit(change), gone]), calls };
}

const plain = (record: SessionRecord | undefined): object | undefined =>
  record && { ...record, fields: { ...record.fields }, aliases: record.aliases.toSorted() };

/** What a session is after the change, in one store that nobody moves. */
function after({ before, change }: Scene): SessionRecord | undefined {
  const alone = memoryStore({ budget: 2 ** 20, feed: 16 });
  if (before !== undefined) {
    const { id, kind, version, epoch, subject, wake, aliases, fields } = before;
    alone.commit({ id, expect: "absent", kind, claim: aliases, set: fields, ...(subject === undefined ? undefined : { subject }) });
    for (let n = 1; n < version; n++) alone.commit({ id, expect: n, epoch, ...(wake === undefined ? undefined : { wake }) });
  }
  expect(alone.commit(change)).toMatchObject({ ok: true });
  return alone.load(change.id);
}

/** Nothing that a dead process held is in anybody's way. */
async function namesAreFree(store: Store): Promise<void> {
  const held = new Set<string>();
  const live: SessionRecord[] = [];
  let page: Found | undefined;
  do {
    page = await store.find({ kind: "k" }, page?.next === undefined ? {} : { after: page.next });
    live.push(...page.records.filter((record) => record.ended === undefined));
  } while (page.next !== undefined);
  for (const { aliases } of live) for (const alias of aliases) held.add(alias);
  for (const alias of ["old", "new"]) {
    const outcome = await store.commit({ id: newId(), expect: "absent", kind: "other", claim: [alias] });
    expect(outcome.ok, `${alias} is ${held.has(alias) ? "held" : "free"}`).toBe(!held.has(alias));
  }
  for (const subject of ["ana", "ben"]) {
    const count = live.filter((record) => record.subject === subject).length;
    const outcome = await store.commit({ id: newId(), expect: "absent", kind: "other", subject, subjectLimit: 1 });
    expect(outcome.ok, `${subject} has ${count}`).toBe(count === 0);
  }
}

describe("a process dies", () => {
  describe.each(Object.entries(deeds))("%s", (_, deed) => {
    test.each([false, true])("at any of its calls (the call lands: %s): it was done or it was not, and the house can be moved", async (lands) => {
      let points = 0;
      for (let at = 1; ; at++) {
        const given = await scene(deed);
        const { outcome, calls } = await dying(given, at, lands);
        if (outcome !== undefined) {
          expect(outcome).toMatchObject({ ok: true });
          expect(calls).toBeLessThan(at);
          break;
        }
        points++;
        const { from, to, change } = given;
        const survivor = migrating({ from, to }, { phase: at % 2 === 0 ? "old" : "both" });
        const found = plain(await survivor.load(change.id));
        const could = [plain(given.before), plain(after(given))];
        expect(could, `after call ${at}`).toContainEqual(found);
        await namesAreFree(survivor);
        expect(plain(await survivor.load(change.id))).toMatchObject(found === undefined ? {} : { fields: (found as SessionRecord).fields });
        const report = await migrate({ from, to, kinds: ["k", "other"], compare: 1 });
        expect(report).toMatchObject({ complete: true, left: 0, different: [], failed: [] });
        const home = to.load(change.id);
        expect(home?.ended, `after call ${at}`).toBe((found as SessionRecord | undefined)?.ended);
        expect([home?.subject, home?.epoch, home?.wake, home?.aliases.toSorted()]).toEqual(
          found === undefined
            ? [undefined, undefined, undefined, undefined]
            : [(found as SessionRecord).subject, (found as SessionRecord).epoch, (found as SessionRecord).wake, (found as SessionRecord).aliases],
        );
      }
      expect(points).toBeGreaterThan(1);
    });
  });
});
