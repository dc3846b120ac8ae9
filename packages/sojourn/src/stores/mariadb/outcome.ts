import type { Outcome } from "../../core/seam.ts";

/** The outcome in the row that the commit procedure answers. */
export function outcomeOf(row: readonly unknown[] = [], aliases: readonly string[]): Outcome {
  const [word, detail] = [String(row[0]), Number(row[1])];
  switch (word) {
    case "ok":
      return { ok: true, version: detail };
    case "exists":
    case "missing":
    case "ended":
    case "stale":
    case "fenced":
      return { ok: false, why: word };
    case "full of subject":
      return { ok: false, why: "full", of: "subject" };
    case "full of kind":
      return { ok: false, why: "full", of: "kind" };
    case "taken":
      return { ok: false, why: "taken", alias: aliases[detail] ?? "" };
    default:
      throw new Error(`the commit procedure answered ${word}`);
  }
}
