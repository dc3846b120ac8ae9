import { homedir } from "node:os";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { StartFailure } from "../start-failure.ts";
import { networkAddress, schemes, type NetworkAddress } from "./network-address.ts";

/** Where sessions rest, as `SOJOURN_STORE` says it. */
export type StoreAddress = FolderAddress | MemoryAddress | NetworkAddress;

/** A folder of this machine, or of a file system that several mount. */
export interface FolderAddress {
  readonly engine: "lmdb" | "file";
  /** Absolute. Of LMDB: the data folder, with the database in its folder `sessions`. */
  readonly path: string;
  /** What was set: `--store`, `SOJOURN_STORE`, …; `undefined` for the default. */
  readonly setting: string | undefined;
  /** The address as it may be shown. */
  readonly shown: string;
}

/** Nothing is kept when the process ends. */
export interface MemoryAddress {
  readonly engine: "memory";
  readonly setting: string | undefined;
  readonly shown: string;
}

/** What an address may be, for messages. */
export const forms: string = "redis://…, redis+cluster://…, postgres://…, mysql://…, nats://…, lmdb:PATH, file:PATH or memory:";

/**
 * The store that a text names.
 * @param setting where the text stands, such as `SOJOURN_STORE`. It is named in every message; the text is not, as a password may stand anywhere in it.
 * @throws {StartFailure} naming the setting and the fix
 */
export function storeAddress(text: string, setting: string): StoreAddress {
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(text)?.[1]?.toLowerCase();
  const rest = text.slice((scheme ?? "").length + 1);
  if (scheme === "lmdb" || scheme === "file") return folderAddress(scheme, rest, setting);
  if (scheme === "memory") {
    if (rest === "" || rest === "//") return { engine: "memory", setting, shown: "memory:" };
    throw new StartFailure(`${setting} has something after memory:, where nothing belongs. Write memory: alone, or lmdb:PATH to keep sessions.`);
  }
  if (scheme !== undefined && Object.hasOwn(schemes, scheme) && rest.startsWith("//")) return networkAddress(scheme, rest.slice(2), setting);
  // Else it may be a password as well.
  const given = scheme !== undefined && rest.startsWith("//") ? `begins with ${scheme}://, which is no store's` : "is no store's address";
  throw new StartFailure(`${setting} ${given}. Give ${forms}.`);
}

function folderAddress(engine: "lmdb" | "file", rest: string, setting: string): FolderAddress {
  let path = rest;
  if (path.startsWith("//")) {
    if (!path.startsWith("///"))
      throw new StartFailure(`${setting} names a host after ${engine}://. A folder is written ${engine}:PATH, with one colon alone.`);
    path = fileURLToPath(`file:${path}`);
  }
  if (path === "") throw new StartFailure(`${setting} names no folder. Write ${engine}:PATH, such as ${engine}:data.`);
  // No shell has done it: the tilde does not stand at the beginning of a word.
  if (path === "~" || path.startsWith("~/")) path = homedir() + path.slice(1);
  const absolute = resolve(path);
  return { engine, path: absolute, setting, shown: `${engine}:${absolute}` };
}
