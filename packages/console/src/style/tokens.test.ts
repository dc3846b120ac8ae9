import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

const tokens = new Map(
  [...readFileSync(new URL("tokens.css", import.meta.url), "utf8").matchAll(/--([\w-]+): light-dark\((#\w{6}), (#\w{6})\);/g)].map(
    ([, name = "", light = "", dark = ""]) => [name, { light, dark }],
  ),
);

/** WCAG 2.2, relative luminance. */
function luminance(color: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const part = Number.parseInt(color.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(one: string, other: string): number {
  const [dark = 0, light = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
}

const text: readonly (readonly [ink: string, grounds: readonly string[]])[] = [
  ["ink", ["ground", "surface", "raised", "accent-ground", "good-ground", "warn-ground", "bad-ground"]],
  ["soft", ["ground", "surface", "raised", "accent-ground"]],
  ["accent", ["ground", "surface", "raised", "accent-ground"]],
  ["accent-strong", ["surface", "accent-ground"]],
  ["on-accent", ["accent", "accent-strong"]],
  ["second", ["surface", "bad-ground", "good-ground"]],
  ["good", ["good-ground", "surface"]],
  ["warn", ["warn-ground", "surface"]],
  ["bad", ["bad-ground", "surface", "ground"]],
  ["on-bad", ["bad-strong"]],
];
const pairs = text.flatMap(([ink, grounds]) => grounds.map((ground) => [ink, ground] as const));

test.each(pairs)("%s can be read on %s, light and dark", (ink, ground) => {
  for (const theme of ["light", "dark"] as const) expect(contrast(tokens.get(ink)![theme], tokens.get(ground)![theme])).toBeGreaterThanOrEqual(4.5);
});

test.each([
  ["edge", "surface"],
  ["accent", "surface"],
  ["second", "surface"],
])("%s is told from %s, light and dark", (mark, ground) => {
  for (const theme of ["light", "dark"] as const) expect(contrast(tokens.get(mark)![theme], tokens.get(ground)![theme])).toBeGreaterThanOrEqual(3);
});
