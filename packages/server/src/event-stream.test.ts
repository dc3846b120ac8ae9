import { expect, test } from "vitest";
import { eventStream } from "./event-stream.ts";

/** A request, and how often its connection was cut. */
function asked(method = "GET"): { req: { method: string }; env: { outgoing: { cuts: number; destroy(): void } } } {
  const outgoing = { cuts: 0, destroy: () => void outgoing.cuts++ };
  return { req: { method }, env: { outgoing } };
}

/** Messages without end, and what became of them. */
function endless(): { made: number; over: boolean; messages: (gone: AbortSignal) => AsyncGenerator<string> } {
  const told = {
    made: 0,
    over: false,
    async *messages(gone: AbortSignal) {
      try {
        while (!gone.aborted) yield `data: ${told.made++}\n\n`;
      } finally {
        told.over = true;
      }
    },
  };
  return told;
}

test("nothing is made that nobody has asked for, and nothing more once the client has gone", async () => {
  const told = endless();
  let over = 0;
  const { body } = eventStream(asked(), told.messages, { over: () => over++ });
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(told.made).toBe(0);
  const reader = body!.getReader();
  for (let n = 0; n < 3; n++) await reader.read();
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect([told.made, told.over, over]).toEqual([3, false, 0]);
  await reader.cancel();
  await expect.poll(() => told.over).toBe(true);
  expect([told.made, over]).toEqual([3, 1]);
});

test("who waits hears that the client has gone, or that the server stops", async () => {
  for (const leave of ["client", "server"] as const) {
    const stop = new AbortController();
    let heard = 0;
    async function* messages(gone: AbortSignal): AsyncGenerator<string> {
      yield "data: 1\n\n";
      await new Promise((resolve) => gone.addEventListener("abort", resolve));
      heard++;
    }
    let over = 0;
    const reader = eventStream(asked(), messages, { signal: stop.signal, over: () => over++ }).body!.getReader();
    await reader.read();
    const next = reader.read();
    await new Promise((resolve) => setTimeout(resolve, 5));
    if (leave === "client") await reader.cancel();
    else stop.abort();
    expect((await next).done).toBe(true);
    await expect.poll(() => [heard, over]).toEqual([1, 1]);
  }
});

test("a client that takes nothing is given up", async () => {
  const told = endless();
  let over = 0;
  const ask = asked();
  const reader = eventStream(ask, told.messages, { over: () => over++, patience: 10 }).body!.getReader();
  await reader.read();
  await expect.poll(() => [over, told.over, ask.env.outgoing.cuts]).toEqual([1, true, 1]);
});

test("what the messages fail with is told here, and breaks the connection, without a word of it to the client", async () => {
  const failures: unknown[] = [];
  let over = 0;
  // oxlint-disable-next-line require-yield
  async function* messages(): AsyncGenerator<string> {
    await Promise.reject(new Error("broken"));
  }
  const ask = asked();
  void eventStream(ask, messages, { over: () => over++, failed: (error) => failures.push(error) })
    .body!.getReader()
    .read();
  await expect.poll(() => [failures.map(String), over, ask.env.outgoing.cuts]).toEqual([["Error: broken"], 1, 1]);
});

test("HEAD is answered without beginning anything", () => {
  const told = endless();
  let over = 0;
  const answer = eventStream(asked("HEAD"), told.messages, { over: () => over++ });
  expect([answer.body, answer.headers.get("content-type"), told.made, over]).toEqual([null, "text/event-stream", 0, 1]);
});
