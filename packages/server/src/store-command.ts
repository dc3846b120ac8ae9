import { existsSync } from "node:fs";
import { join } from "node:path";
import type { ScrubReport } from "sojourn";
import { storeSetting } from "./config.ts";
import { sessionsFolder } from "./open-store.ts";
import { progressLine, type Progress } from "./progress.ts";
import { StartFailure } from "./start-failure.ts";
import { forms, type StoreAddress } from "./stores/store-address.ts";

/** Options that all commands about the stored data take. */
export interface StoreFlags {
  readonly data?: string;
  readonly store?: string;
  readonly json?: boolean;
}

export const dataOption = ["--data <folder>", "where everything is kept (SOJOURN_DATA; default ./data)"] as const;
export const storeOption: readonly [string, string] = [
  "--store <url>",
  `where sessions and keys rest: ${forms} (SOJOURN_STORE; default LMDB in the data folder)`,
];
export const jsonOption = ["--json", "prints one JSON object instead of lines for people, and no progress"] as const;

/** What a command has found or done: for people, and for programs. */
export interface Said {
  readonly lines: readonly string[];
  readonly json: object;
  /** Exit code. Default 0. */
  readonly code?: number;
}

/** Runs a command and prints what it says. */
export async function say(flags: StoreFlags, act: (address: StoreAddress, progress: Progress) => Promise<Said>): Promise<void> {
  const progress = progressLine(flags.json === true);
  let said: Said;
  try {
    said = await act(storeSetting(flags, process.env), progress);
  } finally {
    progress.clear();
  }
  console.log(flags.json === true ? JSON.stringify(said.json) : said.lines.join("\n"));
  process.exitCode = said.code ?? 0;
}

/** The data folder that a command works on which knows LMDB alone. @param doing what it does. @throws {StartFailure} when the store is another */
export function lmdbFolder(address: StoreAddress, doing: string): string {
  if (address.engine === "lmdb") return address.path;
  throw new StartFailure(
    `${doing} works on an LMDB data folder, and ${address.setting} says ${address.shown}. ${instead[address.engine]} For a data folder say --store lmdb:PATH.`,
  );
}

const instead: Readonly<Record<Exclude<StoreAddress["engine"], "lmdb">, string>> = {
  redis: "Redis has its own ways: RDB and AOF files.",
  postgres: "PostgreSQL has its own ways: pg_dump and pg_restore.",
  mariadb: "MariaDB has its own ways: mariadb-dump and mariadb.",
  nats: "NATS has its own ways: nats stream backup and nats stream restore.",
  file: "A folder of files is copied as any other.",
  memory: "Memory is gone when its process ends.",
};

/** The file of the database. @throws {StartFailure} when there is none */
export function existingStore(data: string): string {
  const file = join(sessionsFolder(data), "data.mdb");
  if (existsSync(file)) return file;
  throw new StartFailure(`There are no sessions in ${data}. Say where they are with --data or SOJOURN_DATA.`);
}

/** What a scrub found, a line each; nothing when all is well. */
export function faultLines({ missing, dead, miscounted, repaired, conflicts, unreadable }: ScrubReport): string[] {
  const lines: string[] = [];
  const wrong = missing + dead + miscounted;
  if (wrong > 0) {
    lines.push(
      `${missing} index entries were missing, ${dead} led to nothing, ${miscounted} counts were wrong: ${repaired === 0 ? "run it with --repair" : `${repaired} put right`}.`,
    );
  }
  for (const { alias, ids } of conflicts) lines.push(`The alias ${JSON.stringify(alias)} has several live holders: ${ids.join(", ")}. End all but one.`);
  for (const { id, why } of unreadable) lines.push(`Session ${id} cannot be read: ${why}.`);
  return lines;
}
