import { sha256 } from "#platform";
import { SojournError } from "../../core/errors.ts";

/**
 * The SHA-256 by which the tables know a text, 32 bytes.
 * @throws {SojournError} `invalid_field` when it is not well-formed Unicode: its UTF-8 would be that of another text.
 */
export function hashOf(text: string, what: string): Buffer {
  if (!(text as string & { isWellFormed(): boolean }).isWellFormed()) {
    throw new SojournError("invalid_field", `The text of ${what} is not well-formed Unicode: it holds half of a surrogate pair.`);
  }
  return Buffer.from(sha256(text), "base64url");
}
