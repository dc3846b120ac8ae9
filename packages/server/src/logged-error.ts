/** An error as it may be logged. */
export interface LoggedError {
  readonly type: string;
  readonly message: string;
  readonly code?: string;
  readonly stack?: string;
  readonly cause?: LoggedError;
  /** Of several that are one. */
  readonly errors?: readonly LoggedError[];
}

/** Causes of causes that are told. */
const deepest = 6;
/** Errors of several that are told. */
const most = 10;

/**
 * What is told of an error: its type, message, code, stack and causes. Whatever else hangs on it is left out: drivers put there the statement with its
 * parameters, the command with its arguments, the row that would not go in.
 */
export function loggedError(error: unknown, depth = 0): LoggedError {
  if (!(error instanceof Error)) return { type: error === null ? "null" : typeof error, message: typeof error === "string" ? error : "It is no error." };
  const { message, stack, cause } = error;
  const code: unknown = "code" in error ? error.code : undefined;
  return {
    type: error.name,
    message,
    ...((typeof code === "string" || typeof code === "number") && { code: String(code) }),
    ...(stack !== undefined && { stack }),
    ...(cause !== undefined && depth < deepest && { cause: loggedError(cause, depth + 1) }),
    ...(error instanceof AggregateError && depth < deepest && { errors: error.errors.slice(0, most).map((each) => loggedError(each, depth + 1)) }),
  };
}

/** The same, for a person at a terminal. */
export function errorText({ type, message, stack, cause, errors = [] }: LoggedError): string {
  const parts = [
    stack ?? `${type}: ${message}`,
    ...(cause === undefined ? [] : [`caused by ${errorText(cause)}`]),
    ...errors.map((each) => `one of them: ${errorText(each)}`),
  ];
  return parts.join("\n");
}
