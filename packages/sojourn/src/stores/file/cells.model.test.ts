import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cells, type Cells } from "./cells.ts";
import { decodeFrame } from "./frame.ts";
import { finish } from "./scrub-entries.ts";
import { scheduledDisk, type Published, type ScheduledDisk } from "./scheduled-disk.fixture.ts";

const cell = "r/ab/c/session";
const folders = ["r", "r/ab", "r/ab/c", "t"];
const now = (): number => 1_000_000_000_000;
const noSleep = async (): Promise<void> => undefined;

type Act = "append" | "clear" | "read" | "finish";
/** What one process does, and after how many steps it is killed. One that is stopped is one whose turn does not come for long: the scheduler sees to that. */
interface Script {
  readonly acts: readonly Act[];
  readonly dies: number | undefined;
  /** Waits until a step of its own may be done. */
  readonly turn?: () => Promise<unknown>;
  readonly done?: () => void;
}

const scripts = fc.array(
  fc.record({
    acts: fc.array(fc.constantFrom<Act>("append", "append", "append", "clear", "read", "finish"), { minLength: 1, maxLength: 4 }),
    dies: fc.option(fc.nat({ max: 40 }), { nil: undefined }),
  }),
  { minLength: 2, maxLength: 4 },
);

const payloadOf = ({ bytes }: Published): string => decodeFrame(bytes).payload;

/** The texts that the cell has had one after the other, `""` where it was not there. Fails where one was not made from the one before it. */
function chainOf({ published }: ScheduledDisk): string[] {
  const chain = [""];
  let last: Published | undefined;
  for (const next of published) {
    const [before, payload] = [last === undefined ? "" : payloadOf(last), payloadOf(next)];
    if (next.begins) expect(before, "a cell was made where there was one").toBe("");
    else expect(next.generation, "a generation was written over, or one of the past came back").toBe((last?.generation ?? NaN) + 1);
    if (payload !== "") expect(payload.split(" ").slice(0, -1).join(" "), "a change was lost").toBe(before);
    chain.push(payload);
    last = next;
  }
  return chain;
}

async function play(disk: ScheduledDisk, turn: () => Promise<unknown>, scriptsOf: readonly Script[]): Promise<void> {
  const acknowledged: string[] = [];
  const undone: string[] = [];
  const reads: { from: number; to: number; payload: string }[] = [];
  let tokens = 0;

  async function act(own: Cells, ownDisk: Parameters<typeof finish>[0]["disk"], what: Act): Promise<void> {
    if (what === "finish") return finish({ disk: ownDisk, cells: own }, cell);
    if (what === "read") {
      const from = disk.published.length;
      const content = await own.read(cell);
      reads.push({ from, to: disk.published.length, payload: content?.payload ?? "" });
      return;
    }
    const landed = await own.update(cell, {
      decide(content) {
        if (what === "clear") return { answer: "", next: content === undefined ? undefined : "" };
        const token = `x${tokens++}`;
        return {
          answer: token,
          next: content === undefined ? token : `${content.payload} ${token}`,
          undo: async () => void undone.push(token),
        };
      },
    });
    if (what === "append") acknowledged.push(landed.answer);
    await landed.tidy();
  }

  const alive = scriptsOf.map(async ({ acts, dies, turn: ownTurn = turn, done }) => {
    const ownDisk = disk.processOf(ownTurn, dies);
    const own = cells({ disk: ownDisk, flush: true, now, sleep: noSleep });
    for (const what of acts) await act(own, ownDisk, what);
    done?.();
  });
  await Promise.all(alive.filter((_, i) => scriptsOf[i]?.dies === undefined));
  // Whoever comes next goes on at once, whatever was left behind.
  const lastDisk = disk.processOf(async () => undefined);
  await act(cells({ disk: lastDisk, flush: true, now, sleep: noSleep }), lastDisk, "append");

  const chain = chainOf(disk);
  for (const token of acknowledged)
    expect(
      chain.filter((payload) => payload.endsWith(token)),
      `${token} was acknowledged`,
    ).toHaveLength(1);
  for (const token of undone)
    expect(
      chain.some((payload) => payload.split(" ").includes(token)),
      `${token} was taken back`,
    ).toBe(false);
  for (const { from, to, payload } of reads) expect(chain.slice(from, to + 1), "a read gave what was not there").toContain(payload);
}

describe("a cell under every order of steps", () => {
  it("no change is lost, none comes back, every read was true, and nobody waits for the dead", async () => {
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), scripts, async (scheduler, processes) => {
        const disk = scheduledDisk(folders);
        await scheduler.waitFor(play(disk, () => scheduler.schedule(Promise.resolve()), processes));
      }),
      { numRuns: 1_500 },
    );
  }, 120_000);

  it("nor with one sleeper among many short lives of the cell", async () => {
    const awake = async (): Promise<void> => undefined;
    await fc.assert(
      fc.asyncProperty(fc.nat({ max: 30 }), fc.nat({ max: 120 }), fc.constantFrom<Act>("append", "clear", "finish"), async (asleepAt, wakesAt, what) => {
        let wake = (): void => undefined;
        const woken = new Promise<void>((resolve) => (wake = resolve));
        let [own, others] = [0, 0];
        const sleeper: Script = { acts: ["append", what, "append"], dies: undefined, turn: async () => (own++ === asleepAt ? woken : undefined) };
        const busy: Script = {
          acts: ["append", "clear", "append", "append", "clear", "append", "append", "append", "clear", "append"],
          dies: undefined,
          turn: async () => (others++ === wakesAt ? wake() : undefined),
          done: () => wake(),
        };
        await play(scheduledDisk(folders), awake, [sleeper, busy]);
      }),
      { numRuns: 1_000 },
    );
  }, 120_000);
});
