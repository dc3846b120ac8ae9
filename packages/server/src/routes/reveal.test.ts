import { dialogue, simulatedNetwork, smsGateway, type Json } from "@sojourn/gateways/sms";
import { createSessions } from "sojourn";
import { afterAll, beforeAll, expect, test } from "vitest";
import { cleanUp, later } from "../clean-up.fixture.ts";
import { newKey } from "../keys.ts";
import { openStore } from "../open-store.ts";
import { testServer, type Answer, type TestServer } from "../server.fixture.ts";

let server: TestServer;
let operator: string;
beforeAll(async () => {
  server = await testServer();
  const key = newKey();
  await server.keys.add(key, { name: "support", role: "operator" });
  operator = `Bearer ${key}`;
});
afterAll(cleanUp);

async function reveal(id: string): Promise<Answer> {
  return server.call("GET", `/v1/sessions/${id}/data`, { headers: { Authorization: operator } });
}

test("what a live session holds, at its version, and who looked is in the log", async () => {
  const { id, token } = await server.begin({ subject: "ada", data: { cart: ["tea"], secret: "canary" } });
  server.logged.length = 0;
  expect((await reveal(id)).body).toEqual({ version: 1, data: { cart: ["tea"], secret: "canary" } });
  expect(server.logged[0]).toBe(JSON.stringify(["revealed", { by: "support", session: id }]));
  expect(server.logged.join("\n")).not.toContain("canary");
  await server.call("DELETE", "/v1/session", { token });
  server.logged.length = 0;
  for (const missing of [id, "nobody", "floor:x"]) expect((await reveal(encodeURIComponent(missing))).body["code"]).toBe("session_missing");
  expect(server.logged.join("\n")).not.toContain("revealed");
});

test("of a dialogue by text message what was said, with hostile text as it came", async () => {
  const store = openStore(server.data);
  later(() => store.close());
  const sessions = createSessions<Record<string, Json>>({ store, kind: "sms" });
  const network = simulatedNetwork();
  const survey = dialogue("survey", async (talk) => {
    await talk.ask("Your name?");
    await talk.ask("Your age?");
  });
  const sms = smsGateway(sessions, { transport: network, numbers: ["+3584570001"], dialogues: [survey] });
  await sms.listen();
  later(async () => {
    await sms.close();
    await sessions.close();
  });
  const begun = await sms.start(survey, "+358401234567", null);
  const phone = network.handset("+358401234567");
  const { from } = await phone.next();
  await phone.send(from, "<script>alert(1)</script>");
  await phone.next();
  const { journal } = (await reveal(begun.ok ? begun.id : "")).body;
  const at = expect.any(Number) as unknown;
  expect(journal).toEqual([
    { at, from: "service" },
    { at, from: "person", text: "<script>alert(1)</script>" },
    { at, from: "service", text: "Your age?" },
  ]);
});

test("a session that is called sms and is no dialogue has no journal", async () => {
  for (const data of [{}, { dialogue: { name: "x" } }, { turns: { first: 0, next: 1e300 }, "turn.0": [{ op: "say", key: "x" }] }]) {
    const { id } = await server.begin({ kind: "sms", data });
    expect((await reveal(id)).body).toEqual({ version: 1, data });
  }
});
