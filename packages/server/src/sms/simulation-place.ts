import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Store } from "sojourn";
import { memoryStore } from "sojourn/stores/memory";
import { openStore } from "../open-store.ts";
import { codeOf, StartFailure } from "../start-failure.ts";

/** What a simulation remembers beside its sessions. */
export interface Remembered {
  /** How far its clock is ahead of the machine's (ms). */
  readonly ahead: number;
  /** The number of the pool that wrote last. */
  readonly last?: string | undefined;
}

/** Where a simulation is kept. */
export interface SimulationPlace {
  readonly store: Store;
  readonly remembered: Remembered;
  remember(what: Remembered): void;
  close(): Promise<void>;
}

/** For as long as this process runs. */
export function inMemory(): SimulationPlace {
  return { store: memoryStore(), remembered: { ahead: 0 }, remember: () => undefined, close: () => Promise.resolve() };
}

/** In a data folder, for good. @throws {StartFailure} naming the folder or the file, and the fix */
export function inFolder(data: string): SimulationPlace {
  const store = openStore(data);
  const file = join(data, "sms-simulation.json");
  try {
    return {
      store,
      remembered: read(file),
      // By another name first: nobody ever reads half of it.
      remember(what) {
        writeFileSync(`${file}.new`, `${JSON.stringify(what)}\n`, { mode: 0o600 });
        renameSync(`${file}.new`, file);
      },
      close: async () => store.close(),
    };
  } catch (error) {
    void store.close();
    throw error;
  }
}

function read(file: string): Remembered {
  try {
    const { ahead, last } = JSON.parse(readFileSync(file, "utf8")) as Record<string, unknown>;
    if (typeof ahead === "number" && Number.isSafeInteger(ahead) && ahead >= 0) return { ahead, ...(typeof last === "string" ? { last } : undefined) };
  } catch (error) {
    if (codeOf(error) === "ENOENT") return { ahead: 0 };
    if (codeOf(error) !== undefined) throw new StartFailure(`${file} cannot be read (${codeOf(error)}). Make it readable for this user.`, { cause: error });
  }
  throw new StartFailure(`${file} is not what a simulation writes. Delete it: the clock is then the machine's again.`);
}
