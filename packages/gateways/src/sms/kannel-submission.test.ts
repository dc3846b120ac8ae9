import { once } from "node:events";
import { createServer, type RequestListener, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { inspect } from "node:util";
import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { kannel, type Kannel, type KannelOptions } from "./kannel.ts";
import { TransportFailure, type Outbound } from "./transport.ts";

const options: Omit<KannelOptions, "url"> = {
  username: "u&=+%41",
  password: "hunter-2&=+%41",
  callback: "https://sms.example/k%C3%A4nnel/",
  secret: "0123456789abcdef",
};
const message: Outbound = { reference: "ref_1-A", from: "16100", to: "+358401234567", text: "Päivää & 1+1=2 €" };

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close().closeAllConnections();
});

/** What answers in Kannel's place, and the transport that asks it. */
async function answering(listener: RequestListener, more: Partial<KannelOptions> = {}): Promise<Kannel> {
  const server = createServer(listener).listen(0, "127.0.0.1");
  servers.push(server);
  await once(server, "listening");
  return kannel({ ...options, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/cgi-bin/sendsms`, ...more });
}

async function failureOf(sending: Promise<unknown>): Promise<TransportFailure> {
  const error: unknown = await sending.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(TransportFailure);
  return error as TransportFailure;
}

interface Asked {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: string;
}

async function askedFor(sent: Outbound, method: "GET" | "POST"): Promise<Asked> {
  let asked: Asked | undefined;
  const transport = await answering(
    (incoming, outgoing) => {
      let body = "";
      incoming.setEncoding("utf8").on("data", (data: string) => (body += data));
      incoming.on("end", () => {
        asked = { method: String(incoming.method), url: String(incoming.url), headers: incoming.headers, body };
        outgoing.writeHead(202).end("0: Accepted for delivery");
      });
    },
    { method },
  );
  await transport.send(sent);
  return asked as Asked;
}

const receipts = `https://sms.example/k%%C3%%A4nnel/receipt?secret=${options.secret}&reference=${message.reference}&state=%d`;

describe("what is asked of sendsms", () => {
  it("by POST nothing of it is in the address", async () => {
    expect(await askedFor(message, "POST")).toEqual({
      method: "POST",
      url: "/cgi-bin/sendsms",
      body: message.text,
      headers: expect.objectContaining({
        "content-type": "text/plain; charset=UTF-8",
        "content-length": String(Buffer.byteLength(message.text)),
        "x-kannel-username": options.username,
        "x-kannel-password": options.password,
        "x-kannel-from": "16100",
        "x-kannel-to": "+358401234567",
        "x-kannel-coding": "0",
        "x-kannel-dlr-mask": "31",
        "x-kannel-dlr-url": receipts,
      }) as unknown,
    });
  });

  it("by GET all of it is, escaped; whatever the text", async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: "grapheme", maxLength: 30 }), async (text) => {
        const { url, body } = await askedFor({ ...message, text }, "GET");
        const query = new URL(url, "http://kannel").searchParams;
        expect(body).toBe("");
        expect(Object.fromEntries(query)).toEqual({
          username: options.username,
          password: options.password,
          from: "16100",
          to: "+358401234567",
          text,
          charset: "UTF-8",
          coding: query.get("coding"),
          "dlr-mask": "31",
          "dlr-url": receipts,
        });
      }),
      { numRuns: 20 },
    );
  });

  it.each([
    ["Päivää €", "0"],
    ["Привет", "2"],
    ["“quoted”", "2"],
  ])("the coding of %j is %s", async (text, coding) => {
    expect((await askedFor({ ...message, text }, "POST")).headers["x-kannel-coding"]).toBe(coding);
  });
});

describe("what is not asked of it, since Kannel would take it for something else", () => {
  it.each<[keyof Outbound, string, string]>([
    ["reference", "none", ""],
    ["reference", "too long", "a".repeat(33)],
    ["reference", "other characters", "a&b"],
    ["to", "none", ""],
    ["to", "two numbers", "+358401234567 +358401234568"],
    ["to", "a name", "Alice"],
    ["to", "too long", "1".repeat(21)],
    ["from", "none", ""],
    ["from", "not ASCII", "Café"],
    ["from", "another field", "1\r\nx-kannel-to: 2"],
    ["from", "too long", "1".repeat(21)],
    ["text", "more than 255 parts", "x".repeat(255 * 153 + 1)],
    ["text", "more than 255 parts of UCS-2", "я".repeat(255 * 67 + 1)],
  ])("%s: %s", async (name, _what, value) => {
    let asked = 0;
    const transport = await answering((_incoming, outgoing) => {
      asked++;
      outgoing.end("0: Accepted for delivery");
    });
    const failure = await failureOf(transport.send({ ...message, [name]: value }));
    expect(failure).toMatchObject({ temporary: false, message: expect.stringContaining(`${name} `) as string });
    if (value !== "" && value.length > 1) expect(failure.message).not.toContain(value);
    expect(asked).toBe(0);
  });
});

