/** What the server refused, or could not do. */
export class SojournProblem extends Error {
  override readonly name = "SojournProblem";
  /** The HTTP status; 0 where there was no answer. */
  readonly status: number;
  /** Stable: programs may switch on it. `no_answer` where there was none: of a write it is not known whether it was done. */
  readonly code: string;
  /** Of a request that is wrong in one place: where. */
  readonly field: string | undefined;
  /** Under which the server's log has it. */
  readonly requestId: string | undefined;

  /** @param detail what is wrong, and the fix. */
  constructor(
    status: number,
    code: string,
    detail: string,
    more: { readonly field?: string | undefined; readonly requestId?: string | undefined; readonly cause?: unknown } = {},
  ) {
    super(detail, { cause: more.cause });
    this.status = status;
    this.code = code;
    this.field = more.field;
    this.requestId = more.requestId;
  }
}
