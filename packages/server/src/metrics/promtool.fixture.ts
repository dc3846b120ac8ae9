import { spawnSync } from "node:child_process";

/** Prometheus's own tool, which comes with it. `undefined` where it is not installed. */
export const promtool: string | undefined = spawnSync("promtool", ["--version"]).status === 0 ? "promtool" : undefined;

/** Why a test is skipped without it. */
export const noPromtool = "There is no promtool (Debian package prometheus).";

interface Said {
  /** 0: all is well; 1: it cannot be read, or fails; 3: it can be read, and breaks a convention. */
  readonly status: number | null;
  readonly said: string;
}

/** What it says of metrics in the text format, or of a file of rules. */
export function promtoolCheck(what: "metrics" | "rules", given: string): Said {
  return said(what === "rules" ? ["check", "rules", given] : ["check", "metrics"], what === "metrics" ? given : "");
}

/** What it says of a file of tests of rules. */
export function promtoolTest(file: string): Said {
  return said(["test", "rules", file], "");
}

function said(args: readonly string[], input: string): Said {
  const { status, stdout, stderr } = spawnSync("promtool", args, { input, encoding: "utf8", timeout: 15_000 });
  return { status, said: stdout + stderr };
}
