import { expect, test } from "vitest";
import { bytesText, counted, countText, latencyText } from "./numbers.ts";

test("counts", () => {
  expect(countText(1_234_567)).toBe("1,234,567");
  expect(counted(1, "session")).toBe("1 session");
  expect(counted(1200, "session")).toBe("1,200 sessions");
  expect(counted(0, "entry", "entries")).toBe("0 entries");
});

test.each([
  [0, "0 ms"],
  [0.042, "0.042 ms"],
  [1.254, "1.25 ms"],
  [31.27, "31.3 ms"],
  [310.4, "310 ms"],
  [2140, "2.1 s"],
])("%d ms is shown as %s", (ms, text) => {
  expect(latencyText(ms)).toBe(text);
});

test.each([
  [999, "999 B"],
  [1000, "1.0 kB"],
  [84_000_000, "84 MB"],
  [384_000_000, "384 MB"],
])("%d bytes are %s", (bytes, text) => {
  expect(bytesText(bytes)).toBe(text);
});
