import { storeUnavailable } from "../../core/errors.ts";
import type { NatsClient } from "./nats-client.ts";
import { apiError, isConflict, isLeaderless, isUnheard, refusedRead, refusedWrite } from "./nats-errors.ts";

/** A document as the stream has it. */
export interface Stored {
  /** Its sequence in the stream: what a compare-and-set compares. */
  readonly revision: number;
  /** Empty where somebody deleted the key with another tool. */
  readonly data: Uint8Array;
}

/** Documents by key, each changed by compare-and-set; in a stream of one message per subject, as NATS's own key-value stores have it. */
export interface Bucket {
  readonly name: string;
  readonly stream: string;
  /** All keys begin with it, as subjects. */
  readonly prefix: string;
  /** The stream's leader answers: a read sees every write that was acknowledged before it began. */
  read(key: string, deadline?: number): Promise<Stored | undefined>;
  /** The revision of the newest document of all, as the stream's leader has it. */
  last(deadline?: number): Promise<number>;
  /**
   * Writes if the key is still at `revision` (0: not there). `keepFor`: ms after which the server may take it away, where it can.
   * @returns the new revision, or `undefined` when another was there.
   */
  write(key: string, document: string, revision: number, deadline?: number, keepFor?: number): Promise<number | undefined>;
  /** Takes the key away, leaving nothing, if it is still at `revision`. */
  purge(key: string, revision: number): Promise<void>;
  /** One call of JetStream's API that reads or is repeatable. @throws what the API says, as an error with a `code` */
  ask<T>(what: string, question: object, deadline?: number): Promise<T>;
  /** Whether there is a connection at this moment. */
  connected(): boolean;
}

interface Answer {
  readonly error?: { readonly err_code?: number; readonly description?: string };
}

const notFound = 10_037;
const utf8 = new TextDecoder();

/** @param timeout ms that NATS has for one answer. @param ttl whether the server takes messages away when it is told to. */
export function bucketOn({ connection, jetstream }: NatsClient, name: string, timeout: number, ttl: () => boolean): Bucket {
  const stream = `KV_${name}`;
  const prefix = `$KV.${name}.`;
  const connected = (): boolean => !connection.isClosed() && connection.info !== undefined;

  /** Again and again while nobody listens: a cluster that lost a leader has another one soon. */
  async function heard<T>(deadline: number | undefined, send: (left: number) => Promise<T>): Promise<T> {
    const until = Math.min(deadline ?? Infinity, Date.now() + timeout);
    for (let pause = 20; ; pause = Math.min(2 * pause, 200)) {
      const left = until - Date.now();
      if (left < 1) throw storeUnavailable("the deadline passed before the change was sent; nothing was written");
      if (!connected()) throw storeUnavailable("there is no connection to NATS at the moment; nothing was written");
      try {
        return await send(left);
      } catch (error) {
        if ((!isUnheard(error) && !isLeaderless(error)) || left <= pause) throw error;
        await new Promise((resolve) => setTimeout(resolve, pause));
      }
    }
  }

  function ask<T>(what: string, question: object, deadline?: number): Promise<T> {
    return heard(deadline, async (left) => {
      const answer = await connection.request(`${jetstream.apiPrefix}.${what}`, JSON.stringify(question), { timeout: left });
      const said = JSON.parse(utf8.decode(answer.data)) as Answer;
      if (said.error !== undefined) throw apiError(said.error);
      return said as T;
    });
  }

  async function message(subject: string, deadline: number | undefined): Promise<Stored | undefined> {
    try {
      const { message: found } = await ask<{ readonly message: { readonly seq: number; readonly data?: string; readonly hdrs?: string } }>(
        `STREAM.MSG.GET.${stream}`,
        { last_by_subj: subject },
        deadline,
      );
      return { revision: found.seq, data: Buffer.from(found.data ?? "", "base64") };
    } catch (error) {
      if ((error as { readonly code?: unknown }).code === notFound) return undefined;
      throw refusedRead(error, "reading", name);
    }
  }

  return {
    name,
    stream,
    prefix,
    connected,
    ask,
    read: (key, deadline) => message(prefix + key, deadline),
    last: async (deadline) => (await message(">", deadline))?.revision ?? 0,
    async write(key, document, revision, deadline, keepFor) {
      try {
        const { seq } = await heard(deadline, (left) =>
          jetstream.publish(prefix + key, document, {
            timeout: left,
            expect: { lastSubjectSequence: revision },
            ...(keepFor !== undefined && ttl() && { ttl: `${Math.ceil(keepFor / 1000)}s` }),
          }),
        );
        return seq;
      } catch (error) {
        if (isConflict(error)) return undefined;
        throw refusedWrite(error, name);
      }
    },
    async purge(key, revision) {
      await ask(`STREAM.PURGE.${stream}`, { filter: prefix + key, seq: revision + 1 });
    },
  };
}