describe("what is answered", () => {
  it.each<[number, string]>([
    [202, "0: Accepted for delivery"],
    [202, "3: Queued for later delivery"],
    [200, "0: Accepted for delivery"],
    [202, "Sent. Message splits: 3"],
  ])("%i %j is taken", async (status, body) => {
    const transport = await answering((_incoming, outgoing) => outgoing.writeHead(status).end(body));
    expect(await transport.send(message)).toEqual({});
  });

  it.each<[number, string, Readonly<Record<string, string>>, boolean, number | undefined]>([
    [400, "Charset or body misformed, rejected", {}, false, undefined],
    [403, "Authorization failed for sendsms", {}, false, undefined],
    [403, "Not routable. Do not try again.", {}, false, undefined],
    [404, "Unknown request.", {}, false, undefined],
    [301, "", { location: "http://elsewhere.example/" }, false, undefined],
    [200, "<html>It works!</html>", {}, false, undefined],
    [202, "1: Rejected", {}, false, undefined],
    [202, "", {}, false, undefined],
    [408, "", {}, true, undefined],
    [429, "", { "retry-after": "7" }, true, 7_000],
    [500, "Sending failed.", {}, true, undefined],
    [503, "Temporal failure, try again later.", { "retry-after": "999999999" }, true, 86_400_000],
    [503, "", { "retry-after": "Wed, 21 Oct 2015 07:28:00 GMT" }, true, undefined],
    [403, "", { "retry-after": "7" }, false, undefined],
  ])("%i %j %j: temporary %s, after %s", async (status, body, headers, temporary, after) => {
    const transport = await answering((_incoming, outgoing) => outgoing.writeHead(status, headers).end(body));
    expect(await failureOf(transport.send(message))).toMatchObject({ temporary, after });
  });

  it.each(["GET", "POST"] as const)("and repeats what was asked: it is not told (%s)", async (method) => {
    for (const status of [200, 302, 400, 403, 500]) {
      const transport = await answering(
        (incoming, outgoing) => {
          const all = `${incoming.url} ${JSON.stringify(incoming.headers)} ${options.password} ${message.to} ${message.text}`;
          outgoing.writeHead(status, { "x-echo": encodeURIComponent(all), location: `/?${encodeURIComponent(all)}` }).end(all);
        },
        { method },
      );
      const failure = await failureOf(transport.send(message));
      const shown = `${inspect(failure, { depth: Infinity, showHidden: true })} ${failure.stack}`;
      for (const hidden of ["hunter", options.secret, "358401234567", "Päivää", "P%C3%A4iv"]) expect(shown).not.toContain(hidden);
    }
  });

  it("without end: no more is read than tells what it is", async () => {
    const transport = await answering((_incoming, outgoing) => {
      const pour = (): void => {
        while (!outgoing.destroyed && outgoing.write("x".repeat(65_536)));
        if (!outgoing.destroyed) outgoing.once("drain", pour);
      };
      outgoing.writeHead(200).write("0: Accepted for delivery");
      pour();
    });
    expect(await transport.send(message)).toEqual({});
  });

  it.each<[string, RequestListener]>([
    ["never", () => undefined],
    ["in part, and then never", (_incoming, outgoing) => outgoing.writeHead(202, { "content-length": "24" }).write("0: ")],
  ])("%s: temporary, in time", async (_how, listener) => {
    const transport = await answering(listener, { timeout: 150 });
    const began = Date.now();
    const failure = await failureOf(transport.send(message));
    expect(failure).toMatchObject({ temporary: true, message: expect.stringContaining("150 ms") as string });
    expect(Date.now() - began).toBeLessThan(3_000);
  });

  it.each<[string, RequestListener]>([
    ["with a broken connection", (incoming) => incoming.socket.destroy()],
    ["with something else than HTTP", (incoming) => incoming.socket.end("220 smtp.example\r\n")],
  ])("%s: temporary", async (_how, listener) => {
    expect(await failureOf((await answering(listener)).send(message))).toMatchObject({ temporary: true });
  });
});

describe("several messages", () => {
  it("are handed over eight at a time, in their order, and one failure keeps no place", async () => {
    const held: ServerResponse[] = [];
    const order: string[] = [];
    const transport = await answering((incoming, outgoing) => {
      order.push(String(incoming.headers["x-kannel-dlr-url"]).replace(/.*reference=(\w+).*/, "$1"));
      held.push(outgoing);
    });
    const references = Array.from({ length: 40 }, (_, n) => `r${n}`);
    const sending = Promise.allSettled(references.map((reference) => transport.send({ ...message, reference })));
    for (let round = 1; round <= 5; round++) {
      while (order.length < round * 8) await sleep(5);
      await sleep(30);
      // No ninth has come, and these eight are the next in the order.
      expect(order.slice((round - 1) * 8).toSorted()).toEqual(references.slice((round - 1) * 8, round * 8).toSorted());
      for (const outgoing of held.splice(0)) outgoing.writeHead(round === 2 ? 503 : 202).end("0: Accepted for delivery");
    }
    expect((await sending).filter(({ status }) => status === "rejected")).toHaveLength(8);
  });

  it("close waits for those under way and takes no more", async () => {
    let finish: () => void = () => undefined;
    const transport = await answering((_incoming, outgoing) => {
      finish = () => outgoing.writeHead(202).end("0: Accepted for delivery");
    });
    const first = transport.send(message);
    await sleep(50);
    let closed = false;
    const closing = transport.close().then(() => (closed = true));
    expect(await failureOf(transport.send(message))).toMatchObject({ temporary: true });
    expect(closed).toBe(false);
    finish();
    expect(await first).toEqual({});
    await closing;
  });
});
