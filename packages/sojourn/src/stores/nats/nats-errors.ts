import { outcomeUnknown, SojournError, storeFull, storeUnavailable } from "../../core/errors.ts";

/** What the client's errors have. Recognized by name: its classes are not imported. */
interface NatsError {
  readonly name?: string;
  readonly message?: string;
  /** Of an answer of JetStream: its own number for what went wrong. */
  readonly code?: unknown;
  readonly cause?: unknown;
}

/** JetStream's words for "the document is no longer the one that you read". */
const conflicts: ReadonlySet<unknown> = new Set([10_071, 10_164]);
/** Out of storage: the account's, the server's, the memory's. */
const exhausted: ReadonlySet<unknown> = new Set([10_002, 10_023, 10_028, 10_047]);
/** The stream could not store it, for a reason that stands in the text. */
const notStored = 10_077;

export function isConflict(error: unknown): boolean {
  return isAnswer(error) && conflicts.has(error.code);
}

/** Nobody listens on the subject at this moment: no JetStream, no stream, or, in a cluster, no leader yet. Certain that nothing was taken. */
export function isUnheard(error: unknown): boolean {
  const { name, message, cause } = error as NatsError;
  return (
    name === "JetStreamNotEnabled" ||
    name === "NoRespondersError" ||
    (cause as NatsError | undefined)?.name === "NoRespondersError" ||
    /no responders/.test(message ?? "")
  );
}

/** JetStream's API says that it has no leader at the moment. Only of what is asked of the API: an {@link apiError}. */
export function isLeaderless(error: unknown): boolean {
  return (error as NatsError).name === apiErrorName && (error as NatsError).code === 10_008;
}

function isAnswer(error: unknown): error is { readonly code: number; readonly message: string } {
  return typeof (error as NatsError).code === "number";
}

const apiErrorName = "JetStreamApiAnswer";

/** An error of JetStream's API, from the answer's text. */
export function apiError({ err_code: code, description }: { readonly err_code?: number; readonly description?: string }): Error {
  return Object.assign(new Error(description ?? "an error without a description"), { name: apiErrorName, code: code ?? 0 });
}

/** Why a write failed, as one of ours. `subject` is what was written to. */
export function refusedWrite(error: unknown, bucket: string): SojournError {
  if (error instanceof SojournError) return error;
  const { name, message = String(error) } = error as NatsError;
  if (isUnheard(error)) return storeUnavailable(unheard(bucket), error);
  const denied = permission(error);
  if (denied !== undefined) return storeUnavailable(denied, error);
  if (/max_payload|message size exceeds/.test(message)) {
    const way = "Raise max_payload of the NATS server, or keep less in the session";
    return new SojournError("too_large", `The session is larger than a message of NATS may be (${message}); nothing was written. ${way}.`, { cause: error });
  }
  if (isAnswer(error)) {
    if (exhausted.has(error.code) || (error.code === notStored && /maximum|exceeded|no space/.test(message)))
      return storeFull(`the NATS bucket ${bucket} (${message})`);
    return storeUnavailable(`JetStream refused the write with "${message}", and nothing was written`, error);
  }
  if (name === "ClosedConnectionError" || name === "DrainingConnectionError")
    return storeUnavailable("the connection to NATS is closed; nothing was written", error);
  return outcomeUnknown(`NATS gave no answer ("${message}")`, error);
}

/** Why a read failed, as one of ours. */
export function refusedRead(error: unknown, what: string, bucket: string): SojournError {
  if (error instanceof SojournError) return error;
  if (isUnheard(error)) return storeUnavailable(unheard(bucket), error);
  const { message = String(error) } = error as NatsError;
  const way = permission(error) ?? (/stream not found/.test(message) ? deleted(bucket) : `${what} failed with "${message}"`);
  return storeUnavailable(way, error);
}

function permission(error: unknown): string | undefined {
  for (let at = error as NatsError | undefined; at !== undefined && at !== null; at = at.cause as NatsError | undefined)
    if (/permissions? violation/i.test(at.message ?? "") || at.name === "PermissionViolationError")
      return `the NATS user is not permitted to do that: ${at.message ?? ""}; the store's page lists the subjects that it needs`;
  return undefined;
}

function unheard(bucket: string): string {
  return `nobody answers for the bucket ${bucket}, and nothing was written: JetStream is off on the server (start it with -js) or for this account, the bucket was deleted, or its stream has no leader at the moment`;
}

function deleted(bucket: string): string {
  return `the bucket ${bucket} is not there: it was deleted, or this is another account or another server. A store that is opened anew makes an empty one`;
}
