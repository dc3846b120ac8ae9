import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { later } from "./clean-up.fixture.ts";

/** A folder that goes when the test is over. */
export function tempFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "sojourn-server-"));
  later(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
