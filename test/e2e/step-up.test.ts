import { existsSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { dialogue, simulatedNetwork, smsGateway, type Json } from "@sojourn/gateways/sms";
import { chromium, type Page } from "playwright-core";
import { createSessions, type Session } from "sojourn";
import { cookie } from "sojourn/http";
import { nodeSessions } from "sojourn/http/node";
import { memoryStore } from "sojourn/stores/memory";
import { afterEach, expect, test } from "vitest";

const executablePath = "/usr/bin/chromium";
const args = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

const undo: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0).toReversed()) await step();
});

interface Data {
  payment: { readonly amount: number; readonly state: "asked" | "approved" | "refused" | "paid" };
}

/** What a payment waits for: the answer of the phone that belongs to the account. */
const approve = dialogue("approve", async (talk, { amount }: { amount: number; session: string }) => {
  const answer = await talk.menu(`Pay ${amount} euros?`, { yes: "Yes, it is me", no: "No" }, { timeout: "5m", retries: 0, otherwise: "no" });
  await talk.say(answer === "yes" ? "Thank you." : "Nothing was paid.");
  return answer === "yes";
});

const phones: Readonly<Record<string, string>> = { ana: "+358401234567" };

/** A shop with two doors, web and text messages, to sessions in one store. */
async function shop() {
  const store = memoryStore();
  const web = createSessions<Data>({ store });
  const texts = createSessions<Record<string, Json>>({ store, kind: "sms", sweep: 20 });
  const network = simulatedNetwork();
  const story: string[] = [];
  for (const sessions of [web, texts]) {
    sessions.on("created", ({ kind, subject }) => void story.push(`${kind} created${subject === undefined ? "" : ` for ${subject}`}`));
    sessions.on("authenticated", ({ kind, methods }) => void story.push(`${kind} authenticated by ${methods.join()}`));
    sessions.on("elevated", ({ kind, level }) => void story.push(`${kind} elevated to ${level}`));
    sessions.on("ended", ({ kind, reason }) => void story.push(`${kind} ended: ${reason}`));
  }
  const gateway = smsGateway(texts, {
    transport: network,
    numbers: ["+3584570001", "+3584570002"],
    dialogues: [approve],
    // The phone's answer is written into the web session; the level is raised by the browser's own next request, which is handed the new secret.
    async finished({ args: begun, result }) {
      const { session: id, amount } = begun as { readonly session: string; readonly amount: number };
      const session = await web.reach({ id }, { touch: false });
      session?.set("payment", { amount, state: result === true ? "approved" : "refused" });
      await session?.commit();
    },
  });
  await gateway.listen();

  const routes: Readonly<Record<string, (session: Session<Data>, query: URLSearchParams) => Promise<string> | string>> = {
    "/login": async (session) => {
      await session.authenticate("ana", { methods: ["pwd"] });
      return `<h1>Welcome</h1><form action="/pay"><input name="amount" value="120"><button>Pay</button></form>`;
    },
    "/pay": async (session, query) => {
      if (session.subject === undefined || session.id === undefined) return "<h1>Log in first</h1>";
      const amount = Number(query.get("amount"));
      session.set("payment", { amount, state: "asked" });
      await session.commit();
      await gateway.start(approve, phones[session.subject] ?? "", { amount, session: session.id });
      return `<h1>Answer the message on your phone</h1><script>
        setInterval(async () => { const text = await (await fetch("/payment")).text(); if (text !== "asked") document.querySelector("h1").textContent = text; }, 50)</script>`;
    },
    "/payment": async (session) => {
      const payment = session.get("payment");
      if (payment?.state === "approved") {
        await session.elevate("payment", { methods: ["sms"], for: "5m" });
        session.set("payment", { ...payment, state: "paid" });
      }
      return session.get("payment")?.state ?? "nothing to pay";
    },
    "/level": (session) => `${session.levels.join()} ${session.methods.join()}`.trim(),
  };
  const door = nodeSessions(web, { carriers: [cookie()] });
  const server = createServer((request, response) => {
    if (!door.middleware(request, response)) return;
    const url = new URL(String(request.url), "http://localhost");
    void (async () => {
      const page = routes[url.pathname];
      if (page === undefined) return response.writeHead(404).end();
      const text = await page(await door.session(request, response), url.searchParams);
      response.setHeader("content-type", "text/html").end(text);
    })();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  undo.push(async () => {
    server.closeAllConnections();
    server.close();
    await gateway.close();
    await texts.close();
  });
  return { address: `http://localhost:${(server.address() as AddressInfo).port}`, network, story, web };
}

test("A payment on the web waits for a yes by text message; the session that asked, and no other, is raised by it", { timeout: 60_000 }, async ({ skip }) => {
  if (!existsSync(executablePath)) skip(`There is no ${executablePath}.`);
  const { address, network, story } = await shop();
  const browser = await chromium.launch({ executablePath, headless: true, args });
  undo.push(() => browser.close());
  const visitor = async (): Promise<Page> => (await browser.newContext()).newPage();
  const secret = async (page: Page): Promise<string | undefined> => (await page.context().cookies())[0]?.value;

  const [laptop, other] = [await visitor(), await visitor()];
  for (const page of [laptop, other]) await page.goto(`${address}/login`);
  const before = await secret(laptop);
  await laptop.getByRole("button", { name: "Pay" }).click();
  await laptop.getByRole("heading", { name: "Answer the message on your phone" }).waitFor();

  const phone = network.handset(phones["ana"]!);
  const question = await phone.next();
  expect(question.text).toBe("Pay 120 euros?\n1 Yes, it is me\n2 No");
  await phone.send(question.from, "1");
  await laptop.getByRole("heading", { name: "paid" }).waitFor();
  expect((await phone.next()).text).toBe("Thank you.");

  const level = async (page: Page): Promise<string | null> => {
    await page.goto(`${address}/level`);
    return page.textContent("body");
  };
  expect([await level(laptop), await level(other)]).toEqual(["payment pwd,sms", "pwd"]);
  expect(await secret(laptop)).not.toBe(before);
  expect(story).toEqual([
    "web created for ana",
    "web authenticated by pwd",
    "web created for ana",
    "web authenticated by pwd",
    "sms created for tel:+358401234567",
    "sms ended: done",
    "web elevated to payment",
  ]);

  // A no raises nothing, and neither does the answer to another question.
  await other.goto(`${address}/pay?amount=99`);
  const second = await phone.next();
  await phone.send(question.from === second.from ? "+3584570002" : question.from, "1");
  await phone.send(second.from, "2");
  await other.getByRole("heading", { name: "refused" }).waitFor();
  expect(await level(other)).toBe("pwd");
});
