import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { kannel, type Kannel, type KannelOptions } from "./kannel.ts";
import type { Inbound, Receipt, Receiver } from "./transport.ts";

const options: KannelOptions = {
  url: "http://127.0.0.1:9/cgi-bin/sendsms",
  username: "u",
  password: "p",
  callback: "https://sms.example/kannel",
  secret: "0123456789abcdef",
};
const proof = `secret=${options.secret}`;
const good = `${options.callback}/message?${proof}&from=1&to=2&text=x`;

interface Told {
  readonly transport: Kannel;
  readonly messages: Inbound[];
  readonly receipts: Receipt[];
}

function told(receiver: Partial<Receiver> = {}): Told {
  const all: Told = { transport: kannel(options), messages: [], receipts: [] };
  all.transport.receive({
    message: (message) => Promise.resolve(void all.messages.push(message)),
    receipt: (receipt) => Promise.resolve(void all.receipts.push(receipt)),
    ...receiver,
  });
  return all;
}

const form = (body: string | ReadableStream, type: string = "application/x-www-form-urlencoded"): RequestInit => ({
  method: "POST",
  headers: { "content-type": type },
  body,
  ...(typeof body === "string" ? {} : { duplex: "half" }),
});

describe("what is safe is answered with nothing, in plain text", () => {
  it.each<[string, string, RequestInit]>([
    ["by GET", good, {}],
    ["by POST, in the query", good, form("x", "text/plain")],
    ["by POST, in a form", `${options.callback}/message?${proof}`, form("from=1&to=2&text=x")],
    ["by POST, in both", `${options.callback}/message?${proof}&from=1`, form("to=2&text=x", "application/x-www-form-urlencoded; charset=UTF-8")],
    ["below another path", `http://inside/other/message?${proof}&from=1&to=2&text=x`, {}],
  ])("%s", async (_how, url, init) => {
    const { transport, messages } = told();
    const response = await transport.fetch(new Request(url, init));
    expect([response.status, await response.text(), response.headers.get("content-type")]).toEqual([200, "", "text/plain; charset=utf-8"]);
    expect(messages).toEqual([expect.objectContaining({ from: "1", to: "2", text: "x" })]);
  });

  it("a receipt", async () => {
    const { transport, receipts } = told();
    expect((await transport.fetch(new Request(`${options.callback}/receipt?${proof}&reference=r&state=1`))).status).toBe(200);
    expect(receipts).toEqual([{ reference: "r", state: "delivered" }]);
  });

  it("not before the receiver has it", async () => {
    let keep: () => void = () => undefined;
    const { transport } = told({ message: () => new Promise((done) => (keep = done)) });
    let answered = false;
    const asking = transport.fetch(new Request(good)).then(() => (answered = true));
    await new Promise((done) => setTimeout(done, 20));
    expect(answered).toBe(false);
    keep();
    await asking;
    expect(answered).toBe(true);
  });
});

