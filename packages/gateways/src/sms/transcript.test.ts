import fc from "fast-check";
import { createSessions } from "sojourn";
import { memoryStore } from "sojourn/stores/memory";
import { fakeClock } from "sojourn/testing";
import { expect, test } from "vitest";
import { simulatedNetwork } from "./simulate.ts";
import { dialogue, smsGateway, transcriptOf, TransportFailure, type Json } from "./sms.ts";

const ana = "+358401234567";

test("what people said is there with its time, and when the service spoke; its text where it is kept", async () => {
  const clock = fakeClock();
  const sessions = createSessions<Record<string, Json>>({ store: memoryStore(), clock, kind: "sms" });
  const network = simulatedNetwork();
  let down = false;
  const transport = {
    ...network,
    send: (...given: Parameters<typeof network.send>) => (down ? Promise.reject(new TransportFailure("down", { temporary: true })) : network.send(...given)),
  };
  const survey = dialogue("survey", async (talk) => {
    await talk.say("Hello.\nThis is a survey.");
    const name = await talk.ask("Your name?");
    await talk.say(`Thank you, ${name}.`);
    await talk.ask("How old are you?", { timeout: "1d" });
  });
  const sms = smsGateway(sessions, { transport, numbers: ["+3584570001"], dialogues: [survey], clock });
  await sms.listen();
  const begun = await sms.start(survey, ana, null);
  const phone = network.handset(ana);
  const { from } = await phone.next();
  await phone.next();
  const id = begun.ok ? begun.id : "";
  const transcript = async (): Promise<unknown> => transcriptOf((await sessions.reach({ id }, { touch: false }))!.data);
  const start = clock.now();
  expect(await transcript()).toEqual([
    { at: start, from: "service" },
    { at: start, from: "service", text: "Your name?" },
  ]);
  clock.advance("1h");
  down = true;
  await phone.send(from, " Ana <b>");
  expect(await transcript()).toEqual([
    { at: start, from: "service" },
    { at: start, from: "service" },
    { at: clock.now(), from: "person", text: " Ana <b>" },
    { at: clock.now(), from: "service", text: "Thank you, Ana <b>." },
    { at: clock.now(), from: "service", text: "How old are you?" },
  ]);
  await sms.close();
  await sessions.close();
});

test("data that is no dialogue's has none, whatever it is", () => {
  const wild = fc.dictionary(
    fc.oneof(fc.constantFrom("dialogue", "turns", "turn.0", "turn.1", "turn.99999999999999999999", "out.0", "asked", "__proto__"), fc.string()),
    fc.oneof(
      fc.jsonValue(),
      fc.record({ name: fc.string() }),
      fc.record({ first: fc.oneof(fc.integer(), fc.constant(-1e300)), next: fc.oneof(fc.integer(), fc.constant(1e300), fc.string()) }),
      fc.array(fc.record({ op: fc.constantFrom("say", "ask", "answer", "run"), key: fc.jsonValue(), value: fc.jsonValue() }, { requiredKeys: [] })),
    ),
  );
  for (const data of [{}, { cart: ["tea"] }, { dialogue: "x" }, { dialogue: { name: "x" } }, { turns: { first: 0, next: 1 }, "turn.0": [] }])
    expect(transcriptOf(data)).toBeUndefined();
  fc.assert(
    fc.property(wild, (data) => {
      for (const said of transcriptOf(data) ?? []) {
        expect(["person", "service"]).toContain(said.from);
        expect(["number", "undefined"]).toContain(typeof said.at);
        expect(said.from === "person" ? ["string"] : ["string", "undefined"]).toContain(typeof said.text);
      }
    }),
  );
});
