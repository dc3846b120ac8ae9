import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { root } from "../tree.ts";

const figures = (text: string): readonly string[] => text.split("\n").filter((line) => line.startsWith("|"));

test("the figures of docs/clusters.md on uneven load are what examples/cluster/skew.js prints", async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [join(root, "examples/cluster/skew.js")]);
  const [, told = ""] = /<!-- skew: begin -->([^]*)<!-- skew: end -->/.exec(readFileSync(join(root, "docs/clusters.md"), "utf8")) ?? [];
  expect(figures(stdout)).toHaveLength(8);
  expect(figures(told)).toEqual(figures(stdout));
});