describe("what is not", () => {
  it.each<[number, string, string, RequestInit]>([
    [400, "from ", `${options.callback}/message?${proof}&to=2&text=x`, {}],
    [400, "state ", `${options.callback}/receipt?${proof}&reference=r&state=7`, {}],
    [400, "text ", good, form("text=y")],
    [403, "secret ", good.replace(options.secret, "0123456789abcdeF"), {}],
    [403, "secret ", good.replace(proof, "secret="), {}],
    [403, "secret ", good.replace(`${proof}&`, ""), {}],
    [403, "secret ", `${options.callback}/message?from=1&to=2&text=x`, form(proof)],
    [403, "secret ", good.replace(options.secret, options.secret.repeat(500)), {}],
    [400, "secret ", `${good}&${proof}`, {}],
    [404, "Webhooks", good.replace("/message", ""), {}],
    [404, "Webhooks", good.replace("/message", "/messages"), {}],
    [404, "Webhooks", good.replace("/message", "/message/"), {}],
    [405, "Kannel", good, { method: "PUT" }],
    [405, "Kannel", good, { method: "HEAD" }],
    [413, "The form", `${options.callback}/message?${proof}`, form(`from=1&to=2&text=${"x".repeat(65_536)}`)],
    [414, "The address", `${good}${"x".repeat(16_384)}`, {}],
  ])("%i %s", async (status, words, url, init) => {
    const { transport, messages, receipts } = told();
    const response = await transport.fetch(new Request(url, init));
    expect([response.status, response.headers.get("allow")]).toEqual([status, status === 405 ? "GET, POST" : null]);
    expect(await response.text()).toMatch(new RegExp(`^${words}`));
    expect([messages, receipts]).toEqual([[], []]);
  });

  it("503 while nobody receives, when the receiver rejects or throws, and once closed", async () => {
    expect((await kannel(options).fetch(new Request(good))).status).toBe(503);
    const rejecting = told({ message: () => Promise.reject(new Error("secret inside")) });
    const response = await rejecting.transport.fetch(new Request(good));
    expect([response.status, await response.text()]).toEqual([503, "It could not be kept. Send it again."]);
    const throwing = told({
      message() {
        throw new Error("at once");
      },
    });
    expect((await throwing.transport.fetch(new Request(good))).status).toBe(503);
    const closed = told();
    await closed.transport.close();
    expect((await closed.transport.fetch(new Request(good))).status).toBe(503);
    expect(closed.messages).toEqual([]);
  });

  it("a form without end is not read to its end", async () => {
    let pulled = 0;
    const endless = new ReadableStream({
      pull(controller) {
        pulled++;
        controller.enqueue(new Uint8Array(4096).fill(0x61));
      },
    });
    const response = await told().transport.fetch(new Request(`${options.callback}/message?${proof}`, form(endless)));
    expect(response.status).toBe(413);
    expect(pulled).toBeLessThan(25);
  });

  it("a form that breaks off is no message", async () => {
    const broken = new ReadableStream({ start: (controller) => controller.error(new Error("reset")) });
    const { transport, messages } = told();
    const response = await transport.fetch(new Request(`${options.callback}/message?${proof}&from=1&to=2&text=x`, form(broken)));
    expect(response.status).toBe(400);
    expect(messages).toEqual([]);
  });
});

it("close waits for the receiver", async () => {
  let keep: () => void = () => undefined;
  const { transport } = told({ message: () => new Promise((done) => (keep = done)) });
  const asking = transport.fetch(new Request(good));
  await new Promise((done) => setTimeout(done, 20));
  let closed = false;
  const closing = transport.close().then(() => (closed = true));
  await new Promise((done) => setTimeout(done, 20));
  expect(closed).toBe(false);
  keep();
  expect((await asking).status).toBe(200);
  await closing;
});

it("takes one receiver", () => {
  const { transport } = told();
  expect(() => transport.receive({ message: () => Promise.resolve(), receipt: () => Promise.resolve() })).toThrow(
    expect.objectContaining({ code: "invalid_option" }),
  );
});

it("whatever is asked is answered, with 2xx or 4xx; and what is answered with 200, and only that, was told", async () => {
  const piece = fc.oneof(
    fc.constantFrom("text=", "from=1", "to=2", "text=x", "udh=%05%00%03", "coding=2", "charset=UTF-8", "time=1", "reference=r", "state=8", "%", "=", "&", "+"),
    fc.string({ unit: "binary", maxLength: 12 }),
    fc
      .constantFrom("text", "from", "to", "id", "udh", "coding", "charset", "time", "reference", "state")
      .chain((name) =>
        fc.string({ unit: fc.constantFrom(...Array.from("%+0123456789abcdefABCDEF-_ä€😀\0")), maxLength: 12 }).map((value) => `${name}=${value}`),
      ),
  );
  const whole = fc.constantFrom("", "", "from=1&to=2&text=x", "reference=r&state=1");
  const query = fc.tuple(whole, fc.array(piece, { maxLength: 8 })).map(([first, pieces]) => [first, ...pieces].join("&"));
  const path = fc.constantFrom("/message", "/receipt", "/", "//message", "/receipt/../message");
  const { transport, messages, receipts } = told();
  await fc.assert(
    fc.asyncProperty(path, query, fc.boolean(), fc.option(query, { nil: undefined }), async (where, asked, known, body) => {
      const before = messages.length + receipts.length;
      const url = `http://127.0.0.1${where}?${known ? `${proof}&` : ""}${asked.replaceAll("#", "")}`;
      const response = await transport.fetch(new Request(url, body === undefined ? {} : form(body)));
      expect([200, 400, 403, 404]).toContain(response.status);
      expect(messages.length + receipts.length - before).toBe(response.status === 200 ? 1 : 0);
      if (!known) expect(response.status).not.toBe(200);
    }),
    { numRuns: 500 },
  );
  expect(Math.min(messages.length, receipts.length)).toBeGreaterThan(0);
});
