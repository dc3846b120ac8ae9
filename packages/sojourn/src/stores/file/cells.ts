import { randomInt } from "node:crypto";
import { outcomeUnknown, SojournError, storeUnavailable } from "../../core/errors.ts";
import type { Disk, Draft, Step } from "./disk.ts";
import { makeFolder, notMounted } from "./folders.ts";
import { isRefusal } from "./file-errors.ts";
import { decodeFrame, encodeFrame, trailLength, type Frame } from "./frame.ts";
import { newMark, parentOf, stagingFolder } from "./paths.ts";
import { newestIn, newGeneration, tidy } from "./generations.ts";

/** One generation of a cell. Never changes: cell and number together name one text for ever. */
export interface Content extends Frame {
  readonly generation: number;
}

/** What to make of a cell. */
export interface Decision<T> {
  readonly answer: T;
  /** The next payload; `""`: nothing, the cell may go; `undefined`: it stays as it is. */
  readonly next: string | undefined;
  /** Done before `next` can land. */
  readonly prepare?: () => Promise<void>;
  /** Done when it is certain that `next` did not land and never will. */
  readonly undo?: () => Promise<unknown>;
}

/** A change to a cell. */
export interface Work<T> {
  /** May be asked several times, each time with another mark: what it said last counts. */
  decide(content: Content | undefined, mark: string): Decision<T>;
  /** A generation that need not be read again, should it be the newest still. */
  readonly known?: Content | undefined;
  /** Whether it is too late to write. If so it decides again. */
  isLate?(): boolean;
}

/** What came of a change. */
export interface Landed<T> {
  readonly answer: T;
  /** What has landed. */
  readonly content: Content | undefined;
  /** Takes what is left over away: called once by whoever made the change, who need not wait. @returns how many others were sent back to the start. */
  readonly tidy: () => Promise<number>;
}

/**
 * Texts that are changed by compare-and-set, in folders of a file system that several machines share. Needs nothing but that `link` and `rename` refuse what is there
 * already: no lock, so a process that dies or stops anywhere holds nobody up.
 *
 * A cell is a folder; its generations are files with growing numbers, of which the highest counts. To change it, a writer
 *
 * 1. announces itself: it makes the file `t.<mark>` in the folder, and holds it open,
 * 2. then lists the folder and reads the highest generation, `n`,
 * 3. writes the next text into its open file, closes it, and links it to the name `n + 1`. Who finds that name taken has lost, and begins again.
 * 4. Who has won lists the folder again, takes away every announcement that it sees, and only then the generations below its own, lowest first.
 *
 * Why a sleeper does no harm: the name `n + 1` is free again only after somebody linked a higher one, then listed, then took away what was listed. A sleeper that found
 * `n` to be the highest had announced itself before the higher one was linked. So its announcement was listed, and is gone: its link finds no file. For the
 * same reason it does no harm if a listing, which is no snapshot, misses a generation that comes or goes meanwhile. Whoever is sent back without need begins again;
 * somebody is sent back only when somebody has won.
 *
 * A cell is made as a whole: a folder `t/<name>.<mark>` with the first generation in it is renamed to the cell's name, which fails when one that is not
 * empty stands there. Its number is drawn by chance, so that the numbers of one life of a cell are never those of another: what a sleeper still takes away, by name, is of its own time.
 * A cell goes when its highest generation says "nothing": announcements first, then generations, then the folder, which goes only while it is empty. A folder without a generation is thus one that is on its way out.
 */
export interface Cells {
  /** The newest content, `undefined` when there is none. `known`: a generation that need not be read. */
  read(cell: string, known?: Content): Promise<Content | undefined>;
  /** @throws {SojournError} `outcome_unknown` when the file system did not say whether it landed. Other errors: nothing was written. */
  update<T>(cell: string, work: Work<T>): Promise<Landed<T>>;
}

export interface CellSettings {
  readonly disk: Disk;
  /** Whether what has landed is on the disk when it is told. */
  readonly flush: boolean;
  /** By the file system's clock, epoch ms. */
  readonly now: () => number;
  /** Waits so many ms. */
  readonly sleep: (ms: number) => Promise<unknown>;
}

const mostTries = 1_000;
const nothingToTidy = async (): Promise<number> => 0;

