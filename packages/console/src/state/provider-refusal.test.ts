import { expect, test } from "vitest";
import { providerRefusal } from "./provider-refusal.ts";

test.each([
  ["", undefined],
  ["#content", undefined],
  ["#/login?why=expired", "It took longer than ten minutes. Begin again."],
  ["#/login?why=constructor", "The log-in with your provider came to nothing."],
  ["#/login?why=%3Cb%3E", undefined],
])("%s", (hash, text) => {
  expect(providerRefusal(hash)).toBe(text);
});
