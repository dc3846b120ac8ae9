import { onTerminal, printed, styled, type Style } from "./output.ts";

/** A column: its name, and how its cells look. */
export interface Column {
  readonly name: string;
  readonly style?: Style;
}

/** A cell that is longer moves the rest of its row: nothing is cut. */
const widest = 40;

/** Rows as they come, each column as wide as what has been seen of it. */
export interface Table {
  /** Prints them. The widths are those of all rows so far. */
  add(rows: readonly (readonly string[])[]): void;
}

/** A table on standard output: on a terminal it has a head; elsewhere it is rows alone, columns apart by two spaces or more. */
export function table(columns: readonly Column[]): Table {
  const widths = columns.map(({ name }) => (onTerminal ? name.length : 0));
  let begun = false;
  const row = (cells: readonly string[], style: (column: number) => Style | undefined): string =>
    cells
      .map((cell, i) => {
        const padded = i === cells.length - 1 ? cell : cell.padEnd(widths[i] as number);
        const by = style(i);
        return by === undefined ? padded : styled(by, padded);
      })
      .join("  ")
      .trimEnd();
  return {
    add(rows) {
      for (const cells of rows) cells.forEach((cell, i) => (widths[i] = Math.max(widths[i] as number, Math.min(cell.length, widest))));
      if (onTerminal && !begun && rows.length > 0)
        printed(
          row(
            columns.map(({ name }) => name.toUpperCase()),
            () => "bold",
          ),
        );
      begun = begun || rows.length > 0;
      for (const cells of rows) printed(row(cells, (i) => columns[i]?.style));
    },
  };
}

/** What is known of one thing, a line each; what is not known has none. */
export function facts(known: readonly (readonly [name: string, value: string | undefined])[]): void {
  const there = known.filter((fact): fact is readonly [string, string] => fact[1] !== undefined);
  const width = Math.max(...there.map(([name]) => name.length));
  for (const [name, value] of there) printed(`${styled("dim", name.padEnd(width))}  ${value}`);
}
