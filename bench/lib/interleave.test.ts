import { expect, test } from "vitest";
import { interleavedRound } from "./interleave.mjs";
import { seeded } from "./statistics.mjs";

test("each slot stands between two bare ones, and every cell comes once, in an order of its own each round", async () => {
  const cells = ["a", "b", "c", "d"] as const;
  const orders = new Set<string>();
  const random = seeded(3);
  for (let round = 0; round < 20; round++) {
    const log: string[] = [];
    const bare = (): Promise<{ rate: number; cpu: number }> => Promise.resolve((log.push("bare"), { rate: 100, cpu: 10 }));
    const measure = (cell: string): Promise<{ rate: number; cpu: number }> => Promise.resolve((log.push(cell), { rate: 50, cpu: 30 }));
    const samples = await interleavedRound({ cells, bare, measure, random });
    expect(log.filter((_, index) => index % 2 === 0)).toEqual(["bare", "bare", "bare", "bare", "bare"]);
    const order = log.filter((name) => name !== "bare");
    expect(order.toSorted()).toEqual([...cells]);
    expect(samples.get("a")).toEqual({ rate: 50, share: 0.5, addedCpu: 20, bareRate: 100, bareCpu: 10 });
    orders.add(order.join());
  }
  expect(orders.size).toBeGreaterThan(5);
});

test("a machine that slows down while the round runs does not touch the shares", async () => {
  let speed = 1_000;
  const slower = (): number => (speed -= 20);
  const samples = await interleavedRound({
    cells: ["half", "same"],
    bare: () => Promise.resolve({ rate: slower(), cpu: 10 }),
    measure: (cell) => Promise.resolve({ rate: slower() * (cell === "half" ? 0.5 : 1), cpu: 10 }),
  });
  expect(samples.get("half")?.share).toBeCloseTo(0.5, 12);
  expect(samples.get("same")?.share).toBeCloseTo(1, 12);
});
