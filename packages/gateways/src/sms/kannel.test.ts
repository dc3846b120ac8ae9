import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { inspect } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { kannelConfig, messageUrl } from "./kannel-config.ts";
import { missing, startKannel, type Arrived, type KannelBoxes } from "./kannel.fixture.ts";
import { kannel, type Kannel, type KannelOptions } from "./kannel.ts";
import { TransportFailure, type Inbound, type Outbound, type Receipt } from "./transport.ts";

const secret = "0123456789abcdefXYZ_-";
const account = { username: "booking", password: "p%41ss+w&rd=#1/%d" };
const uuid = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/;

/** What the application was told, and what was asked of its server. */
const messages: Inbound[] = [];
const receipts: Receipt[] = [];
const requests: string[] = [];
/** What it does before it says that what came in is safe. */
let before: (told: Inbound | Receipt) => Promise<void> = () => Promise.resolve();

function listening(options: KannelOptions): Kannel {
  const transport = kannel(options);
  transport.receive({
    async message(message) {
      await before(message);
      messages.push(message);
    },
    async receipt(receipt) {
      await before(receipt);
      receipts.push(receipt);
    },
  });
  return transport;
}

async function serve(transport: () => Kannel, port: number = 0): Promise<Server> {
  const server = createServer((incoming, outgoing) => void bridge(transport(), incoming, outgoing));
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  return server;
}

async function bridge(transport: Kannel, incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  requests.push(`${incoming.method} ${incoming.url}`);
  const chunks: Uint8Array[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Uint8Array);
  const { method = "GET", url = "/" } = incoming;
  const init = { method, headers: incoming.headers as Record<string, string>, ...(method === "POST" ? { body: Buffer.concat(chunks) } : undefined) };
  const response = await transport.fetch(new Request(`http://127.0.0.1${url}`, init));
  outgoing.writeHead(response.status, Object.fromEntries(response.headers)).end(await response.text());
}

async function shut(server: Server): Promise<void> {
  const closed = once(server, "close");
  server.close();
  server.closeAllConnections();
  await closed;
}

async function until<T>(what: () => T | undefined | false, ms: number = 8_000): Promise<T> {
  for (const end = Date.now() + ms; ; await sleep(10)) {
    const found = what();
    if (found !== undefined && found !== false) return found;
    if (Date.now() > end) throw new Error(`It did not come about within ${ms} ms: ${what.toString()}`);
  }
}

let serial = 0;
/** A number that no other test uses. */
const number = (): string => `+35840${1_000_000 + ++serial}`;
const outbound = (text: string, to: string = number()): Outbound => ({ reference: `ref-${++serial}_x`, from: "16100", to, text });
const textOf = ({ kind, octets }: Arrived, ucs2: boolean = kind === "ucs-2"): string => new TextDecoder(ucs2 ? "utf-16be" : "utf-8").decode(octets);
const told = (text: string): Inbound | undefined => messages.find((message) => message.text === text);
const statesOf = (reference: string): string[] => receipts.filter((receipt) => receipt.reference === reference).map(({ state }) => state);

/** What came of it, once Kannel runs again for the next test. */
function settled<T>([result]: readonly [PromiseSettledResult<T>]): Promise<T> {
  return result.status === "fulfilled" ? Promise.resolve(result.value) : Promise.reject(result.reason as Error);
}

async function failureOf(sending: Promise<unknown>): Promise<TransportFailure> {
  const error: unknown = await sending.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(TransportFailure);
  return error as TransportFailure;
}

