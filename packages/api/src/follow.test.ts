import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test } from "vitest";
import { sojournClient, SojournProblem, type Client, type Message } from "./client.ts";
import { operations } from "./operations.ts";
import { streaming } from "./paths.ts";

const undo: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0)) await step();
});

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/** A server that gives one answer after the other, the last for ever; and a client of it. */
async function server(...answers: readonly Answer[]): Promise<{ client: Client; asked: IncomingMessage[] }> {
  const asked: IncomingMessage[] = [];
  const listening = createServer((request, response) => {
    asked.push(request);
    (answers[asked.length - 1] ?? answers.at(-1))?.(request, response);
  });
  await new Promise<void>((resolve) => listening.listen(0, "127.0.0.1", resolve));
  undo.push(() => (listening.closeAllConnections(), listening.close()));
  return { client: sojournClient({ address: `http://127.0.0.1:${(listening.address() as AddressInfo).port}`, key: "sjk_x", timeout: 1_000 }), asked };
}

const event = (id: string): string => `id: ${id}\nevent: created\ndata: {"eventId":"${id}","type":"created","id":"s${id}","kind":"web","version":1}\n\n`;
const says =
  (text: string, how: "ends" | "breaks" | "stays" = "ends"): Answer =>
  (_, response) => {
    response.writeHead(200, { "Content-Type": "text/event-stream" });
    response.write(`retry: 5\n\n${text}`);
    if (how === "ends") response.end();
    else if (how === "breaks") setTimeout(() => response.destroy(), 20);
  };
const refuses =
  (status: number, code: string): Answer =>
  (_, response) =>
    response
      .writeHead(status, { "Content-Type": "application/problem+json", "X-Request-Id": "abc" })
      .end(JSON.stringify({ title: "", status, code, detail: "No." }));

async function collected(client: Client, count: number): Promise<string[]> {
  const ids: string[] = [];
  for await (const { id } of client.events()) if (ids.push(id) === count) break;
  return ids;
}

test("the set of operations that stream is the one that is described", () => {
  expect([...streaming].toSorted()).toEqual(
    Object.entries(operations)
      .filter(([, operation]) => "stream" in operation)
      .map(([name]) => name)
      .toSorted(),
  );
});

test("events go on after the last one that came, whether the connection ended or broke, and however often", async () => {
  const { client, asked } = await server(
    says(event("1") + event("2")),
    says(`${event("3")}id: 4\ndata: cut of`, "breaks"),
    (_, response) => response.destroy(),
    refuses(503, "store_unavailable"),
    refuses(429, "too_many_requests"),
    (_, response) => response.writeHead(502, { "Content-Type": "text/html" }).end("<html>"),
    says(event("4"), "stays"),
  );
  expect(await collected(client, 4)).toEqual(["s1", "s2", "s3", "s4"]);
  expect(asked.map(({ headers }) => headers["last-event-id"])).toEqual([undefined, "2", "3", "3", "3", "3", "3"]);
  expect(asked[0]?.headers).toMatchObject({ accept: "text/event-stream", authorization: "Bearer sjk_x" });
});

test("whoever has enough leaves, and the connection with them", async () => {
  let gone: (() => void) | undefined;
  const left = new Promise<void>((resolve) => (gone = resolve));
  const { client, asked } = await server((request, response) => {
    request.once("close", () => gone?.());
    says(event("1") + event("2"), "stays")(request, response);
  });
  expect(await collected(client, 1)).toEqual(["s1"]);
  await left;
  expect(asked).toHaveLength(1);
});

test("a signal ends them without an error: while they listen, while they wait, and before", async () => {
  const { client, asked } = await server(says(event("1"), "stays"));
  const stop = new AbortController();
  const ids: string[] = [];
  let opened = 0;
  for await (const { id } of client.events({ kind: "web" }, { signal: stop.signal, opened: () => opened++ })) {
    ids.push(id);
    setTimeout(() => stop.abort(), 10);
  }
  expect([ids, opened]).toEqual([["s1"], 1]);
  expect(asked[0]?.url).toBe("/v1/events?kind=web");
  for await (const _ of client.events({}, { signal: AbortSignal.abort() })) expect.unreachable();
  expect(asked).toHaveLength(1);
  const away = await server(says(event("1")), (_, response) => response.destroy());
  const wait = new AbortController();
  for await (const _ of away.client.events({}, { signal: wait.signal })) setTimeout(() => wait.abort(), 50);
});

test("a refusal is thrown: always the first one, later what asking again would not change", async () => {
  const first = await server(refuses(503, "store_unavailable"));
  await expect(collected(first.client, 1)).rejects.toMatchObject({ status: 503, code: "store_unavailable", message: "No.", requestId: "abc" });
  expect(first.asked).toHaveLength(1);
  const revoked = await server(says(event("1")), refuses(401, "invalid_key"));
  await expect(collected(revoked.client, 2)).rejects.toMatchObject({ status: 401, code: "invalid_key" });
  const page = await server((_, response) => response.writeHead(200, { "Content-Type": "text/html" }).end("<html>"));
  await expect(collected(page.client, 1)).rejects.toMatchObject({ code: "no_answer" });
  const nobody = sojournClient({ address: "http://127.0.0.1:1", key: "sjk_x" });
  await expect(collected(nobody, 1)).rejects.toBeInstanceOf(SojournProblem);
  const slow = await server(() => undefined);
  await expect(collected(slow.client, 1)).rejects.toMatchObject({ code: "no_answer", message: expect.stringContaining("1000 ms") as string });
});

test("messages that are too long, or no JSON, are an error and not asked for again", async () => {
  const long = await server(says(event("1")), says(`data: ${"x".repeat(1_100_000)}\n\n`));
  await expect(collected(long.client, 2)).rejects.toMatchObject({ code: "no_answer", message: expect.stringContaining("1000000") as string });
  const text = await server(says(event("1")), says("data: hello\n\n"));
  await expect(collected(text.client, 2)).rejects.toMatchObject({ code: "no_answer", message: expect.stringContaining("not JSON") as string });
  expect([long.asked.length, text.asked.length]).toEqual([2, 2]);
});

test("other streams are asked for once: an end is the end, and a lost connection an error", async () => {
  const messages: Message<"searchSessions">[] = [];
  const whole = await server(says('data: {"looked":5}\n\ndata: {"done":true,"looked":9,"found":0}\n\n'));
  for await (const message of whole.client.searchSessions({ kind: "web" })) messages.push(message);
  expect(messages).toEqual([{ looked: 5 }, { done: true, looked: 9, found: 0 }]);
  const lost = await server(says('data: {"looked":5}\n\n', "breaks"));
  const read = async (): Promise<void> => {
    for await (const message of lost.client.searchSessions({ kind: "web" })) messages.push(message);
  };
  await expect(read()).rejects.toMatchObject({ code: "no_answer", status: 0 });
  expect(messages).toHaveLength(3);
  expect([whole.asked.length, lost.asked.length]).toEqual([1, 1]);
});
