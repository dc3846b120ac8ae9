import { expect, test } from "vitest";
import { grouped, type Finding } from "./verdicts.ts";

const finding = (id: string, area: string, verdict: Finding["verdict"], fix?: string): Finding => ({
  id,
  area,
  requirement: `requirement ${id}`,
  verdict,
  why: "because",
  ...(fix !== undefined && { fix }),
});
const findings = [
  finding("V7.1", "tokens", "met"),
  finding("V3.3", "cookies", "not met", "Set Secure."),
  finding("V7.2", "tokens", "met"),
  finding("V9", "time", "yours to decide"),
];

test("what is not met comes first", () => {
  expect(grouped(findings, "").map(({ verdict, count, areas }) => [verdict, count, areas.map(([area]) => area)])).toEqual([
    ["not met", 1, ["cookies"]],
    ["yours to decide", 1, ["time"]],
    ["met", 2, ["tokens"]],
  ]);
});

test.each([
  [" secure ", ["V3.3"]],
  ["TOKENS", ["V7.1", "V7.2"]],
  ["nothing of it", []],
])("%j is found", (text, ids) => {
  expect(grouped(findings, text).flatMap(({ areas }) => areas.flatMap(([, of]) => of.map(({ id }) => id)))).toEqual(ids);
});
