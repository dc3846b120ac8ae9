import type { Disk, Draft, Step } from "./disk.ts";

/** A file, or a folder with what is in it. */
type Node = { bytes: Uint8Array } | { names: Map<string, Node> };

/** What became the newest generation of a cell, in the order in which it did. */
export interface Published {
  readonly cell: string;
  readonly generation: number;
  readonly bytes: Uint8Array;
  /** A whole cell appeared. */
  readonly begins: boolean;
}

/** A file system in memory: what POSIX says of link, rename, unlink, mkdir and rmdir, and no more. */
export interface ScheduledDisk {
  /** The file system as one process sees it: before each step it waits for its turn, and after `dies` steps it never has one again. */
  processOf(turn: () => Promise<unknown>, dies?: number): Disk;
  /** Every success of a link to a generation's name, and of a rename to a cell. */
  readonly published: readonly Published[];
}

/**
 * One step is what a system call does at once; the rest is the scheduler's. A listing is none: it takes two steps, as with a folder of several blocks. What is there throughout is in it; what
 * comes or goes meanwhile may be in it or not.
 */
export function scheduledDisk(folders: readonly string[]): ScheduledDisk {
  const root: Node = { names: new Map() };
  const published: Published[] = [];

  function find(path: string): Node | undefined {
    let node: Node | undefined = root;
    for (const name of path.split("/")) node = node !== undefined && "names" in node ? node.names.get(name) : undefined;
    return node;
  }
  function namesAt(path: string): Map<string, Node> | undefined {
    const node = path === "" ? root : find(path);
    return node !== undefined && "names" in node ? node.names : undefined;
  }
  const split = (path: string): [string, string] => [path.slice(0, Math.max(0, path.lastIndexOf("/"))), path.slice(path.lastIndexOf("/") + 1)];
  function put(path: string, make: () => Node): Step {
    const [folder, name] = split(path);
    const names = namesAt(folder);
    if (names === undefined) return "absent";
    if (names.has(name)) return "exists";
    names.set(name, make());
    return "done";
  }
  for (const folder of folders) put(folder, () => ({ names: new Map() }));

  /** In which half of a listing a name comes. */
  const half = (name: string): number => Buffer.from(name).reduce((sum, byte) => sum + byte, 0) % 2;

  return {
    published,
    processOf(turn, dies = Infinity) {
      let steps = 0;
      const step = async <T>(act: () => T): Promise<T> => {
        if (steps++ >= dies) return new Promise<never>(() => undefined);
        await turn();
        return act();
      };
      const unlink = (file: string): Promise<boolean> =>
        step(() => {
          const [folder, name] = split(file);
          return namesAt(folder)?.delete(name) ?? false;
        });
      const disk: Disk = {
        async list(folder) {
          const first = await step(() => {
            const names = namesAt(folder);
            return names && { names, seen: [...names.keys()].filter((name) => half(name) === 0) };
          });
          if (first === undefined) return undefined;
          return step(() => [...first.seen, ...[...first.names.keys()].filter((name) => half(name) === 1)]);
        },
        read: (file) =>
          step(() => {
            const node = find(file);
            return node !== undefined && "bytes" in node ? node.bytes : undefined;
          }),
        async create(file) {
          const inode: { bytes: Uint8Array } = { bytes: new Uint8Array() };
          const made = await step(() => put(file, () => inode));
          if (made !== "done") return undefined;
          const draft: Draft = {
            madeAt: async () => 0,
            write: (bytes) => step(() => void (inode.bytes = bytes)),
            drop: async () => void (await unlink(file)),
          };
          return draft;
        },
        touch: (file) => step(() => put(file, () => ({ bytes: new Uint8Array() }))),
        link: (from, to) =>
          step(() => {
            const node = find(from);
            if (node === undefined || !("bytes" in node)) return "absent";
            const done = put(to, () => node);
            const [cell, name] = split(to);
            if (done === "done" && /^\d+$/.test(name)) published.push({ cell, generation: Number(name), bytes: node.bytes, begins: false });
            return done;
          }),
        rename: (from, to) =>
          step(() => {
            const node = find(from);
            const target = namesAt(to);
            if (node === undefined || namesAt(split(to)[0]) === undefined) return "absent";
            if (target !== undefined && target.size > 0) return "exists";
            namesAt(split(from)[0])?.delete(split(from)[1]);
            namesAt(split(to)[0])?.set(split(to)[1], node);
            if (!to.startsWith("t/") && "names" in node) {
              for (const [name, file] of node.names) {
                if ("bytes" in file) published.push({ cell: to, generation: Number(name), bytes: file.bytes, begins: true });
              }
            }
            return "done";
          }),
        mkdir: (folder) => step(() => put(folder, () => ({ names: new Map() }))),
        unlink,
        rmdir: (folder) =>
          step(() => {
            const names = namesAt(folder);
            if (names === undefined) return true;
            if (names.size > 0) return false;
            namesAt(split(folder)[0])?.delete(split(folder)[1]);
            return true;
          }),
        flush: () => step(() => undefined),
      };
      return disk;
    },
  };
}
