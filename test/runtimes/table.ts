/** What was found of one runtime; the pairs are promises kept, of how many. */
export interface Row {
  readonly name: string;
  version: string;
  door: string;
  core: readonly [kept: number, of: number];
  store: readonly [kept: number, of: number];
  http: readonly [kept: number, of: number];
  readonly outside: [kept: number, of: number];
  /** Why it was not tried; empty when it was. */
  note: string;
}

const titles = ["runtime", "version", "#platform", "core", "store contract", "http contract", "http from outside"];

/** One line a runtime. */
export function tableOf(rows: readonly Row[]): string {
  const cells = rows.map(({ name, version, door, core, store, http, outside, note }) =>
    note === "" ? [name, version, door, ...[core, store, http, outside].map(ratio)] : [name, `skipped: ${note}`],
  );
  const widths = titles.map((title, column) => Math.max(title.length, ...cells.map((line) => (line.length === 2 ? 0 : (line[column]?.length ?? 0)))));
  const lines = [titles, ...cells].map((line) => line.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  "));
  return `Promises kept on each runtime, by the package as it would be published\n${lines.map((line) => `  ${line.trimEnd()}`).join("\n")}`;
}

function ratio([kept, of]: readonly [number, number]): string {
  return of === 0 ? "-" : `${kept} of ${of}`;
}
