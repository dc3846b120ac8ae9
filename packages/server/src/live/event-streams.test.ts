import { getRequestListener, type HttpBindings } from "@hono/node-server";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test, vi } from "vitest";
import type { Caller } from "../caller.ts";
import { cleanUp, later } from "../clean-up.fixture.ts";
import { problemOf, problemResponse } from "../problem.ts";
import type { Ask } from "../routes/route.ts";
import { eventStreams, type EventStream, type EventStreams } from "./event-streams.ts";
import { listen, type Heard } from "./heard.fixture.ts";

afterEach(cleanUp);

/** Answers every request with a stream for the caller whom the path names, as `/tenant/id`. */
async function serving(streams: EventStreams, begin: (stream: EventStream) => void = () => undefined): Promise<(path: string) => Promise<Heard>> {
  const answer = getRequestListener((request, env) => {
    const [, tenant = "", id = ""] = new URL(request.url).pathname.split("/");
    const caller: Caller = { id, name: id, role: "operator", tenant };
    const ask = { req: { method: request.method }, env: env as HttpBindings, var: { caller } } as unknown as Ask;
    try {
      return streams.open(ask, begin);
    } catch (error) {
      return problemResponse(problemOf(error));
    }
  });
  const server = createServer((request, response) => void answer(request, response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  later(() => (server.closeAllConnections(), server.close()));
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return (path) => listen({ address, authorization: "" }, path);
}

test("so many at a time and no more; who leaves makes room", async () => {
  const streams = eventStreams({ stillMay: () => Promise.resolve(true), most: 2 });
  const open = await serving(streams);
  const [first] = await Promise.all([open("/main/a"), open("/two/b")]);
  expect([streams.count("main"), streams.count("two"), streams.count("none")]).toEqual([1, 1, 0]);
  const refused = await open("/main/a");
  expect([refused.status, refused.headers["retry-after"]]).toEqual([429, "10"]);
  await vi.waitFor(() => expect(refused.text).toContain('"code":"too_many_requests"'));
  first.close();
  await vi.waitFor(() => expect(streams.count("main")).toBe(0));
  expect((await open("/main/a")).status).toBe(200);
});

test("who may no longer ask hears no more; while nobody can say, they go on; a caller is looked up once", async () => {
  const asked: string[] = [];
  let answer = (caller: Caller): Promise<boolean> => Promise.reject(new Error(`cannot say of ${caller.id}`));
  const streams = eventStreams({ stillMay: (caller) => (asked.push(caller.id), answer(caller)), lookEvery: 20 });
  const open = await serving(streams);
  const heard = await Promise.all([open("/main/a"), open("/main/a"), open("/main/b")]);
  asked.length = 0;
  await vi.waitFor(() => expect(asked.length).toBeGreaterThanOrEqual(4));
  expect([asked.slice(0, 2).toSorted(), asked.slice(2, 4).toSorted()]).toEqual([
    ["a", "b"],
    ["a", "b"],
  ]);
  expect(streams.count("main")).toBe(3);
  answer = ({ id }) => Promise.resolve(id !== "a");
  await Promise.all(heard.slice(0, 2).map(({ over }) => over));
  expect(streams.count("main")).toBe(1);
});

test("who sends waits for room, and is told when it is over; what was sent before the end arrives", async () => {
  let sent = 0;
  const part = new TextEncoder().encode(`data: "${"x".repeat(10_000)}"\n\n`);
  const streams = eventStreams({ stillMay: () => Promise.resolve(true) });
  const open = await serving(streams, (stream) => {
    void (async () => {
      for (; sent < 1_000; sent++) {
        stream.send(part);
        if (!stream.room) await stream.cleared();
      }
      stream.end();
      expect(stream.over.aborted).toBe(true);
      await stream.cleared();
      stream.send(part);
    })();
  });
  const heard = await open("/main/a");
  await heard.over;
  expect([sent, heard.messages.length]).toEqual([1_000, 1_000]);
});

test("a comment comes every 15 seconds", async () => {
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
  later(() => vi.useRealTimers());
  const streams = eventStreams({ stillMay: () => Promise.resolve(true) });
  const heard = await (await serving(streams))("/main/a");
  vi.advanceTimersByTime(30_000);
  await vi.waitFor(() => expect(heard.text).toBe(":\n\n:\n\n:\n\n"));
});

test("once they have been stopped, further ones end at once", async () => {
  const streams = eventStreams({ stillMay: () => Promise.resolve(true) });
  const open = await serving(streams);
  const heard = await open("/main/a");
  streams.stop();
  await heard.over;
  await (
    await open("/main/a")
  ).over;
  expect(streams.count("main")).toBe(0);
});
