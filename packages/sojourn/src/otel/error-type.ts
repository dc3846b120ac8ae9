import { SojournError } from "../core/errors.ts";

/**
 * The attribute `error.type`: the code of a {@link SojournError}, `_OTHER` for what else a store may throw. Never a message, in which an id or a value may
 * stand, nor a driver's class of error, of which there are any number.
 */
export function errorType(error: unknown): string {
  return error instanceof SojournError ? error.code : "_OTHER";
}
