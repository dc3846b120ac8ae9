/** What a token that was not made here held, once it has proved to be genuine and of its time. */
export interface Foreign {
  /** JSON values only. The names `__proto__`, `constructor` and `prototype` were dropped, at every depth. */
  readonly data: Readonly<Record<string, unknown>>;
  /** Whose it is: 1 to 512 characters. */
  readonly subject?: string;
  /** When it was made, epoch ms. */
  readonly issued?: number;
  /** When it ends, epoch ms. */
  readonly expires?: number;
}

/** Opens what another library has put into its cookies, so that nobody is logged out by moving in. It writes nothing in that format. */
export interface TokenReader {
  /**
   * What a text holds that the other library made; `undefined` for anything else (changed, expired, of another key, of another format, longer than 16,384
   * characters), in bounded time. `now` is epoch ms.
   * @throws what the application's own `subject` throws. It is called for genuine tokens only.
   */
  open(text: string, now: number): Promise<Foreign | undefined>;
}

/** Finds in a genuine token's data whose it is: the stable id of the account, 1 to 512 characters; `undefined` when nobody was logged in. */
export type SubjectOf = (data: Readonly<Record<string, unknown>>) => string | undefined;
