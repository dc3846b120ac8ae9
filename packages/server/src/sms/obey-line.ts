import type { Json } from "@sojourn/gateways/sms";
import { SojournError } from "sojourn";
import type { Screen } from "./screen.ts";
import { commandsText } from "./simulation-help.ts";
import { readLine } from "./simulation-line.ts";
import { durationText, openLines, timeText } from "./simulation-text.ts";
import type { Simulation } from "./simulation.ts";

/** Does what a line says. What is wrong with it is shown, and the next one may be right. */
export async function obeyLine(text: string, at: Simulation, screen: Screen): Promise<"go on" | "quit"> {
  try {
    const line = readLine(text, at.numbers);
    switch (line.do) {
      case "send":
        await send(line.to ?? at.last, line.text, at);
        break;
      case "start":
        await start(line.name, line.args, at, screen);
        break;
      case "later":
        await at.later(line.ms);
        screen.write(`It is ${timeText(at.now())}, ${durationText(at.ahead)} ahead of the machine's clock.`);
        break;
      case "list": {
        const open = await at.open();
        screen.write(open.length === 0 ? "No dialogue is open." : openLines(open, at).join("\n"));
        break;
      }
      case "help":
        screen.write(commandsText);
        break;
      case "quit":
        return "quit";
      case "nothing":
    }
  } catch (error) {
    screen.fail(error);
  }
  return "go on";
}

async function send(to: string | undefined, text: string, at: Simulation): Promise<void> {
  if (to === undefined) throw refused("No number has written yet. Begin a dialogue with /start, or write to a number yourself: @1 text.");
  await at.send(to, text);
}

async function start(name: string, args: Json, at: Simulation, screen: Screen): Promise<void> {
  const started = await at.start(name, args);
  if (started === undefined) throw refused(`There is no dialogue of that name. There are ${at.dialogues.join(", ")}.`);
  if (!started.ok && started.why === "stopped") throw refused("It did not begin: the handset has said STOP. START takes that back.");
  if (!started.ok) throw refused('It did not begin: every number of the pool has a dialogue (exhausted: "refuse"). Finish one first.');
  if (started.number === undefined) screen.write("It waits for a free number: every one of the pool has a dialogue.");
}

function refused(message: string): SojournError {
  return new SojournError("invalid_field", message);
}