describe.skipIf(missing !== undefined)(`with Kannel${missing === undefined ? "" : ` (${missing})`}`, () => {
  let boxes: KannelBoxes;
  let transport: Kannel;
  let server: Server;
  let options: KannelOptions;
  let port = 0;

  beforeAll(async () => {
    server = await serve(() => transport);
    ({ port } = server.address() as AddressInfo);
    const webhooks = { callback: `http://127.0.0.1:${port}/k%C3%A4nnel/`, secret };
    const posting = `group = sms-service\nkeyword = post\ncatch-all = true\nmax-messages = 0\npost-url = "${messageUrl(webhooks)}"\n`;
    const wrong = `group = sms-service\nkeyword = wrong\ncatch-all = true\nmax-messages = 0\nget-url = "${messageUrl({ ...webhooks, secret: `${secret}0` })}"\n`;
    boxes = await startKannel(`${kannelConfig({ ...webhooks, ...account })}\n${posting}\n${wrong}`);
    options = { ...webhooks, ...account, url: boxes.url };
    transport = listening(options);
  }, 30_000);

  afterAll(async () => {
    await boxes?.stop();
    if (server?.listening) await shut(server);
  });

  const arrivedAt = (to: string): Arrived[] => boxes.handsets.arrived().filter((arrived) => arrived.to === to);

  it("a message comes in, an answer goes out, and its receipts come back by our reference", async () => {
    const handset = number();
    boxes.handsets.say(`${handset} 16100 text BOOK  two `);
    const message = await until(() => told("BOOK  two "));
    expect(message).toEqual({ id: expect.stringMatching(uuid) as string, from: handset, to: "16100", text: "BOOK  two ", part: undefined, at: message.at });
    expect(Math.abs(Number(message.at) - Date.now())).toBeLessThan(5_000);

    const answer = outbound("Päivää €: 1) Red\n2) Blue", handset);
    expect(await transport.send(answer)).toEqual({});
    const arrived = await until(() => arrivedAt(handset)[0]);
    expect([arrived.from, textOf(arrived)]).toEqual(["16100", answer.text]);
    await until(() => statesOf(answer.reference).length === 2);
    expect(statesOf(answer.reference).toSorted()).toEqual(["accepted", "delivered"]);
    // Kannel itself has said nothing to the handset.
    expect(arrivedAt(handset)).toHaveLength(1);
  });

  const gsm = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà\f^{}\\[~]|€";
  const texts: Readonly<Record<string, readonly [text: string, parts: number, ucs2: boolean]>> = {
    "300 characters": ["a".repeat(300), 2, false],
    "Päivää €, 320 characters": ["Päivää €".repeat(40), 3, false],
    "300 characters of Cyrillic": ["Привет".repeat(50), 5, true],
    "pairs of surrogates, long": ["😀".repeat(150), 5, true],
    "one Cyrillic word": ["Привет", 1, true],
    "all of the GSM alphabet": [gsm, 1, false],
    "what means something in addresses": [" %41+%2B&text=x#?%d  ", 1, false],
    nothing: ["", 1, false],
  };
  for (const method of ["POST", "GET"] as const) {
    for (const [what, [text, parts, ucs2]] of Object.entries(texts)) {
      it(`arrives whole by ${method}: ${what}`, async () => {
        const message = outbound(text);
        await kannel({ ...options, method }).send(message);
        const arrived = await until(() => arrivedAt(message.to)[0]);
        expect(textOf(arrived, ucs2)).toBe(text);
        expect(arrived.parts).toBe(parts);
        await until(() => statesOf(message.reference).length === 2);
        expect(statesOf(message.reference).toSorted()).toEqual(["accepted", "delivered"]);
      });
    }
  }

  it.each([
    ["in the GSM alphabet", "Päivää  €"],
    ["in UCS-2", "Привет  😀\u2020\u2020"],
    ["long, in the GSM alphabet", "Päivää €".repeat(40)],
    ["long, in UCS-2", "Приветы 😀 ".repeat(30)],
  ])("what goes out comes in as it was: %s", async (_what, text) => {
    const message = outbound(text, `+999${++serial}`);
    await transport.send(message);
    expect(await until(() => messages.find(({ to }) => to === message.to))).toMatchObject({ from: "16100", text, part: undefined });
  });

  it("what is refused is asked again, and never told", async () => {
    boxes.handsets.say(`${number()} 16100 text wrong secret`);
    await until(() => requests.filter((request) => request.includes("wrong+secret")).length > 1);
    expect(told("wrong secret")).toBeUndefined();
  });

  it("takes what Kannel posts", async () => {
    boxes.handsets.say(`${number()} 16100 text post Päivää €`);
    await until(() => told("post Päivää €"));
    expect(requests.filter((request) => request.startsWith("POST "))).toHaveLength(1);
  });

  it("a hundred at once: each handset gets its answer, each answer its receipt", async () => {
    const handsets = Array.from({ length: 100 }, () => number());
    const answers: Outbound[] = [];
    before = async (message) => {
      if (!("text" in message)) return;
      const answer = outbound(`To ${message.text}: ${"ä".repeat(200)}`, message.from);
      answers.push(answer);
      await transport.send(answer);
    };
    for (const handset of handsets) boxes.handsets.say(`${handset} 16100 text burst ${handset}`);
    await until(() => handsets.every((handset) => arrivedAt(handset).length > 0));
    await until(() => messages.filter(({ text }) => text.startsWith("burst ")).length >= 100);
    before = () => Promise.resolve();
    for (const handset of handsets) expect(arrivedAt(handset).map((arrived) => textOf(arrived))).toEqual([`To burst ${handset}: ${"ä".repeat(200)}`]);
    expect(messages.filter(({ text }) => text.startsWith("burst "))).toHaveLength(100);
    expect(answers).toHaveLength(100);
    await until(() => answers.every(({ reference }) => statesOf(reference).length === 2));
  });

  it("what the receiver rejects comes again under the same id, receipts too", async () => {
    const first = outbound("receipt, refused");
    let refusals = 3;
    before = async (what) => {
      if (("text" in what ? what.text === "refused" : what.reference === first.reference) && refusals-- > 0) throw new Error("The store is away.");
    };
    await transport.send(first);
    boxes.handsets.say(`${number()} 16100 text refused`);
    const { id } = await until(() => told("refused"));
    await until(() => statesOf(first.reference).length === 2);
    before = () => Promise.resolve();
    expect(messages.filter(({ text }) => text === "refused")).toHaveLength(1);
    const asked = requests.filter((request) => request.includes("text=refused&"));
    expect(new Set(asked.map((request) => /[?&]id=([^&]*)/.exec(request)?.[1]))).toEqual(new Set([id]));
    expect(requests.filter((request) => request.includes("text=refused&") || request.includes(`reference=${first.reference}&`))).toHaveLength(3 + 3);
  });

  it("while our server is away Kannel tries again, and nothing is lost", async () => {
    await shut(server);
    for (let n = 0; n < 20; n++) boxes.handsets.say(`${number()} 16100 text away ${n}`);
    const sent = outbound("sent while the server is away");
    await transport.send(sent);
    await until(() => arrivedAt(sent.to).length > 0);
    await sleep(1_200);
    server = await serve(() => transport, port);
    await until(() => messages.filter(({ text }) => text.startsWith("away ")).length === 20);
    await until(() => statesOf(sent.reference).length === 2);
    await sleep(300);
    expect(new Set(messages.filter(({ text }) => text.startsWith("away ")).map(({ text }) => text)).size).toBe(20);
    expect(messages.filter(({ text }) => text.startsWith("away "))).toHaveLength(20);
  });

  it("without handsets Kannel takes a message and keeps it", async () => {
    boxes.handsets.leave();
    await sleep(100);
    const message = outbound("queued");
    expect(await transport.send(message)).toEqual({});
    expect(statesOf(message.reference)).not.toContain("delivered");
    await boxes.meet();
    await until(() => arrivedAt(message.to)[0]);
    await until(() => statesOf(message.reference).includes("delivered"));
  });

  describe("refusals", () => {
    /** Neither the password, nor a number, nor the text, nor the secret may be in what a log shows of it. */
    function expectDiscreet(failure: TransportFailure, message: Outbound, password: string = account.password): void {
      const shown = `${inspect(failure, { depth: Infinity, showHidden: true })} ${failure.stack}`;
      for (const hidden of [password, encodeURIComponent(password), secret, message.to.slice(1), message.text]) expect(shown).not.toContain(hidden);
    }

    it.each(["GET", "POST"] as const)("a wrong password is permanent, and not told (%s)", async (method) => {
      const message = outbound("confidential");
      const password = "wrong-password-42";
      const failure = await failureOf(kannel({ ...options, method, password }).send(message));
      expect(failure).toMatchObject({ temporary: false, message: expect.stringContaining("username") as string });
      expectDiscreet(failure, message, password);
    });

    it("a number that no SMSC takes is permanent", async () => {
      const message = outbound("confidential", "+998123456");
      const failure = await failureOf(transport.send(message));
      expect(failure).toMatchObject({ temporary: false, message: expect.stringContaining("SMSC") as string });
      expectDiscreet(failure, message);
    });

    it("an address that is not sendsms is permanent", async () => {
      const message = outbound("confidential");
      const failure = await failureOf(kannel({ ...options, url: `${options.url}x` }).send(message));
      expect(failure).toMatchObject({ temporary: false, message: expect.stringContaining("url") as string });
      expectDiscreet(failure, message);
    });

    it("a Kannel that does not answer is temporary; the message may arrive all the same", async () => {
      const message = outbound("confidential");
      await boxes.signal("bearerbox", "SIGSTOP");
      const began = Date.now();
      const sent = await Promise.allSettled([kannel({ ...options, timeout: 250 }).send(message)]);
      await boxes.signal("bearerbox", "SIGCONT");
      const failure = await failureOf(settled(sent));
      expect(failure).toMatchObject({ temporary: true, message: expect.stringContaining("250 ms") as string });
      expect(Date.now() - began).toBeLessThan(2_000);
      expectDiscreet(failure, message);
      await until(() => arrivedAt(message.to)[0]);
    });

    it.each(["GET", "POST"] as const)("a Kannel that is gone is temporary (%s)", async (method) => {
      await boxes.signal("smsbox", "SIGKILL");
      const message = outbound("confidential");
      const sent = await Promise.allSettled([kannel({ ...options, method }).send(message)]);
      await boxes.start("smsbox");
      const failure = await failureOf(settled(sent));
      // A connection kept from before breaks, a new one is refused.
      expect(failure).toMatchObject({ temporary: true, message: expect.stringMatching(/^Kannel cannot be reached at url: \w+\.$/) as string });
      expectDiscreet(failure, message);
    });

    it("smsbox without bearerbox is temporary", async () => {
      await boxes.signal("bearerbox", "SIGKILL");
      const message = outbound("confidential");
      const sent = await Promise.allSettled([transport.send(message)]);
      await boxes.signal("smsbox", "SIGKILL");
      await boxes.start("bearerbox");
      await boxes.start("smsbox");
      await boxes.meet();
      const failure = await failureOf(settled(sent));
      expect(failure.temporary).toBe(true);
      expectDiscreet(failure, message);
    });
  });

  describe("what Kannel promises of its own", () => {
    it("bearerbox keeps what smsbox has not fetched, through a kill -9; a long message that it joined is whole, though its header says part 1", async () => {
      await boxes.signal("smsbox", "SIGKILL");
      const handset = number();
      const parts = ["A".repeat(134), "B"];
      boxes.handsets.say(`${handset} 16100 text kept`);
      parts.forEach((part, n) => boxes.handsets.say(`${handset} 16100 udh %05%00%03%4D%02%0${n + 1} ${part}`));
      for (let tries = 0; !/store size 2/.test(await boxes.status()) && tries < 100; tries++) await sleep(20);
      await boxes.signal("bearerbox", "SIGKILL");
      await boxes.start("bearerbox");
      await boxes.start("smsbox");
      await boxes.meet();
      await until(() => told("kept"));
      expect(await until(() => told(parts.join("")))).toMatchObject({ from: handset, part: undefined });
      expect(requests.some((request) => request.includes("&udh=%05%00%03M%02%01&"))).toBe(true);
    });

    it("what smsbox has fetched and not handed over is lost when smsbox ends", async () => {
      await shut(server);
      boxes.handsets.say(`${number()} 16100 text lost`);
      await sleep(300);
      await boxes.signal("smsbox", "SIGKILL");
      server = await serve(() => transport, port);
      await boxes.start("smsbox");
      await sleep(1_500);
      boxes.handsets.say(`${number()} 16100 text after the loss`);
      await until(() => told("after the loss"));
      expect(told("lost")).toBeUndefined();
    });
  });

  it("parts that Kannel does not join are known as parts", async () => {
    const separate = await startKannel(kannelConfig({ ...options }), { join: false });
    try {
      const handset = number();
      separate.handsets.say(`${handset} 16100 udh %06%08%04%01%4D%02%02 second`);
      separate.handsets.say(`${handset} 16100 udh %05%00%03%4D%02%01 first`);
      separate.handsets.say(`${handset} 16100 udh %06%05%04%0B%84%0B%84 ports`);
      expect((await until(() => told("second"))).part).toEqual({ reference: 0x01_4d, count: 2, index: 2 });
      expect((await until(() => told("first"))).part).toEqual({ reference: 0x4d, count: 2, index: 1 });
      expect((await until(() => told("ports"))).part).toBeUndefined();
    } finally {
      await separate.stop();
    }
  });
});
