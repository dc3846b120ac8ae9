/** A node of Redis that answers commands. */
export interface RedisNode {
  /** Sends the command, its name first. */
  command(args: readonly string[]): Promise<unknown>;
}

/**
 * The few things that the store asks of a client. `fromNodeRedis` and `fromIoredis` make one; another client needs the same lines.
 * Replies are text, whole numbers, `null` and lists of these; a map is a list too, each name before its value.
 */
export interface RedisClient {
  /** Whether the keys are spread over several primaries. */
  readonly cluster: boolean;
  /**
   * Sends a command to the node that keeps the key, following the Cluster's redirections, and never sends it twice where it may have been carried out.
   * @param args the command's name and arguments
   * @param deadline epoch ms; a command that still waits to be sent then is given up, where the client can
   */
  command(key: string, args: readonly string[], deadline?: number): Promise<unknown>;
  /**
   * What an error of `command` says.
   * - `"refused"`: the server answered so. Its message begins with the server's word (`OOM`, `READONLY`, …).
   * - `"unsent"`: the command was never sent.
   * - `"lost"`: it was sent, or may have been, and no answer came.
   */
  verdict(error: unknown): "refused" | "unsent" | "lost";
  /** Every primary as the client knows them now. @throws {SojournError} `invalid_option` when a setting of the client would lose or repeat writes */
  primaries(): Promise<readonly RedisNode[]>;
  /** Opens a connection of its own, to the same server with the same settings. Not on a Cluster. */
  fork(): Promise<RedisNode & { close(): void }>;
  /**
   * Listens on a connection of its own. On a Cluster the channels are sharded ones (`SSUBSCRIBE`), each in its key's slot.
   * @param heard told of each message's channel
   * @param again told when messages may have been missed: the connection was lost
   * @returns what ends it
   */
  subscribe(channels: readonly string[], heard: (channel: string) => void, again: () => void): Promise<() => void>;
}
