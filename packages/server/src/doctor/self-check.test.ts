import { expect, test } from "vitest";
import { mechanisms, selfCheck } from "./self-check.ts";

test("every mechanism holds with the code that runs here", async () => {
  const began = performance.now();
  expect(await selfCheck()).toEqual(Object.fromEntries(mechanisms.map((name) => [name, true])));
  console.log(`${mechanisms.length} mechanisms tried in ${(performance.now() - began).toFixed(0)} ms`);
});
