import { dialogue } from "@sojourn/gateways/sms";
import { z } from "zod";
import type { DialogueModule } from "./dialogue-module.ts";

const grade = z.coerce.number().int().min(1).max(5);

const booking = dialogue("booking", async (talk, { slot = "Monday 9:00" }: { readonly slot?: string }) => {
  const question = `Your appointment: ${slot}. Will you come?`;
  const comes = await talk.menu(question, { yes: "Yes", no: "No" }, { timeout: "3d", remind: { after: "1d", text: `Please answer 1 or 2. ${question}` } });
  if (comes === "yes") {
    await talk.say("See you then. Write STOP if you want no more messages.");
    return { slot, comes: true };
  }
  const why = await talk.ask("Why not?", { timeout: "1d", otherwise: null });
  await talk.say("Thank you, it is cancelled.");
  return { slot, comes: false, why };
});

const survey = dialogue("survey", async (talk) => {
  const questions = ["How was the welcome, from 1 to 5?", "How was the room, from 1 to 5?", "How was breakfast, from 1 to 5? 🥐"];
  const grades = [...((talk.state as readonly number[] | undefined) ?? [])];
  for (const question of questions.slice(grades.length)) {
    grades.push(await talk.ask(question, { read: grade, again: `A number from 1 to 5, please. ${question}`, timeout: "7d" }));
    await talk.checkpoint(grades);
  }
  await talk.say(`Thank you: ${(grades.reduce((sum, one) => sum + one, 0) / grades.length).toFixed(1)} on average.`);
  return { grades };
});

const code = dialogue("code", async (talk) => {
  const sent = String(100_000 + Math.floor((await talk.random()) * 900_000));
  const read = (said: string): string | undefined => (said === sent ? "right" : /^no\b/i.test(said) ? "not me" : undefined);
  const question = `Your code is ${sent}, for 10 minutes. Answer with it, or with NO if you did not ask for it.`;
  const outcome = await talk.ask(question, { read, again: "That is not the code. Try again.", timeout: "10m", otherwise: "none" });
  await talk.say(outcome === "right" ? "Your number is confirmed." : outcome === "none" ? "The code is void." : "Then nothing has happened.");
  return { outcome };
});

/** What a simulation has without a file: what such a file would export. */
export const demo: DialogueModule = {
  dialogues: [booking, survey, code],
  keywords: { BOOK: "booking", SURVEY: "survey", CODE: "code" },
  replies: {
    stop: "You will get no more messages. START has them again.",
    start: "Welcome back.",
    help: "BOOK, SURVEY or CODE begins something, STOP ends all.",
  },
};
