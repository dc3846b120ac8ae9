import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { filesUnder, root } from "./tree.ts";

const longest = 300;
/** Files of a package's src that are longer, each with the reason. */
const longer: Readonly<Record<string, string>> = {};

// What is forbidden is put together here from parts, so that this file is judged like all others.
const machine = ["", "root", ""].join("/");
const registry = ["npmjs", "org"];
const unfinished = [
  ["TO", "DO"],
  ["FIX", "ME"],
  ["X", "XX"],
].map((parts) => parts.join(""));
const files = filesUnder().filter((path) => !/\.(png|gif|jpg|ico|woff2|pdf|gz)$/.test(path));
const text = new Map(files.map((path) => [path, readFileSync(join(root, path), "utf8")]));

const configured = process.env["npm_config_registry"];
const registries = [
  registry.join("\\."),
  ["_auth", "Token"].join(""),
  ['"resolved":', '"http'].join(" "),
  ...(configured === undefined ? [] : [new URL(configured).host.replaceAll(".", "\\.")]),
];
const rules: readonly { readonly about: string; readonly pattern: RegExp }[] = [
  { about: "no path of one machine", pattern: /(?<![\w.~$}-])\/(work|root|home)\// },
  { about: "no registry", pattern: new RegExp(registries.join("|")) },
  { about: "no promise to do it later", pattern: new RegExp(`\\b(?:${unfinished.join("|")})\\b`) },
];

describe.each(rules)("$about", ({ pattern }) => {
  test("in any file", () => {
    expect(text.size).toBeGreaterThan(20);
    expect([...text].flatMap(([path, content]) => linesWith(path, content, pattern))).toEqual([]);
  });
});

test("the rules find what they forbid, and only that", () => {
  const found = (line: string): boolean => rules.some(({ pattern }) => pattern.test(line));
  const bad = [`cd ${machine}x`, `"${machine}.cache"`, `https://registry.${registry.join(".")}/x`, `// ${unfinished[0]}: later`];
  expect(bad.filter((line) => !found(line))).toEqual([]);
  expect([`src${machine}x`, `.${machine}x`, "the home page", "/homes/", "a to-do list"].filter(found)).toEqual([]);
});

test(`a file of src has at most ${longest} lines, or a reason`, () => {
  const long = [...text]
    .filter(([path, content]) => /^packages\/[^/]+\/src\/.*(?<!\.test)\.ts$/.test(path) && content.split("\n").length - 1 > longest)
    .map(([path]) => path);
  expect(long).toEqual(Object.keys(longer));
});

function linesWith(path: string, content: string, pattern: RegExp): readonly string[] {
  return content.split("\n").flatMap((line, index) => (pattern.test(line) ? [`${path}:${index + 1} ${line.trim().slice(0, 120)}`] : []));
}
