import { SojournError } from "sojourn";
import { StartFailure } from "./start-failure.ts";

/** A key of a key file, as an operator sees it. */
export interface SealingKey {
  /** Public: what is sealed under the key begins with it. Says nothing of the key. 22 characters of base64url. */
  readonly id: string;
  /** When it was made (ISO 8601), if the comment above it says so. */
  readonly created: string | undefined;
}

/** A key file: one key a line, the first seals. The comment above a key says when it was made; other comments stay where they are. */
export interface SealingKeys {
  readonly keys: readonly SealingKey[];
  /** The text of the file with one more key. */
  with(key: string, now: number, place: "first" | "last"): string;
  /** With a key that is there put first. */
  withFirst(id: string): string;
  without(id: string): string;
}

interface Entry extends SealingKey {
  /** Lines, from 0: where the key stands, and where its comment does or else the key. */
  readonly line: number;
  readonly from: number;
}

const stamp = /^# (\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{3})?Z)$/;

/** @throws {StartFailure} naming the line that is no key, or the same as another; never what stands there */
export async function sealingKeysIn(path: string, text: string): Promise<SealingKeys> {
  const lines = text.replace(/^\ufeff/, "").split("\n");
  if (lines.at(-1) === "") lines.pop();
  const places = lines.flatMap((line, i) => (line.trim() === "" || line.startsWith("#") ? [] : [i]));
  const ids = places.length === 0 ? [] : await idsOf(path, lines, places);
  const keys = places.map((line, i): Entry => {
    const created = stamp.exec(lines[line - 1] ?? "")?.[1];
    return { id: ids[i] as string, created, line, from: created === undefined ? line : line - 1 };
  });
  const all = (part: readonly string[]): string => part.map((line) => `${line}\n`).join("");

  function entry(id: string): Entry {
    const found = keys.find((key) => key.id === id);
    if (found === undefined) throw new StartFailure(`There is no key ${JSON.stringify(id)} in ${path}. "sojournd keys list --file ${path}" shows their ids.`);
    return found;
  }
  function parted(id: string): { readonly taken: readonly string[]; readonly left: readonly string[] } {
    const { from, line } = entry(id);
    return { taken: lines.slice(from, line + 1), left: [...lines.slice(0, from), ...lines.slice(line + 1)] };
  }

  return {
    keys,
    with(key, now, place) {
      const more = [`# ${new Date(now).toISOString()}`, key];
      return all(place === "first" ? [...more, ...lines] : [...lines, ...more]);
    },
    withFirst(id) {
      const { taken, left } = parted(id);
      return all([...taken, ...left]);
    },
    without: (id) => all(parted(id).left),
  };
}

async function idsOf(path: string, lines: readonly string[], places: readonly number[]): Promise<readonly string[]> {
  try {
    return await (await import("sojourn/sealed")).keyring(places.map((i) => (lines[i] as string).trim())).ids;
  } catch (error) {
    if (!(error instanceof SojournError)) throw error;
    const where = (_: string, i: string): string => `line ${(places[Number(i)] as number) + 1}`;
    throw new StartFailure(`${path}: ${error.message.replaceAll(/keys\[(\d+)\]/g, where)}`, { cause: error });
  }
}
