import { satisfies, type Found, type Page, type SessionRecord } from "../../core/seam.ts";
import { onlyFields } from "../only-fields.ts";
import { readable } from "./documents.ts";
import type { FindingSettings } from "./kinds.ts";
import { dayOf, entryOf, minuteOf } from "./paths.ts";

const atOnce = 16;

interface Due {
  readonly path: string;
  readonly name: string;
  readonly mark: string;
}

/**
 * Records whose wake has come, the earliest first. Lists the days that have begun, of these the minutes, and of these what stands in them: what is not due costs nothing
 * but its day's name.
 */
export async function findDue({ disk, documents, healing, later }: FindingSettings, before: number, { limit = 100, only }: Page): Promise<Found> {
  const records: SessionRecord[] = [];
  if (before < 0) return { records };
  const seen = new Set<string>();
  const [lastDay, lastMinute] = [dayOf(before), minuteOf(before)];

  async function take(some: readonly Due[]): Promise<void> {
    const read = await Promise.all(some.map(({ name }) => readable(documents, name)));
    for (const [i, { path, name, mark }] of some.entries()) {
      const document = read[i];
      if (document === "unreadable") continue;
      const isOwn = document?.alarm?.mark === mark;
      if (!isOwn) {
        later(async () => {
          if (await healing.isDead(name, mark, (found) => found?.alarm?.mark === mark)) await disk.unlink(path);
        });
      } else if (document?.record === undefined) later(() => healing.forget(name));
      else if (!seen.has(name) && satisfies(document.record, { wakeBefore: before })) {
        seen.add(name);
        records.push(onlyFields(document.record, only));
      }
    }
  }

  for (const day of digits(await disk.list("w"), 9)) {
    if (day > lastDay) break;
    const minutes = digits(await disk.list(`w/${day}`), 4);
    // What is empty and lies behind us is not needed again; with something in it, it stays.
    if (minutes.length === 0 && day < lastDay) later(() => disk.rmdir(`w/${day}`));
    for (const minute of minutes) {
      if (day === lastDay && minute > lastMinute) break;
      const folder = `w/${day}/${minute}`;
      const files = ((await disk.list(folder)) ?? []).toSorted();
      if (files.length === 0 && (day < lastDay || minute < lastMinute)) later(() => disk.rmdir(folder));
      const due = files.flatMap((file): Due[] => {
        const entry = entryOf(file);
        return entry === undefined || entry.wake === "" || Number(entry.wake) > before ? [] : [{ path: `${folder}/${file}`, ...entry }];
      });
      for (let from = 0; from < due.length && records.length < limit; from += atOnce) await take(due.slice(from, from + atOnce));
      if (records.length >= limit) return { records: records.slice(0, limit) };
    }
  }
  return { records };
}

function digits(names: readonly string[] | undefined, length: number): string[] {
  return (names ?? []).filter((name) => name.length === length && /^\d+$/.test(name)).toSorted();
}
