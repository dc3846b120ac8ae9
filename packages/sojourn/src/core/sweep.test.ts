import { expect, test } from "vitest";
import { memoryStore } from "../stores/memory/memory.ts";
import { fakeClock } from "../testing/fake-clock.ts";
import { createSessions } from "./sessions.ts";

test("a sweep of a store that answers at once lets everybody else have their turn", async () => {
  const clock = fakeClock();
  const sessions = createSessions({ store: memoryStore(), clock });
  const total = 2_000;
  for (let i = 0; i < total; i++) await sessions.create({ idle: "1m" });
  clock.advance("2m");
  let ended = 0;
  sessions.on("ended", () => void ended++);
  await sessions.run();
  /** How many had ended at each turn of the event loop. */
  const seen: number[] = [];
  while (ended < total) {
    await new Promise((resolve) => setImmediate(resolve));
    seen.push(ended);
  }
  await sessions.close();
  const most = Math.max(...seen.map((count, i) => count - (seen[i - 1] ?? 0)));
  expect(most).toBeGreaterThan(0);
  expect(most).toBeLessThan(total / 2);
});
