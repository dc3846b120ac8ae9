import { SojournError, storeUnavailable } from "../../core/errors.ts";
import type { MaybePromise } from "../../core/seam.ts";
import { rememberedFor } from "../session-document.ts";
import type { Bucket } from "./bucket.ts";
import type { Feed } from "./feed.ts";
import type { NatsClient, NatsMessages } from "./nats-client.ts";
import { refusedRead } from "./nats-errors.ts";
import { infoOf } from "./open-bucket.ts";
import type { Replica } from "./replica.ts";
import { waiters } from "./waiters.ts";

/** Keeps a replica in step with its stream, through lost connections, paused processes and streams that were made anew. */
export interface Follow {
  /** Reads the replica when it has everything that was acknowledged before this was asked. */
  fresh<T>(read: () => MaybePromise<T>, deadline?: number): Promise<T>;
  /** Somebody saw that the stream has less than the replica: it begins anew. */
  doubt(): void;
  /** False while the replica is filled. */
  complete(): boolean;
  /** Whether the replica lags by no more than `ms`, as far as this member can know. */
  within(ms: number): boolean;
  close(): void;
}

/** ms between two signs of life of the stream, when nothing else comes. */
const heartbeat = 1_000;
/** ms without one after which the stream is asked for anew. */
const silence = 3_500;
/** A member that heard nothing for longer may have missed what was taken away meanwhile, and begins anew. */
const longSilence = rememberedFor / 3;
/** ms that the newest message may take to this member before it is asked for. */
const onItsWay = 25;
/** How often is asked again, and after how many ms, when the leader has less than this member. */
const patience = 3;
const again = 100;
/** Messages under way to this member at a time. */
const ahead = 256;

