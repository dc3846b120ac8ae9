import { chmodSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isKey, newKey, type Keys } from "./keys.ts";
import { codeOf, StartFailure } from "./start-failure.ts";

/** The key that a development server's printed lines use. */
export interface DevelopmentKey {
  /** Where it is kept, for its owner's eyes only. */
  readonly file: string;
  /** The key itself, when it was made just now. */
  readonly fresh: string | undefined;
}

/**
 * The development server's application key: the one in the data folder, or one from the environment in its place, or a new one.
 * @throws {StartFailure} naming what is wrong with it
 */
export async function developmentKey(data: string, keys: Keys, given: string | undefined): Promise<DevelopmentKey> {
  const file = join(data, "application-key");
  const before = read(file);
  const key = given ?? before ?? newKey();
  if (!isKey(key)) {
    const where = given === undefined ? `${file} holds` : "SOJOURN_KEY is";
    throw new StartFailure(
      `${where} no application key. It is "sjk_" and letters, digits, "-" and "_"; ${given === undefined ? "delete the file for a new one" : "leave it out for a new one"}.`,
    );
  }
  if (key === before) chmodSync(file, 0o600);
  else write(file, key);
  if (before !== undefined && key !== before) await forget(keys, before);
  if ((await keys.check(key)) === undefined) await keys.add(key, { name: "development", role: "admin" });
  return { file, fresh: before === undefined && given === undefined ? key : undefined };
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8").trim();
  } catch (error) {
    if (codeOf(error) === "ENOENT") return undefined;
    throw new StartFailure(`${file} cannot be read (${codeOf(error) ?? "unknown"}). Make it readable for this user, or delete it for a new key.`, {
      cause: error,
    });
  }
}

/** By another name first: nobody ever reads half a key. */
function write(file: string, key: string): void {
  writeFileSync(`${file}.new`, `${key}\n`, { mode: 0o600 });
  renameSync(`${file}.new`, file);
}

async function forget(keys: Keys, key: string): Promise<void> {
  const known = await keys.check(key);
  if (known !== undefined) await keys.revoke(known.id);
}
