import { Command, Option } from "commander";
import { dataFolder } from "../config.ts";
import { dataOption } from "../store-command.ts";
import { demo } from "./demo-dialogues.ts";
import { dialogueModule } from "./dialogue-module.ts";
import { obeyLine } from "./obey-line.ts";
import { standardScreen } from "./screen.ts";
import { helpPage } from "./simulation-help.ts";
import { inFolder, inMemory } from "./simulation-place.ts";
import { arrivedText, durationText, finishedText, numberText, openLines } from "./simulation-text.ts";
import { handset, poolOf, simulation, type Simulation } from "./simulation.ts";

interface Flags {
  readonly data?: string;
  readonly memory?: boolean;
  readonly numbers: string;
}

/** `sojournd sms simulate`: dialogues by text message, with a handset in the terminal. */
export function smsCommand(): Command {
  const sms = new Command("sms");
  sms
    .command("simulate")
    .argument("[file]", "a module that exports dialogues; without it there is a demo")
    .description("a handset in the terminal: talk to dialogues without a network")
    .addOption(new Option("--memory", "keeps nothing: all is gone when it ends").conflicts("data"))
    .option("--numbers <count>", "how many numbers the pool has: as many dialogues are open at once", "5")
    .option(...dataOption)
    .addHelpText("after", helpPage)
    .action(simulate);
  return sms;
}

async function simulate(file: string | undefined, flags: Flags): Promise<void> {
  const numbers = poolOf(flags.numbers);
  const given = file === undefined ? demo : await dialogueModule(file);
  const place = flags.memory === true ? inMemory() : inFolder(dataFolder(flags.data, process.env));
  const screen = standardScreen();
  const at: Simulation = simulation(place, given, numbers, {
    arrived: (message) => screen.write(arrivedText(message, at)),
    finished: (outcome) => screen.write(finishedText(outcome)),
    failed: (error) => screen.fail(error),
  });
  try {
    await welcome(at, screen.write);
    await at.begin();
    await screen.obey(
      (line) => obeyLine(line, at, screen),
      () => (at.last === undefined ? "> " : `@${numbers.indexOf(at.last) + 1}> `),
    );
  } finally {
    await at.close();
  }
}

async function welcome(at: Simulation, write: (text: string) => void): Promise<void> {
  const { numbers, dialogues, ahead } = at;
  const [first = "", ...more] = numbers;
  write(`A handset, ${handset}. The pool: ${numberText(first, numbers)}${more.length === 0 ? "" : ` to ${numberText(more.at(-1) ?? "", numbers)}`}.`);
  write(`Dialogues: ${dialogues.join(", ")}. Begin one with /start ${dialogues[0]}; /help has the rest.`);
  if (ahead > 0) write(`The clock is ${durationText(ahead)} ahead of the machine's.`);
  const open = await at.open();
  if (open.length > 0) write(["Open, from before:", ...openLines(open, at)].join("\n"));
}
