import type { FeedEvent } from "sojourn";
import type { EventStream } from "./event-streams.ts";
import { eventBytes, eventText } from "./event-text.ts";

/** Sends events to many streams: each is written out once, and they go in batches. */
export interface FanOut {
  /** From the next event on; only those of a kind, if one is given. */
  add(stream: EventStream, kind: string | undefined): void;
  tell(event: FeedEvent): void;
}

/** Streams that hear the same, and what they have not been sent yet. */
interface Group {
  readonly streams: Set<EventStream>;
  texts: string[];
}

/** ms for which events are gathered while some come, and while very many do: one write to a socket costs as much as many events. The first after a pause goes at once. */
const gatherFor = 50;
const gatherManyFor = 250;
/** A batch of so many is very many. */
const many = 25;
/** Characters of events after which a batch goes, whenever the last one went. */
const largest = 262_144;

/** Streams that a batch is sent to before others have their turn: writing to a socket blocks, and to a hundred of them would hold commits up. */
const leastAtOnce = 4;
/** Turns that a batch may take, however many streams there are; and batches that may be on their way. */
const turns = 25;
const mostUnderWay = 2;

/** A batch, and the streams that have not got it yet. */
interface Batch {
  readonly bytes: Uint8Array;
  readonly streams: readonly EventStream[];
  sent: number;
}

/** To nobody yet. */
export function fanOut(): FanOut {
  /** By kind; those who want every kind under undefined. */
  const groups = new Map<string | undefined, Group>();
  /** In the order in which they are to arrive. */
  const batches: Batch[] = [];
  let handing = false;
  let waiting = false;
  let sentAt = -Infinity;
  let told = 0;
  let length = 0;
  let pause = gatherFor;

  function send(): void {
    sentAt = performance.now();
    pause = told < many ? gatherFor : gatherManyFor;
    told = 0;
    length = 0;
    for (const group of groups.values()) {
      if (group.texts.length === 0) continue;
      const bytes = eventBytes(group.texts.join(""));
      group.texts = [];
      batches.push({ bytes, streams: [...group.streams], sent: 0 });
    }
    while (batches.length > mostUnderWay * groups.size) hand(Infinity);
    if (!handing && batches.length > 0) turn();
  }

  function turn(): void {
    const [batch] = batches;
    handing = batch !== undefined;
    if (batch === undefined) return;
    hand(Math.max(leastAtOnce, Math.ceil(batch.streams.length / turns)));
    setImmediate(turn);
  }

  /** Gives the oldest batch to so many more of its streams. */
  function hand(count: number): void {
    const [batch] = batches;
    if (batch === undefined) return;
    const until = Math.min(batch.streams.length, batch.sent + count);
    for (; batch.sent < until; batch.sent++) batch.streams[batch.sent]?.send(batch.bytes);
    if (batch.sent === batch.streams.length) batches.shift();
  }

  /** What was sent before its time leaves the timer as it is. */
  function later(): void {
    if (waiting) return;
    waiting = true;
    const wait = sentAt + pause - performance.now();
    const act = (): void => {
      waiting = false;
      send();
    };
    if (wait <= 0) setImmediate(act);
    else setTimeout(act, wait);
  }

  function put(kind: string | undefined, text: string): void {
    groups.get(kind)?.texts.push(text);
  }

  return {
    add(stream, kind) {
      // What was told of before is not for it.
      send();
      const group = groups.get(kind) ?? { streams: new Set(), texts: [] };
      groups.set(kind, group);
      group.streams.add(stream);
      const leave = (): void => {
        group.streams.delete(stream);
        if (group.streams.size === 0 && groups.get(kind) === group) groups.delete(kind);
      };
      if (stream.over.aborted) leave();
      else stream.over.addEventListener("abort", leave);
    },
    tell(event) {
      if (!groups.has(undefined) && !groups.has(event.kind)) return;
      const text = eventText({ id: event.eventId, type: event.type, data: event });
      put(undefined, text);
      put(event.kind, text);
      told++;
      length += text.length;
      if (length >= largest) send();
      else later();
    },
  };
}
