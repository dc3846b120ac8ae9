import { setTimeout as sleep } from "node:timers/promises";
import { reservations as reservationsOf } from "../reservations.ts";
import { cells as cellsOn } from "./cells.ts";
import type { Disk } from "./disk.ts";
import { documents as documentsIn } from "./documents.ts";
import { fileOwners } from "./file-owners.ts";
import { filePlaces } from "./file-places.ts";
import { healing as healingOf } from "./healing.ts";
import { indexes } from "./indexes.ts";
import { kinds as kindsOf, type FindingSettings, type Kinds } from "./kinds.ts";
import { newMark } from "./paths.ts";
import type { Scrubbing } from "./scrub-entries.ts";

/** The parts of a store on one disk. */
export interface FileParts extends Scrubbing, FindingSettings {
  readonly kinds: Kinds;
  /** Resolves when nothing is going on. */
  idle(): Promise<void>;
}

export interface FilePartsSettings {
  readonly disk: Disk;
  readonly flush: boolean;
  /** ms */
  readonly grace: number;
  /** By the file system's clock, epoch ms. */
  readonly now: () => number;
}

export function fileParts({ disk, flush, grace, now }: FilePartsSettings): FileParts {
  const working = new Set<Promise<unknown>>();
  const later = (work: () => Promise<unknown>): void => {
    // What fails is done by whoever meets it next.
    const done: Promise<unknown> = work()
      .catch(() => undefined)
      .finally(() => working.delete(done));
    working.add(done);
  };
  const cells = cellsOn({ disk, flush, now, sleep });
  const index = indexes(disk, flush);
  const documents = documentsIn(cells, index, now);
  const healing = healingOf({ disk, documents, grace, now });
  const kinds = kindsOf({ disk, documents, index, healing, later });
  const places = filePlaces(cells, now);
  const reservations = reservationsOf({
    owners: fileOwners(documents, kinds.live),
    places,
    nonce: () => newMark(Date.now()),
    grace,
    sleep: (ms) => sleep(ms),
  });

  return {
    ...{ disk, cells, index, documents, healing, kinds, places, reservations, later, now, grace },
    async idle() {
      // Each may begin something of another.
      for (let before = -1; before !== 0;) {
        await reservations.idle();
        await Promise.all([documents.idle(), places.idle()]);
        before = working.size;
        await Promise.all(working);
      }
    },
  };
}
