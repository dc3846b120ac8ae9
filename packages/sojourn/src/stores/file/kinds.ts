import { satisfies, type Cursor, type Found, type Page, type SessionRecord } from "../../core/seam.ts";
import { onlyFields } from "../only-fields.ts";
import type { Disk } from "./disk.ts";
import { readable, type Documents } from "./documents.ts";
import type { Healing } from "./healing.ts";
import { isLive, type Indexes } from "./indexes.ts";
import { entryOf, kindFolder, kindPath } from "./paths.ts";

/** The sessions of a kind, by the entries in its folders. */
export interface Kinds {
  find(kind: string, page: Page): Promise<Found>;
  /** How many have not ended. Lists all of the kind's folders, and reads the records of those that begin or end at the moment, or whose process died meanwhile. */
  live(kind: string): Promise<number>;
}

export interface FindingSettings {
  readonly disk: Disk;
  readonly documents: Documents;
  readonly index: Indexes;
  readonly healing: Healing;
  /** Has something done that nobody waits for. */
  readonly later: (work: () => Promise<unknown>) => void;
}

/** What is read at a time. */
const atOnce = 16;

export function kinds({ disk, documents, index, healing, later }: FindingSettings): Kinds {
  const inOrder = (names: readonly string[] | undefined): string[] => (names ?? []).filter((name) => /^[0-9a-f]{2}$/.test(name)).toSorted();

  function heal(kind: string, name: string, mark: string): void {
    later(async () => {
      if (await healing.isDead(name, mark, (document) => document?.mark === mark)) await index.leave(kind, name, mark);
    });
  }

  async function find(kind: string, { after, limit = 100, only }: Page): Promise<Found> {
    const [afterShard = "", afterName = ""] = after?.split(".") ?? [];
    const records: SessionRecord[] = [];
    for (const shard of inOrder(await disk.list(kindFolder(kind)))) {
      if (shard < afterShard) continue;
      const files = (await disk.list(`${kindFolder(kind)}/${shard}`)) ?? [];
      const entries = files.flatMap((file) => entryOf(file) ?? []).filter(({ flag, name }) => flag === "a" && (shard > afterShard || name > afterName));
      const marksOf = new Map<string, string[]>();
      for (const { name, mark } of entries) marksOf.set(name, [...(marksOf.get(name) ?? []), mark]);
      const marked = [...marksOf].toSorted(([x], [y]) => (x < y ? -1 : 1));
      for (let from = 0; from < marked.length; from += atOnce) {
        const some = marked.slice(from, from + atOnce);
        const read = await Promise.all(some.map(([name]) => readable(documents, name)));
        for (const [i, [name, marks]] of some.entries()) {
          const document = read[i];
          if (document === "unreadable") continue;
          for (const mark of marks) if (document?.mark !== mark) heal(kind, name, mark);
          const record = document?.record;
          if (record !== undefined && satisfies(record, { kind })) records.push(onlyFields(record, only));
          if (records.length === limit) return { records, next: `${shard}.${name}` as Cursor };
        }
      }
    }
    return { records };
  }

  async function live(kind: string): Promise<number> {
    let sure = 0;
    const asked: Promise<number>[] = [];
    for (const shard of inOrder(await disk.list(kindFolder(kind)))) {
      const flags = new Map<string, string>();
      for (const file of (await disk.list(`${kindFolder(kind)}/${shard}`)) ?? []) {
        const entry = entryOf(file);
        if (entry !== undefined) flags.set(`${entry.name}.${entry.mark}`, (flags.get(`${entry.name}.${entry.mark}`) ?? "") + entry.flag);
      }
      for (const [key, has] of flags) {
        const [name = "", mark = ""] = key.split(".");
        if (!has.includes("a")) heal(kind, name, mark);
        else if (!has.includes("d") && has.includes("l")) sure++;
        else if (!has.includes("d") || has.includes("l")) asked.push(ask(kind, name, mark));
        if (asked.length % atOnce === atOnce - 1) await Promise.all(asked);
      }
    }
    return (await Promise.all(asked)).reduce((sum, one) => sum + one, sure);
  }

  /** Asks the record, and has its entries say next time what it says now. */
  async function ask(kind: string, name: string, mark: string): Promise<number> {
    const document = await readable(documents, name);
    if (document === "unreadable") return 0;
    if (document?.mark !== mark) {
      heal(kind, name, mark);
      return 0;
    }
    if (isLive(document)) return 1;
    later(async () => {
      await index.put(kindPath(kind, name, mark, "d"));
      await disk.unlink(kindPath(kind, name, mark, "l"));
    });
    return 0;
  }

  return { find, live };
}
