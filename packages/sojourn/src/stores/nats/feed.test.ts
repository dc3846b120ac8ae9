import { describe, expect, test } from "vitest";
import type { Cursor, SessionId, StoreEvent } from "../../core/seam.ts";
import { feed } from "./feed.ts";
import { commitsSince, toldNothing, toldOf } from "./missed-commits.ts";
import { keptAfter, type KeptSession } from "./session-codec.ts";

const id = "one" as SessionId;
const other = "other" as SessionId;
type Event = StoreEvent | "gap";

const nothing = { record: undefined, holds: new Map(), forbidden: new Map() } as const;
const document = (version: number, ended = false): KeptSession["document"] => ({
  ...nothing,
  record: { id, version, kind: "k", epoch: 0, aliases: [], fields: {}, ...(ended && { ended: "e" }) },
});

/** A life of a session, document by document. */
function life(...steps: readonly KeptSession["document"][]): KeptSession[] {
  const all: KeptSession[] = [];
  for (const step of steps) all.push(keptAfter(all.at(-1), step, true));
  return all;
}

describe("commits whose documents were overwritten before they were seen", () => {
  const lived = life(document(1), document(2), document(3, true), document(4, true), nothing);
  const all = [
    [1, false],
    [2, false],
    [3, true],
    [4, true],
    [4, true],
  ];
  const short = (events: ReturnType<typeof commitsSince>["events"]): unknown => events.map(({ version, ended }) => [version, ended]);

  test("are told, whichever of them were", () => {
    for (let seen = 0; seen < 2 ** 5; seen++) {
      let told = toldNothing;
      const heard: unknown[] = [];
      for (const [i, kept] of lived.entries()) {
        if ((seen & (1 << i)) === 0 && i < 4) continue;
        const { gap, events } = commitsSince(told, kept);
        expect(gap).toBe(false);
        heard.push(...(short(events) as unknown[]));
        told = toldOf(kept);
      }
      expect(heard, String(seen)).toEqual(all);
    }
  });

  test("a document that was changed and not committed to tells nothing", () => {
    const kept = keptAfter(lived[1], document(2), false);
    expect(commitsSince(toldOf(lived[1] as KeptSession), kept)).toEqual({ gap: false, events: [] });
  });

  test("of another life of the session in between are a gap, and the last one is told", () => {
    const twice = life(document(1), nothing, document(1), document(2));
    const { gap, events } = commitsSince(toldOf(twice[0] as KeptSession), twice[3] as KeptSession);
    expect([gap, short(events)]).toEqual([true, [[2, false]]]);
  });
});

describe("a cursor", () => {
  function told(capacity = 100): { readonly events: StoreEvent[]; readonly from: (after: string) => Event[] } {
    const one = feed(capacity);
    one.begin("s", 10);
    const events: StoreEvent[] = [];
    one.watch((event) => event !== "gap" && events.push(event), undefined);
    one.tell(other, [{ version: 1, ended: false, commit: 1 }], 11, 10);
    // Three commits in one message: the first two were overwritten.
    one.tell(
      id,
      [1, 2, 3].map((n) => ({ version: n, ended: false, commit: n })),
      15,
      11,
    );
    one.tell(other, [{ version: 2, ended: true, commit: 2 }], 16, 15);
    return {
      events,
      from(after) {
        const heard: Event[] = [];
        one.watch((event) => heard.push(event), after as Cursor);
        return heard;
      },
    };
  }

  test("goes on after its event, also in the middle of a message", () => {
    const { events, from } = told();
    expect(events.map((event) => [event.id, event.version])).toEqual([
      [other, 1],
      [id, 1],
      [id, 2],
      [id, 3],
      [other, 2],
    ]);
    for (const [i, { cursor }] of events.entries()) expect(from(cursor)).toEqual(events.slice(i + 1));
  });

  test("of another stream, of before what is kept, or of nothing, begins with a gap and tells all that is kept", () => {
    const { events, from } = told(2);
    for (const after of ["t/15", "s/10", "s/x", "", "s"]) expect(from(after), after).toEqual(["gap", ...events.slice(-2)]);
    expect(from("s/15")).toEqual(events.slice(-1));
  });

  test("that is ahead of this member waits for what comes after it", () => {
    const one = feed(10);
    one.begin("s", 0);
    const heard: Event[] = [];
    one.watch((event) => heard.push(event), "s/7" as Cursor);
    for (let revision = 6; revision < 9; revision++) one.tell(id, [{ version: revision, ended: false, commit: revision }], revision, revision - 1);
    expect(heard.map((event) => event !== "gap" && event.version)).toEqual([8]);
  });
});
