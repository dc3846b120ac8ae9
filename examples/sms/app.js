// Dialogues by text message: a booking that is confirmed, with a reminder; a survey; and a payment on the web that waits for a yes from the phone
// (payment.js; open http://localhost:8081). Each is one function that may take days: it is kept in a session (LMDB, in DATA, default data/sessions) and
// goes on in whatever process gets the next message.
//
//   npm run build --prefix ../.. && npm install && npm start
//
// The handset is this terminal: a line answers the number that wrote last, "+3584570002 yes" another one. STOP ends everything, BOOK and SURVEY begin
// something. Stop it, with kill -9 too, start it again, and go on. REMIND=10s npm start shows the reminder after 10 seconds, not a day.
//
// Over a real network, by Kannel: give KANNEL_URL (of its sendsms, http://127.0.0.1:13013/cgi-bin/sendsms), KANNEL_USERNAME, KANNEL_PASSWORD, KANNEL_SECRET (16
// random characters or more), CALLBACK (where Kannel reaches this, http://127.0.0.1:8080/kannel), NUMBERS (yours, with commas between), HANDSET (who is
// written to; without it wait for BOOK and SURVEY) and PORT (default 8080). `npm run kannel-config` prints what belongs into Kannel's configuration.
import { randomUUID } from "node:crypto";
import { createServer } from "node:http";
import { createInterface } from "node:readline";
import { dialogue, kannel, kannelConfig, simulatedNetwork, smsGateway } from "@sojourn/gateways/sms";
import { open } from "lmdb";
import { createSessions } from "sojourn";
import { lmdbStore, openLmdb } from "sojourn/stores/lmdb";
import { z } from "zod";
import { approve, website } from "./payment.js";

const { KANNEL_URL: url, CALLBACK: callback, PORT = "8080", WEB_PORT = "8081", DATA = "data/sessions", REMIND = "1d" } = process.env;
const numbers = (process.env.NUMBERS ?? "+3584570001,+3584570002,+3584570003").split(",");
const handset = process.env.HANDSET ?? (url === undefined ? "+358401234567" : undefined);

const booking = dialogue("booking", async (talk, { slot, words = [] }) => {
  const when = slot ?? words.join(" ");
  const choices = { yes: "Yes", no: "No" };
  const question = `Your table, ${when}. Will you come?`;
  const answer = await talk.menu(question, choices, { timeout: "3d", remind: { after: REMIND, text: `Please answer 1 or 2. ${question}` } });
  await talk.say(answer === "yes" ? "See you then." : "It is cancelled. Thank you for telling us.");
  return { when, comes: answer === "yes" };
});

// Its numbers are checked by a schema. After each it may forget how it came there: `state` is all that the rest of it needs.
const questions = ["How was the food, from 1 to 5?", "And the service?", "And the music?"];
const survey = dialogue("survey", async (talk) => {
  const grades = talk.state?.slice() ?? [];
  for (const question of questions.slice(grades.length)) {
    const read = z.coerce.number().int().min(1).max(5);
    grades.push(await talk.ask(question, { read, again: `A number from 1 to 5, please. ${question}`, timeout: "7d" }));
    await talk.checkpoint(grades);
  }
  await talk.say("Thank you. We read every answer.");
  return { grades };
});

const account = { username: process.env.KANNEL_USERNAME, password: process.env.KANNEL_PASSWORD };
const webhooks = { callback, secret: process.env.KANNEL_SECRET };
if (process.argv[2] === "kannel-config") {
  console.log(kannelConfig({ ...account, ...webhooks }));
  process.exit();
}

const network = url === undefined ? simulatedNetwork() : kannel({ url, ...account, ...webhooks });
const store = lmdbStore(openLmdb(open, DATA));
const sessions = createSessions({ store, kind: "sms" });
const shop = website(store, (payment) => gateway.start(approve, handset, payment));
const gateway = smsGateway(sessions, {
  transport: network,
  numbers,
  dialogues: [booking, survey, approve],
  keywords: { BOOK: "booking", SURVEY: "survey" },
  replies: { stop: "You will get no more messages. START has them again.", start: "Welcome back.", help: "BOOK and a day, or SURVEY. STOP ends all." },
  async finished({ dialogue: name, args, reason, result }) {
    if (name === "approve") await shop.answered(args, result);
    console.log(`${name} is over: ${reason} ${JSON.stringify(result ?? null)}`);
  },
  failed: ({ error }) => console.error(error.message),
});

async function begin() {
  for await (const { kind } of sessions.list({ subject: `tel:${handset}` })) if (kind === "sms") return console.log("Dialogues from before are open.");
  await gateway.start(booking, handset, { slot: "Friday 19:00" });
  await gateway.start(survey, handset, null);
}

async function terminal() {
  let last = numbers[0];
  network.onDelivery(({ from, text }) => console.log(`${(last = from)}: ${text.replaceAll("\n", "\n  ")}`));
  await gateway.listen();
  console.log(`A payment on the web: http://localhost:${await shop.listen(Number(WEB_PORT))}`);
  await begin();
  for await (const line of createInterface({ input: process.stdin })) {
    const [, to = last, text] = /^(?:(\+\d+) )?(.*)$/.exec(line);
    // An id of its own for each message: what comes again under the same is not heard twice.
    await network.handset(handset).send(to, text, randomUUID());
  }
  await close();
}

async function overKannel() {
  const server = createServer((incoming, outgoing) => {
    const answer = async () => network.fetch(new Request(new URL(incoming.url, callback)));
    answer().then(
      async (response) => outgoing.writeHead(response.status, Object.fromEntries(response.headers)).end(await response.text()),
      () => outgoing.writeHead(400).end(),
    );
  });
  server.listen(Number(PORT), () => console.log(`Kannel's webhooks on port ${server.address().port}`));
  await gateway.listen();
  if (handset !== undefined) await begin();
}

async function close() {
  shop.close();
  await gateway.close();
  await sessions.close();
  process.exit(0);
}

for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => void close());
await (url === undefined ? terminal() : overKannel());
