import { readFileSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import type { z } from "zod";
import { oidcRoleNames } from "../console/oidc-settings.ts";
import { codeOf, StartFailure } from "../start-failure.ts";
import { configFile, knownNames, type ConfigFile } from "./config-file.ts";
import { jsonFault } from "./json-fault.ts";
import { nearest } from "./nearest.ts";

/** A file that was read. */
export interface ReadConfig {
  /** Absolute. */
  readonly path: string;
  readonly values: ConfigFile;
}

/** Bytes. */
const largest = 1_000_000;

/**
 * Reads a configuration file. Paths in it are relative to its own folder.
 * @param setting what named it: `--config` or `SOJOURN_CONFIG`
 * @throws {StartFailure} naming the file, the place in it, and the fix; never a value of it, which may be a secret in the wrong place
 */
export function readConfigFile(file: string, setting: string): ReadConfig {
  const path = resolve(file);
  return { path, values: checkConfig(textOf(path, setting), path) };
}

/** The settings that a text holds. @param path of its file, for messages and for relative paths. @throws {StartFailure} as {@link readConfigFile} */
export function checkConfig(text: string, path: string): ConfigFile {
  const json = text.replace(/^\uFEFF/, "");
  const fault = jsonFault(json);
  if (fault !== undefined)
    throw new StartFailure(`${path}, line ${fault.line}, column ${fault.column}: there must be ${fault.wanted}. The file is JSON, without comments.`);
  const result = configFile.safeParse(JSON.parse(json));
  if (!result.success) throw new StartFailure(`${path}: ${sentence(result.error.issues)}`);
  const { data, store, migratingFrom, ...rest } = result.data;
  const folder = dirname(path);
  return {
    ...rest,
    ...(data !== undefined && { data: resolve(folder, data) }),
    ...(store !== undefined && { store: fromFolder(store, folder) }),
    ...(migratingFrom !== undefined && { migratingFrom: fromFolder(migratingFrom, folder) }),
  };
}

function textOf(path: string, setting: string): string {
  try {
    const { size } = statSync(path);
    if (size > largest) throw new StartFailure(`${path} (${setting}) has ${size} bytes, and a configuration at most ${largest}. Is it another file?`);
    return readFileSync(path, "utf8");
  } catch (error) {
    if (error instanceof StartFailure) throw error;
    const why = codeOf(error) === "ENOENT" ? "is not there" : codeOf(error) === "EISDIR" ? "is a folder" : `cannot be read (${codeOf(error) ?? "unknown"})`;
    throw new StartFailure(`The configuration file ${path} ${why}. Give a file that this user can read (${setting}).`, { cause: error });
  }
}

function sentence(issues: readonly z.core.$ZodIssue[]): string {
  const [issue] = issues;
  const path = (issue?.path ?? []).map((part, i) => (typeof part === "number" ? `[${part}]` : `${i === 0 ? "" : "."}${String(part)}`)).join("");
  if (issue?.code !== "unrecognized_keys") return path === "" ? "it must hold a JSON object." : `${path} must be ${issue?.message}.`;
  return unknown(path, issue.keys[0] ?? "");
}

function unknown(path: string, key: string): string {
  if (/^(key|keys|token|password|secret)$/i.test(key))
    return `${key} is a secret by its name, and secrets do not belong in this file. An application key is given in SOJOURN_KEY, a store with a password in SOJOURN_STORE.`;
  if (path === "oidc" && /secret/i.test(key)) return "oidc has no secret: the client's belongs in SOJOURN_OIDC_CLIENT_SECRET. Take the line out.";
  const known = knownNames[path] ?? (path.startsWith("oidc.roles.") ? oidcRoleNames : []);
  const meant = nearest(key, known);
  // Else it is a value in a name's place.
  const name = /^[\w.$-]{1,40}$/.test(key)
    ? [path, key].filter((part) => part !== "").join(".")
    : `${path === "" ? "A name" : `A name in ${path}`} that is written here`;
  return `${name} is not a setting. ${meant === undefined ? `There are: ${known.join(", ")}.` : `Did you mean ${meant}?`}`;
}

/** Of a folder's address; others stay as they are. */
function fromFolder(address: string, folder: string): string {
  const [, engine, rest] = /^(lmdb|file):(?![/~])(.+)$/is.exec(address) ?? [];
  return engine === undefined || rest === undefined ? address : `${engine}:${resolve(folder, rest)}`;
}
