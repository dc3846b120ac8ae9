import { storeUnavailable } from "../../core/errors.ts";
import type { Entry, Place, Places, Reservation } from "../places.ts";
import type { Cells } from "./cells.ts";
import { decodeEntries, encodeEntries, type KeptEntry } from "./entries-codec.ts";
import { placeCell } from "./paths.ts";
import { afterwards, turns } from "./turns.ts";

type Answer = Awaited<ReturnType<Places["reserve"]>>;

interface Item {
  readonly place: Place;
  readonly judge: (entries: readonly KeptEntry[], now: number) => { readonly answer: Answer; readonly next?: readonly KeptEntry[] };
  readonly deadline: number | undefined;
}

/** Places whose entries can be taken out when they should not be there. */
export interface FilePlaces extends Places {
  idle(): Promise<void>;
}

/** One cell a place: its entries in the order in which they were put. All that one process wants of a place at a moment is one change. */
export function filePlaces(cells: Cells, now: () => number): FilePlaces {
  const byPlace = turns<Item, Answer>(async (cell, items) => {
    /** Those that were in time when it was last decided: the others have had their answer, and hold nobody up. */
    let inTime = items;
    const { answer, tidy } = await cells.update(cell, {
      decide(content) {
        inTime = items.filter(({ deadline }) => !isOver(deadline));
        let entries = content === undefined ? [] : decodeEntries(content.payload).entries;
        let changed = false;
        const answers = items.map((item) => {
          if (!inTime.includes(item)) return late();
          const { judge } = item;
          const judged = judge(entries, now());
          if (judged.next !== undefined) {
            entries = judged.next;
            changed = true;
          }
          return judged.answer;
        });
        return { answer: answers, next: changed ? encodeEntries(items[0]?.place ?? "", entries) : undefined };
      },
      isLate: () => inTime.some(({ deadline }) => isOver(deadline)),
    });
    return { answers: answer, after: afterwards(tidy) };
  });

  function aged({ id, nonce, at }: KeptEntry): Entry {
    return { id, nonce, age: now() - at };
  }

  return {
    reserve: (place, { id, nonce }, capacity, deadline) =>
      byPlace.take(placeCell(place), {
        place,
        deadline,
        judge(entries, at) {
          const others = entries.filter((entry) => entry.id !== id);
          const crowd = others.length >= capacity ? others.map(aged) : [];
          const mine = entries.find((entry) => entry.id === id);
          if (mine !== undefined) return { answer: { nonce: mine.nonce, crowd } };
          if (others.length >= capacity) return { answer: { nonce: undefined, crowd } };
          return { answer: { nonce, crowd }, next: [...entries, { id, nonce, at }] };
        },
      }),
    async remove(place, entry, deadline) {
      await byPlace.take(placeCell(place), {
        place,
        deadline,
        judge(entries) {
          const next = entries.filter((one) => !isSame(one, entry));
          return { answer: { nonce: undefined, crowd: [] }, ...(next.length < entries.length && { next }) };
        },
      });
    },
    async list(place) {
      const content = await cells.read(placeCell(place));
      return content === undefined ? [] : decodeEntries(content.payload).entries.map(aged);
    },
    idle: () => byPlace.idle(),
  };
}

function isSame(x: Reservation, y: Reservation): boolean {
  return x.id === y.id && x.nonce === y.nonce;
}

/** Whether the deadline of a call has passed. */
export function isOver(deadline: number | undefined): boolean {
  return deadline !== undefined && deadline <= Date.now();
}

/** What a call hears whose deadline passed while it could still be kept back. */
export function late(): Error {
  return storeUnavailable("the deadline passed before the change was written; nothing was written");
}
