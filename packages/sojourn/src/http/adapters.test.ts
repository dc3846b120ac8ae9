import { afterAll, beforeAll, describe, test, vi } from "vitest";
import { memoryStore } from "../stores/memory/memory.ts";
import { delayed } from "../testing/delayed.ts";
import { httpContract } from "../testing/http-contract.ts";
import { adapters } from "./every-adapter.fixture.ts";

// Some servers write on stderr what their handlers threw.
beforeAll(() => void vi.spyOn(console, "error").mockImplementation(() => undefined));
afterAll(() => void vi.restoreAllMocks());

for (const [name, harness] of Object.entries(adapters)) {
  for (const [as, store] of [
    ["answers at once", () => memoryStore()],
    ["answers later", () => delayed(memoryStore())],
  ] as const) {
    describe(`${name}, a store that ${as}`, () => {
      for (const [promise, check] of Object.entries(httpContract)) {
        test(promise, () => check({ ...harness, store }));
      }
    });
  }
}
