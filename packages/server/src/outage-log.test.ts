import { createSessions, SojournError } from "sojourn";
import { memoryStore } from "sojourn/stores/memory";
import { expect, test, vi } from "vitest";
import { outageLog } from "./outage-log.ts";

test("an outage has a line when it begins and one when it is over, and what fails meanwhile for that reason has none", async () => {
  const lines: string[] = [];
  let down = true;
  const broken = (): void => {
    if (down) throw new SojournError("store_unavailable", "The session store is unavailable: it is switched off.");
  };
  const memory = memoryStore();
  const store = { ...memory, find: (...given: Parameters<typeof memory.find>) => (broken(), memory.find(...given)) };
  const sessions = createSessions({ store, sweep: 5, breaker: { after: 3, longest: 100 } });
  const calm = outageLog({
    request: () => undefined,
    info: (message) => void lines.push(`info: ${message}`),
    error: (message) => void lines.push(`error: ${message}`),
  });
  calm.follow(sessions);
  await sessions.run();
  await vi.waitFor(() => expect(lines.at(-1)).toBe("error: the session store is left alone until it answers: reads"), { timeout: 10_000 });
  const before = lines.length;
  expect(lines.slice(0, -1).every((line) => line === "error: could not sweep")).toBe(true);
  await new Promise((resolve) => setTimeout(resolve, 200));
  calm.log.error("request x failed", new SojournError("store_unavailable", "It is left alone."));
  expect(lines).toHaveLength(before);
  calm.log.error("request y failed", new SojournError("outcome_unknown", "Nobody knows."));
  expect(lines.slice(before)).toEqual(["error: request y failed"]);
  down = false;
  await vi.waitFor(() => expect(lines.at(-1)).toBe("info: the session store answers again: reads"), { timeout: 10_000 });
  const mark = lines.length;
  down = true;
  await vi.waitFor(() => expect(lines.slice(mark)).toContain("error: could not sweep"), { timeout: 10_000 });
  await sessions.close();
});
