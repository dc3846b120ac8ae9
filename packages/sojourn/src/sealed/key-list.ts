import { SojournError } from "../core/errors.ts";

/** Characters; some hundreds of keys. */
const longest = 65_536;

/**
 * The keys in the text of an environment variable or of a key file, in their order: the first seals. They stand apart by commas or white space; what follows
 * a `#` up to the end of its line is a comment. Whether each of them is a key is for `keyring` to say.
 *
 * ```ts
 * sealedSessions({ keys: keyList(process.env["SOJOURN_KEYS"]) });
 * ```
 *
 * @throws {SojournError} `invalid_option` when there is none, or the text is too long to be a list of keys. The text is never told.
 */
export function keyList(text: string | undefined): string[] {
  if (text === undefined) throw new SojournError("invalid_option", `The list of keys is undefined. ${fix}`);
  if (typeof text !== "string") throw new SojournError("invalid_option", `The list of keys is not a text. ${fix}`);
  if (text.length > longest) throw new SojournError("invalid_option", `The list of keys has ${text.length} characters; ${longest} is the most. ${fix}`);
  const keys = text
    .replace(/^\ufeff/, "")
    .split(/\r\n|\r|\n/)
    .flatMap((line) => (line.split("#", 1)[0] as string).split(/[\s,]+/))
    .filter((key) => key !== "");
  if (keys.length === 0) throw new SojournError("invalid_option", `The list of keys is empty. ${fix}`);
  return keys;
}

const fix = "Set SOJOURN_KEYS, or what you read instead of it, to one or more keys: npx sojournd keys new --sealing makes one.";
