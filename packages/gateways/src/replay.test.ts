import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { replay, type Happening, type Json, type Recorder, type Run, type Step } from "./replay.ts";

type Script = (recorder: Recorder, state: Json | undefined) => Promise<unknown>;

/** Lives a function to its end, each run with nothing but what was kept of those before. */
async function lived(
  script: Script,
  happenings: readonly Happening[],
  journal: Step[] = [],
  state?: Json,
): Promise<{ runs: Run<unknown>[]; journal: Step[]; state: Json | undefined }> {
  const runs: Run<unknown>[] = [];
  for (const happened of [undefined, ...happenings]) {
    // As a store would keep it.
    const run = await replay({ journal: JSON.parse(JSON.stringify(journal)) as Step[], state, happened, run: script });
    if (run.checkpoint !== undefined) {
      state = run.checkpoint;
      journal = [];
    }
    journal.push(...run.steps);
    runs.push(run);
    if (run.reached.state !== "waiting") break;
  }
  return { runs, journal, state };
}

const text = (said: string, at = 1): Happening => ({ at, text: said });
const fails = (message: string): object => ({
  reached: { state: "failed", error: expect.objectContaining({ message: expect.stringContaining(message) as string }) as Error },
});

describe("replay", () => {
  it("comes to where it was, with all it has learnt, and does nothing twice", async () => {
    let made = 0;
    const script: Script = async (r) => {
      const number = await r.once("random", "", () => ++made);
      const first = await r.happening("ask", { text: true });
      const second = await r.happening("ask", { text: true });
      return [number, first.text, second.text];
    };
    const { runs } = await lived(script, [text("one"), text("two")]);
    expect(runs.map(({ reached }) => reached.state)).toEqual(["waiting", "waiting", "done"]);
    expect(runs[2]?.reached).toEqual({ state: "done", result: [1, "one", "two"] });
    expect(made).toBe(1);
  });

  it("gives the first run what later ones get: nothing that JSON does not give back", async () => {
    const seen: unknown[] = [];
    const script: Script = async (r) => {
      seen.push(await r.once("run", "", () => ({ when: new Date(0), none: undefined })), await r.once("run", "", () => undefined));
      await r.happening("ask", { text: true });
    };
    await lived(script, [text("x")]);
    expect(seen).toEqual([{ when: "1970-01-01T00:00:00.000Z" }, undefined, { when: "1970-01-01T00:00:00.000Z" }, undefined]);
    expect(await replay({ journal: [], run: (r) => r.once("run", "", () => 1n) })).toMatchObject(fails("not what JSON can keep"));
  });

  it("remembers what a step failed with", async () => {
    let calls = 0;
    const script: Script = async (r) => {
      const heard = await r
        .once("run", "pay", () => {
          calls++;
          throw new Error("no money");
        })
        .catch((error: unknown) => (error as Error).message);
      const { text: said } = await r.happening("ask", { text: true });
      return [heard, said];
    };
    const { runs } = await lived(script, [text("x")]);
    expect([runs[1]?.reached, calls]).toEqual([{ state: "done", result: ["no money", "x"] }, 1]);
  });

  it("takes a moment that has come, and a message only where one is waited for", async () => {
    const script: Script = async (r) => (await r.happening("sleep", { text: false, until: 10 })).at;
    const wait = { state: "waiting", on: { text: false, until: 10 } };
    expect(await replay({ journal: [], happened: { at: 9 }, run: script })).toMatchObject({ taken: false, reached: wait });
    expect(await replay({ journal: [], happened: text("hello", 11), run: script })).toMatchObject({ taken: false, reached: wait });
    expect(await replay({ journal: [], happened: { at: 10 }, run: script })).toMatchObject({ taken: true, reached: { state: "done", result: 10 } });
    const ask: Script = async (r) => (await r.happening("ask", { text: true })).text;
    expect(await replay({ journal: [], happened: { at: 10 }, run: ask })).toMatchObject({ taken: false });
  });

  it("begins at the last checkpoint, and keeps nothing of before", async () => {
    const began: unknown[] = [];
    const script: Script = async (r, state) => {
      began.push(structuredClone(state));
      const all = (state ?? []) as string[];
      for (;;) {
        await r.checkpoint(all);
        const { text: said } = await r.happening("ask", { text: true });
        await r.once("say", `thanks for ${said}`, () => undefined);
        if (said === "end") return all;
        all.push(said as string);
      }
    };
    const { runs, journal, state } = await lived(
      script,
      ["a", "b", "c", "end"].map((said) => text(said)),
    );
    expect(began).toEqual([undefined, [], ["a"], ["a", "b"], ["a", "b", "c"]]);
    expect(runs.at(-1)?.reached).toEqual({ state: "done", result: ["a", "b", "c"] });
    expect([state, journal.length]).toEqual([["a", "b", "c"], 2]);
    expect(runs[2]).toMatchObject({ checkpoint: ["a", "b"], steps: [] });
  });

  it.each<[string, Script, Script, string]>([
    [
      "another step",
      async (r) => void (await r.once("now", "", () => 1), await r.happening("ask", { text: true })),
      async (r) => void (await r.once("random", "", () => 1)),
      "Step 1 was now and is now random",
    ],
    [
      "the same step of something else",
      async (r) => void (await r.once("say", "a", () => 1), await r.happening("ask", { text: true })),
      async (r) => void (await r.once("say", "b", () => 1)),
      "Step 1, say, is not what it was",
    ],
    [
      "an end that comes too early",
      async (r) => void (await r.once("say", "a", () => 1), await r.happening("ask", { text: true })),
      async () => 1,
      "Step 1 was say, and now it has come to its end",
    ],
    [
      "a checkpoint that was not there",
      async (r) => void (await r.once("say", "a", () => 1), await r.happening("ask", { text: true })),
      async (r) => r.checkpoint(1),
      "Step 1 was say and is now checkpoint",
    ],
  ])("a function that is not deterministic is named: %s", async (_, first, then, message) => {
    const { journal } = await lived(first, []);
    expect(journal).toHaveLength(1);
    const run = await replay({ journal, happened: text("x"), run: then });
    expect(run).toMatchObject({ ...fails(message), steps: [] });
    // It cannot be talked out of it.
    const swallowed = await replay({
      journal,
      run: async (r, state) => {
        await then(r, state).catch(() => undefined);
        await r.happening("ask", { text: true }).catch(() => undefined);
        return "fine";
      },
    });
    expect(swallowed).toMatchObject(fails(message.split(/,? and/)[0]!));
  });

  it("what a function does to what it was given is not done to what is kept", async () => {
    const script: Script = async (r, state) => {
      const given = (state ?? []) as string[];
      given.push("mine");
      const made = (await r.once("make", "", () => ["a"])) as string[];
      made.push("b");
      (await r.happening("ask", { text: true })) satisfies Happening;
      return [given, made];
    };
    const state = ["kept"];
    const first = await replay({ journal: [], state, run: script });
    expect([state, first.steps]).toMatchObject([["kept"], [{ value: ["a"] }]]);
    const then = await replay({ journal: first.steps, state, happened: text("x"), run: script });
    expect([state, first.steps]).toMatchObject([["kept"], [{ value: ["a"] }]]);
    expect(then.reached).toEqual({
      state: "done",
      result: [
        ["kept", "mine"],
        ["a", "b"],
      ],
    });
  });

  it("gives a checkpoint's state as it is kept", async () => {
    const given = { when: new Date(0), none: undefined } as unknown as Json;
    const run = await replay({ journal: [], run: (r) => r.checkpoint(given) });
    expect(run).toMatchObject({ checkpoint: { when: "1970-01-01T00:00:00.000Z" }, reached: { result: { when: "1970-01-01T00:00:00.000Z" } } });
    expect((run.reached as { result: unknown }).result).not.toBe(run.checkpoint);
  });

  it("what JSON cannot keep ends the run, whatever the function makes of it", async () => {
    let made = 0;
    for (const wrong of [(r: Recorder) => r.once("run", "", () => BigInt(++made)), (r: Recorder) => r.checkpoint(1n as unknown as Json)]) {
      const run = await replay({
        journal: [],
        run: async (r) => {
          await wrong(r).catch(() => undefined);
          return r.happening("ask", { text: true });
        },
      });
      expect(run).toMatchObject({ reached: { state: "failed", error: { code: "invalid_field" } }, steps: [] });
    }
    expect(made).toBe(1);
  });

  it("keeps the message of whatever is thrown", async () => {
    const thrown = [
      Object.assign(new Error("x"), { message: "" }),
      "text",
      undefined,
      Symbol("s"),
      Object.assign(new Error("x"), { message: 5 }),
      Object.create(null),
    ] as Error[];
    for (const [i, message] of ["", "text", "undefined", "Symbol(s)", "5", ""].entries()) {
      const run = await replay({ journal: [], run: (r) => r.once("run", "", () => Promise.reject(thrown[i]!)) });
      expect(run).toMatchObject({ reached: { state: "failed", error: { message } }, steps: [{ failed: message }] });
    }
  });

  it("two steps at once are an error that names both", async () => {
    const run = await replay({ journal: [], run: async (r) => Promise.all([r.once("a", "", async () => 1), r.once("b", "", async () => 2)]) });
    expect(run).toMatchObject(fails("b was begun while a was under way"));
  });

  it("a step that nobody awaits ends the run, and not the process", async () => {
    const unhandled: unknown[] = [];
    const hear = (error: unknown): number => unhandled.push(error);
    process.on("unhandledRejection", hear);
    const forgetful: [Script, string][] = [
      [
        async (r) => (void r.once("a", "", () => 1), void r.once("b", "", () => 2), await r.happening("ask", { text: true })),
        "b was begun while a was under way",
      ],
      [async (r) => (await r.once("a", "", () => 1), void r.once("b", "", () => 2)), "It has come to its end while b was under way"],
      [async (r) => void r.happening("ask", { text: true }), ""],
    ];
    for (const [run, message] of forgetful) {
      const { reached } = await replay({ journal: [], run });
      if (message === "") expect(reached).toMatchObject({ state: "waiting" });
      else expect(reached).toMatchObject((fails(message) as { reached: object }).reached);
    }
    await new Promise((resolve) => setTimeout(resolve, 5));
    process.off("unhandledRejection", hear);
    expect(unhandled).toEqual([]);
  });

  it("a step that takes too long is named", async () => {
    let went = (): void => undefined;
    const slow = new Promise<void>((resolve) => (went = resolve));
    let more = 0;
    const run = await replay({ journal: [], patience: 20, run: async (r) => (await r.once("run", "", () => slow), ++more) });
    expect(run).toMatchObject({ ...fails("run took more than 0.02 s"), steps: [] });
    went();
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect([run.steps, more]).toEqual([[], 0]);
  });

  it("a function that waits for anything but steps is given up, and what it does afterwards counts for nothing", async () => {
    let went = (): void => undefined;
    const elsewhere = new Promise<void>((resolve) => (went = resolve));
    let more = 0;
    const run = await replay({
      journal: [],
      patience: 30,
      run: async (r) => {
        await r.once("a", "", () => 1);
        await elsewhere;
        await r.once("b", "", () => ++more);
      },
    });
    expect(run).toMatchObject({ ...fails("did not come to its next step in 0.03 s"), steps: [{ op: "a" }] });
    went();
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(more).toBe(0);
  });

  it("has a bound on steps, which a checkpoint begins anew", async () => {
    const count =
      (checkpoints: boolean): Script =>
      async (r) => {
        for (let i = 0; i < 30; i++) {
          await r.once("say", String(i), () => undefined);
          if (checkpoints) await r.checkpoint(i);
        }
      };
    expect(await replay({ journal: [], most: 20, run: count(false) })).toMatchObject(fails("It has taken 20 steps"));
    expect(await replay({ journal: [], most: 20, run: count(true) })).toMatchObject({ reached: { state: "done" } });
    // What goes beyond it is not begun.
    let made = 0;
    const run = await replay({
      journal: [],
      most: 2,
      run: async (r) => [await r.once("a", "", () => ++made), await r.once("a", "", () => ++made), await r.once("a", "", () => ++made)],
    });
    expect([made, run.steps.length]).toEqual([2, 2]);
  });

  it("whatever the function does, running it anew at each happening is the same as running it through", async () => {
    const doing = fc.oneof(
      fc.record({ op: fc.constant("once" as const), value: fc.jsonValue() }),
      fc.record({ op: fc.constant("ask" as const) }),
      fc.record({ op: fc.constant("checkpoint" as const) }),
      fc.record({ op: fc.constant("fail" as const) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(doing, { maxLength: 30 }), fc.array(fc.string(), { minLength: 30, maxLength: 30 }), async (doings, said) => {
        let effects = 0;
        const script: Script = async (r, state) => {
          const [from, heard] = (state ?? [0, []]) as [number, Json[]];
          for (let at = from; at < doings.length;) {
            const what = doings[at]!;
            if (what.op === "ask") heard.push((await r.happening("ask", { text: true })).text!);
            else if (what.op === "once") heard.push((await r.once("once", String(at), () => (effects++, what.value))) ?? null);
            else if (what.op === "fail")
              heard.push((await r.once("fail", "", () => Promise.reject(new Error("x"))).catch((error: unknown) => (error as Error).message)) ?? null);
            at++;
            if (what.op === "checkpoint") await r.checkpoint([at, heard]);
          }
          return heard;
        };
        const asks = doings.filter(({ op }) => op === "ask").length;
        const { runs } = await lived(
          script,
          said.slice(0, asks).map((one) => text(one)),
        );
        const answers = said.values();
        const expected = doings.flatMap((what): unknown[] =>
          what.op === "ask" ? [answers.next().value] : what.op === "once" ? [JSON.parse(JSON.stringify(what.value))] : what.op === "fail" ? ["x"] : [],
        );
        expect(runs.at(-1)?.reached).toEqual({ state: "done", result: expected });
        expect(effects).toBe(doings.filter(({ op }) => op === "once").length);
      }),
      { numRuns: 300 },
    );
  });
});