/** Resolves when the replica is complete. `timeout`: ms that a reader waits for it. */
export async function follow(client: NatsClient, bucket: Bucket, replica: Replica, feed: Feed, timeout: number): Promise<Follow> {
  const { connection, jetstream } = client;
  /** The revision up to which the replica has everything. */
  let applied = 0;
  /** When the stream last gave a sign of life. */
  let heard = performance.now();
  /** When the replica was last known to be in step: a sign of life of the stream, and nothing on its way. */
  let inStep = -Infinity;
  /** Which stream is followed: when it was made. */
  let origin = "";
  /** False while the replica is filled from nothing. */
  let complete = false;
  /** False from an interruption on until the replica has what there was after it: `target`. */
  let current = false;
  let target = Infinity;
  /** Watchers were told of an interruption that is not over. */
  let interrupted = false;
  /** The silence was too long to go on where it stood. */
  let lost = true;
  let closed = false;
  let opening = false;
  let messages: NatsMessages | undefined;
  let turn = 0;
  const waiting = waiters();

  function advanced(): void {
    if (!current && applied >= target) {
      if (!complete) {
        feed.begin(origin, target);
        // What was written while it was filled is told to nobody.
        feed.gap();
      }
      complete = current = true;
      interrupted = false;
      inStep = heard;
    }
    if (complete) waiting.reached(applied);
  }

  /** Which stream the bucket is at this moment, and the number of its last message. */
  async function ask(deadline?: number): Promise<{ readonly created: string; readonly last: number }> {
    try {
      const { created, state } = await infoOf(bucket, deadline);
      return { created: String(Date.parse(created)), last: state.last_seq };
    } catch (error) {
      throw refusedRead(error, "asking for the stream", bucket.name);
    }
  }

  /** The stream is not the one that was followed, or has lost what it had acknowledged. */
  function doubt(): void {
    lost = true;
    interrupt();
    complete = false;
    void reopen();
  }

  function interrupt(): void {
    current = false;
    target = Infinity;
    if (interrupted || closed) return;
    interrupted = true;
    if (complete) feed.gap();
  }

  /** Asks how far the stream is. Who has that has all that was written during the interruption. */
  async function settle(mine: number): Promise<void> {
    const last = await bucket.last();
    if (mine !== turn) return;
    target = last;
    advanced();
  }

  /** A sign of life. A process that was paused has lost no connection, and yet is behind. */
  function alive(mine: number): void {
    const now = performance.now();
    const pause = now - heard;
    heard = now;
    if (pause <= silence) {
      if (current) inStep = now;
      return;
    }
    interrupt();
    if (pause > longSilence) lost = true;
    if (lost) void reopen();
    // What fails is tried again at the next heartbeat.
    else void settle(mine).catch(() => undefined);
  }

  async function listen(mine: number): Promise<void> {
    const consumer = await jetstream.consumers.get(bucket.stream, { deliver_policy: "by_start_sequence", opt_start_seq: applied + 1 });
    if (mine !== turn) return;
    heard = performance.now();
    const got = await consumer.consume({
      max_messages: ahead,
      expires: 30_000,
      idle_heartbeat: heartbeat,
      callback(message) {
        if (mine !== turn) return;
        alive(mine);
        if (message.seq <= applied || lost) return;
        replica.arrived(message.subject.slice(bucket.prefix.length), { revision: message.seq, data: message.data }, applied, !complete);
        applied = message.seq;
        advanced();
      },
    });
    if (mine !== turn) return void got.close();
    messages = got;
    void (async () => {
      for await (const { type } of got.status()) {
        if (mine !== turn || type !== "heartbeat") continue;
        alive(mine);
        // Nothing is on its way: the message that was waited for has been taken away meanwhile.
        if (!current) await settle(mine).catch(() => undefined);
      }
    })();
    await settle(mine);
  }

  /** Goes on where it stood, or begins anew where that cannot be known to be right. */
  async function open(): Promise<void> {
    const mine = (turn += 1);
    void messages?.close();
    messages = undefined;
    const { created, last } = await ask();
    if (lost || created !== origin || last < applied || performance.now() - heard > longSilence) {
      complete = lost = false;
      inStep = -Infinity;
      origin = created;
      applied = 0;
      replica.clear();
    }
    if (mine === turn) await listen(mine);
  }

  async function reopen(): Promise<void> {
    interrupt();
    if (opening || closed || !bucket.connected()) return;
    opening = true;
    try {
      await open();
    } catch {
      // The next tick tries again; whoever reads meanwhile hears why it fails.
    } finally {
      opening = false;
    }
  }

  const statuses = connection.status() as AsyncIterable<{ readonly type: string }> & { readonly stop?: () => void };
  void (async () => {
    for await (const { type } of statuses) {
      if (closed) return;
      if (type === "disconnect") interrupt();
      else if (type === "reconnect") void reopen();
    }
  })();
  const watch = setInterval(() => {
    if (lost || performance.now() - heard > silence) void reopen();
  }, heartbeat).unref();

  function close(): void {
    closed = true;
    turn++;
    clearInterval(watch);
    statuses.stop?.();
    void messages?.close();
  }

  try {
    opening = true;
    await open();
    // However long it takes, as long as it goes on.
    for (let at = -1, since = Date.now(); !complete;) {
      if (applied !== at) [at, since] = [applied, Date.now()];
      if (Date.now() - since > 3 * silence) throw storeUnavailable(`the bucket ${bucket.name} is not sent to this member`);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  } catch (error) {
    close();
    throw error instanceof SojournError ? error : refusedRead(error, "following the stream", bucket.name);
  } finally {
    opening = false;
  }

  /** The number of the last message that there was when this was asked. */
  async function newest(until: number): Promise<number> {
    for (let tries = 0; ; tries++) {
      const before = applied;
      const { created, last } = await ask(until);
      if (created === origin && last >= before) return last;
      // A leader that has just been elected may still be reading its own log.
      if (tries === patience || created !== origin) {
        doubt();
        return last;
      }
      await new Promise((resolve) => setTimeout(resolve, again));
    }
  }

  return {
    async fresh(read, deadline) {
      const until = Math.min(deadline ?? Infinity, Date.now() + timeout);
      const last = await newest(until);
      if (complete && last <= applied) return read();
      await waiting.wait(last, Math.min(until, Date.now() + onItsWay));
      if (complete && last <= applied) return read();
      // The newest may have been taken away since: then the newest that is left is what there is to wait for.
      const left = await bucket.last(until);
      while (!complete || left > applied)
        if (!(await waiting.wait(left, until)))
          throw storeUnavailable(`this member's replica of the bucket ${bucket.name} is behind the stream (${applied} of ${left})`);
      if (left <= last) applied = Math.max(applied, last);
      return read();
    },
    doubt,
    complete: () => complete,
    within: (ms) => complete && performance.now() - inStep <= ms,
    close,
  };
}
