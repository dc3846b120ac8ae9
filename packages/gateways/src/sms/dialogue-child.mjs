// A process of its own for survival.test.ts: a gateway on a store, its handset on standard input and output.
// Arguments: where the sessions rest (dialogue-stores.mjs), and how far ahead of the machine its clock is (ms). Reads lines of JSON: { start: slot } or { from, to, text, id }; writes { out } for each
// message that goes out, { started }, { heard } when one has been taken in, { finished } for each dialogue that is over, { ready }.
import { writeSync } from "node:fs";
import { createInterface } from "node:readline";
import { createSessions } from "sojourn";
import { dialogue, smsGateway } from "@sojourn/gateways/sms";
import { storeAt } from "./dialogue-stores.mjs";

const [place = "", ahead] = process.argv.slice(2);
const clock = { now: () => Date.now() + Number(ahead) };
/** @param {object} line */
const tell = (line) => void writeSync(1, `${JSON.stringify(line)}\n`);

const booking = dialogue("booking", async (talk, { slot }) => {
  const chance = await talk.random();
  const comes = await talk.menu(`${slot}: will you come?`, { yes: "Yes", no: "No" }, { timeout: "10d" });
  const name = await talk.ask("Under which name?");
  await talk.say(`Thank you, ${name}.`);
  return { slot, comes, name, chance };
});

/** @type {import("@sojourn/gateways/sms").Receiver} */
let receiver;
const store = await storeAt(place);
const sessions = createSessions({ store, clock, kind: "sms", sweep: 50 });
sessions.on("failed", ({ doing, error }) => tell({ failed: `${doing}: ${error}` }));
const gateway = smsGateway(sessions, {
  transport: {
    async send(message) {
      tell({ out: message });
      return {};
    },
    receive: (given) => void (receiver = given),
    async close() {},
  },
  numbers: ["+3584570001", "+3584570002"],
  dialogues: [booking],
  clock,
  finished: (outcome) => tell({ finished: outcome }),
  failed: ({ error }) => tell({ failed: String(error) }),
});
await gateway.listen();
tell({ ready: true });
for await (const line of createInterface({ input: process.stdin })) {
  const command = JSON.parse(line);
  if (command.start === undefined) {
    await receiver.message(command);
    tell({ heard: command.id });
  } else tell({ started: await gateway.start(booking, "+358401234567", { slot: command.start }) });
}
