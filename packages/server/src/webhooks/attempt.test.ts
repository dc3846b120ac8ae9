import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { afterAll, expect, test } from "vitest";
import { cleanUp, later } from "../clean-up.fixture.ts";
import { senderTo } from "./attempt.ts";
import { receiver } from "./receiver.fixture.ts";

afterAll(cleanUp);

const never = new AbortController().signal;

test("an answer of 200 to 299 is success, all else is not; a redirect is not followed", async () => {
  const elsewhere = await receiver();
  const target = await receiver();
  const sender = senderTo({ url: new URL(target.url), named: true });
  later(sender.close);
  for (const status of [200, 204, 299, 301, 302, 307, 308, 400, 401, 404, 410, 500, 503]) {
    target.answer((response) => void response.writeHead(status, { Location: elsewhere.url }).end("x"));
    const sent = await sender.send("{}", {}, never);
    expect(sent).toMatchObject({ ok: status < 300, status });
    if (status >= 300 && status < 400) expect(sent.why).toBe("a redirect, which is not followed");
  }
  expect(target.received).toHaveLength(13);
  expect(elsewhere.received).toHaveLength(0);
});

test("an endless answer is not read", { timeout: 30_000 }, async () => {
  const target = await receiver();
  let written = 0;
  target.answer((response) => {
    response.writeHead(200);
    const timer = setInterval(() => {
      written += 65_536;
      response.write("x".repeat(65_536));
    }, 1);
    response.on("close", () => clearInterval(timer));
  });
  const sender = senderTo({ url: new URL(target.url), named: true });
  later(sender.close);
  expect(await sender.send("{}", {}, never)).toEqual({ ok: true, status: 200 });
  // What fits into the buffers on the way; in the time that an attempt may take it would be a thousand times as much.
  expect(written).toBeLessThan(20_000_000);
});

test("one that never answers is given up after 10 seconds, also in the middle of its answer", { timeout: 60_000 }, async () => {
  const held = new Set<Socket>();
  const silent = createServer((socket) => void held.add(socket));
  await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
  later(() => {
    for (const socket of held) socket.destroy();
    silent.close();
  });
  const halfway = await receiver();
  halfway.answer((response) => void response.writeHead(200, { "Content-Length": 100 }).write("x"));
  const began = performance.now();
  const urls = [`http://127.0.0.1:${(silent.address() as AddressInfo).port}/`, halfway.url];
  const [never1, half] = await Promise.all(
    urls.map(async (url) => {
      const sender = senderTo({ url: new URL(url), named: true });
      later(sender.close);
      return sender.send("{}", {}, never);
    }),
  );
  expect(never1).toEqual({ ok: false, why: "no answer within 10000 ms" });
  expect(half).toEqual({ ok: true, status: 200 });
  expect(performance.now() - began).toBeLessThan(50_000);
});

test.each(["localhost", "LOCALHOST", "localhost."])("no connection is made to %s, which resolves to this machine", async (host) => {
  let connections = 0;
  const server = createServer((socket) => {
    connections++;
    socket.destroy();
  });
  await new Promise<void>((resolve) => server.listen(0, resolve));
  later(() => server.close());
  const { port } = server.address() as AddressInfo;
  const sender = senderTo({ url: new URL(`https://${host}:${port}/`), named: false });
  later(sender.close);
  const sent = await sender.send("{}", {}, never);
  expect(sent.ok).toBe(false);
  if (host !== "localhost.") expect(sent.why).toContain("is not an address that the Internet reaches");
  expect(connections).toBe(0);
  // There is somebody to be reached, for who may.
  await new Promise<void>((resolve) => connect(port, "localhost", resolve).on("close", () => undefined));
  await expect.poll(() => connections).toBe(1);
});

test("nobody there is a failure with its reason", async () => {
  const gone = await receiver();
  await gone.stop();
  const sender = senderTo({ url: new URL(gone.url), named: true });
  later(sender.close);
  expect(await sender.send("{}", {}, never)).toEqual({ ok: false, why: "ECONNREFUSED" });
});