export function cells({ disk, flush, now, sleep }: CellSettings): Cells {
  async function newest(cell: string, known?: Content): Promise<Content | undefined> {
    for (let empty = 0; ;) {
      const names = await disk.list(cell);
      if (names === undefined) return undefined;
      const generation = newestIn(names);
      // A listing is no snapshot: it may have missed one that went and one that came.
      if (generation === undefined) {
        if (empty++ === 4) return undefined;
        continue;
      }
      if (known?.generation === generation) return known;
      const content = await contentOf(cell, generation);
      if (content !== undefined) return content;
    }
  }

  async function contentOf(cell: string, generation: number): Promise<Content | undefined> {
    const bytes = await disk.read(`${cell}/${generation}`);
    return bytes && { generation, ...decodeFrame(bytes) };
  }

  /** After a link or rename that did not say "done": whether it was done all the same, and only its answer got lost. */
  async function isMine(cell: string, mark: string): Promise<boolean> {
    return (await newest(cell))?.trail.includes(mark) === true;
  }

  /** Sends a change. @returns whether it landed */
  async function send(cell: string, mark: string, act: () => Promise<Step>): Promise<boolean> {
    try {
      return (await act()) === "done" || (await isMine(cell, mark));
    } catch (error) {
      if (isRefusal(error)) throw error;
      if (await isMine(cell, mark).catch(() => false)) return true;
      throw outcomeUnknown("the file system failed while it was written down", error);
    }
  }

  async function landed<T>(answer: T, folder: string, content: Content, after: () => Promise<number>): Promise<Landed<T>> {
    if (flush) {
      await disk.flush(folder).catch((error: unknown) => {
        throw outcomeUnknown("the disk failed while it was written down", error);
      });
    }
    return { answer, content: content.payload === "" ? undefined : content, tidy: after };
  }

  /** Changes a cell that is there. @returns `undefined`: to be tried again */
  async function replace<T>(cell: string, mark: string, draft: Draft, work: Work<T>): Promise<Landed<T> | undefined> {
    const own = `${cell}/t.${mark}`;
    let undo: Decision<T>["undo"];
    try {
      const names = await disk.list(cell);
      const last = newestIn(names ?? []);
      const content = last === undefined ? undefined : last === work.known?.generation ? work.known : await contentOf(cell, last);
      if (last === undefined || content === undefined) {
        await draft.drop();
        if (last === undefined) await tidy(disk, cell, 0, true);
        return undefined;
      }
      const { payload } = content;
      const decision = work.decide(payload === "" ? undefined : content, mark);
      const { answer, next } = decision;
      if (next === undefined) {
        await draft.drop();
        return { answer, content: undefined, tidy: payload === "" ? () => tidy(disk, cell, last, true) : nothingToTidy };
      }
      undo = decision.undo;
      await decision.prepare?.();
      const frame = { trail: [...content.trail, mark].slice(-trailLength), payload: next };
      await draft.write(encodeFrame(frame), flush);
      const generation = last + 1;
      if (work.isLate?.() !== true && (await send(cell, mark, () => disk.link(own, `${cell}/${generation}`)))) {
        undo = undefined;
        return await landed(answer, cell, { generation, ...frame }, () => tidy(disk, cell, generation, next === ""));
      }
    } catch (error) {
      if (!(error instanceof SojournError && error.code === "outcome_unknown")) await giveUp(draft, undo);
      throw error;
    }
    await giveUp(draft, undo);
    return undefined;
  }

  /** Makes a cell. @returns `undefined`: to be tried again */
  async function begin<T>(cell: string, mark: string, work: Work<T>): Promise<Landed<T> | undefined> {
    const early = work.decide(undefined, mark);
    if (early.next === undefined || early.next === "") {
      if ((await disk.list("t")) === undefined) throw notMounted();
      return { answer: early.answer, content: undefined, tidy: nothingToTidy };
    }
    const staging = stagingFolder(cell, mark);
    if ((await disk.mkdir(staging)) === "absent") throw notMounted();
    let draft: Draft | undefined;
    let undo: Decision<T>["undo"];
    try {
      // Once more, now that it can be seen and stopped: what is judged by the time must not have got old before.
      const { answer, next, prepare, undo: takeBack } = work.decide(undefined, mark);
      if (next === undefined || next === "") {
        await disk.rmdir(staging);
        return { answer, content: undefined, tidy: nothingToTidy };
      }
      undo = takeBack;
      await prepare?.();
      const generation = newGeneration(randomInt);
      draft = await disk.create(`${staging}/${generation}`);
      if (draft !== undefined) {
        const frame = { trail: [mark], payload: next };
        await draft.write(encodeFrame(frame), flush);
        if (flush) await disk.flush(staging);
        await makeFolder(disk, parentOf(cell), flush);
        if (work.isLate?.() !== true && (await send(cell, mark, () => disk.rename(staging, cell)))) {
          undo = undefined;
          return await landed(answer, parentOf(cell), { generation, ...frame }, nothingToTidy);
        }
      }
    } catch (error) {
      if (!(error instanceof SojournError && error.code === "outcome_unknown")) await giveUp(draft, undo, staging);
      throw error;
    }
    await giveUp(draft, undo, staging);
    return undefined;
  }

  /** Of what never lands. What fails here is found and taken away by others. */
  async function giveUp(draft: Draft | undefined, undo: (() => Promise<unknown>) | undefined, staging?: string): Promise<void> {
    try {
      await draft?.drop();
      if (staging !== undefined) await disk.rmdir(staging);
      await undo?.();
    } catch {
      // The trouble that led here is the one to tell.
    }
  }

  return {
    async read(cell, known) {
      const content = await newest(cell, known);
      return content?.payload === "" ? undefined : content;
    },
    async update<T>(cell: string, work: Work<T>) {
      for (let tries = 0; tries < mostTries; tries++) {
        const mark = newMark(now());
        const draft = await disk.create(`${cell}/t.${mark}`);
        const done = draft === undefined ? await begin(cell, mark, work) : await replace(cell, mark, draft, work);
        if (done !== undefined) return done;
        // Several that send each other back drift apart.
        if (tries > 2) await sleep(randomInt(Math.min(tries, 50)));
      }
      throw storeUnavailable(`others were faster ${mostTries} times; nothing was written`);
    },
  };
}
