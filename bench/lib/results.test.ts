import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, test } from "vitest";
import { writeResults } from "./results.mjs";

test("a suite replaces its own section and leaves those of the others", () => {
  const folder = mkdtempSync(join(tmpdir(), "sojourn-results-"));
  try {
    const file = pathToFileURL(join(folder, "RESULTS.md"));
    writeResults(file, "http", "## http\n\nold\n");
    writeResults(file, "memory", "## memory\n\nkept\n");
    writeResults(file, "http", "## http\n\nnew\n");
    const text = readFileSync(file, "utf8");
    expect(text.match(/^## .*|old|new|kept$/gm)).toEqual(["## http", "new", "## memory", "kept"]);
    expect(text.startsWith("# Results")).toBe(true);
    expect(text).not.toContain("\n\n\n");
  } finally {
    rmSync(folder, { recursive: true });
  }
});
