import { StartFailure } from "../start-failure.ts";

/** How a command ended, for scripts. Some commands about the stored data have codes of their own besides, which their help names. */
export const exitCodes = {
  done: 0,
  /** It could not be done, or something that was named is not there. */
  failed: 1,
  /** The command line is wrong: nothing was tried. */
  usage: 2,
  /** The server does not know the key, or the key's role may not ask this. */
  refused: 3,
  /** There was no answer, or the server cannot reach its store. */
  unreached: 4,
  interrupted: 130,
} as const;

/** For the help of commands that ask a server. */
export const exitCodesText = `
Exit codes: 0 done, 1 failed or not found, 2 wrong usage, 3 refused (the key is unknown, or its role may not do this), 4 not reached (no answer, or the
server's store is down), 130 interrupted.`;

/** Why a command ends before it is done, in one line, and how a script hears of it. */
export class CommandFailure extends StartFailure {
  readonly code: number;

  /** @param code one of {@link exitCodes} */
  constructor(message: string, code: number, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}

/** The command line cannot be meant. @param message names the option or argument, and the fix. */
export function wrongUsage(message: string, options?: { readonly cause?: unknown }): CommandFailure {
  return new CommandFailure(message, exitCodes.usage, options);
}
