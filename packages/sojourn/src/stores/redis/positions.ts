import type { Cursor } from "../../core/seam.ts";

/** What an empty stream is read from. */
export const beginning = "0-0";

/** How far a watcher has read each stream. */
export interface Positions {
  at(stream: number): string;
  /** Goes on. @returns the cursor as it stands then, written out only when it is asked for: on a Cluster it is long */
  advance(stream: number, to: string): () => Cursor;
}

/** Steps after which the positions are copied: a cursor is a copy and some steps. */
const mostSteps = 256;

export function positions(from: readonly string[]): Positions {
  const now = [...from];
  let base = [...from];
  let steps: { readonly stream: number; readonly to: string }[] = [];
  return {
    at: (stream) => now[stream] ?? beginning,
    advance(stream, to) {
      now[stream] = to;
      steps.push({ stream, to });
      const [mine, taken, count] = [base, steps, steps.length];
      if (count === mostSteps) [base, steps] = [[...now], []];
      return () => {
        const then = [...mine];
        for (let i = 0; i < count; i++) {
          const step = taken[i] as (typeof taken)[number];
          then[step.stream] = step.to;
        }
        return written(then);
      };
    },
  };
}

/** The ids of stream entries with both numbers to the base 36, `.` between them, `,` between streams. */
function written(ids: readonly string[]): Cursor {
  return ids.map((id) => (id === beginning ? "" : id.split("-", 2).map(inBase36).join("."))).join(",") as Cursor;
}

function inBase36(digits: string): string {
  return Number(digits).toString(36);
}

/** What a cursor says; `undefined` when it is none of a store with so many streams. */
export function positionsIn(cursor: Cursor, streams: number): readonly string[] | undefined {
  const parts = cursor.split(",");
  if (parts.length !== streams || !parts.every((part) => /^(?:[0-9a-z]{1,11}\.[0-9a-z]{1,11})?$/.test(part))) return undefined;
  if (streams === 1 && cursor === "") return undefined;
  return parts.map((part) =>
    part === ""
      ? beginning
      : part
          .split(".")
          .map((digits) => parseInt(digits, 36))
          .join("-"),
  );
}
