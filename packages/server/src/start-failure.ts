/** Why the program cannot do what it was told to. The message is one line for whoever started it: what is wrong, and the fix. */
export class StartFailure extends Error {
  override readonly name = "StartFailure";
}

/** The system's code of an error (`EADDRINUSE`, `EACCES`, …), if it has one. */
export function codeOf(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
}
