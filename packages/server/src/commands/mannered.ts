import type { Command } from "commander";

/** Has a command, and all below it, say what is wrong in one line as everything else does, and throw where it would end the process. @returns it */
export function mannered(command: Command): Command {
  command.exitOverride().configureOutput({ outputError: (text, write) => write(oneLine(text)) });
  for (const below of command.commands) mannered(below);
  return command;
}

/** Commander's `error: unknown option '--al'`, and on a line of its own `(Did you mean --all?)`. */
function oneLine(text: string): string {
  return text.replace(/^error: /, "sojournd: ").replaceAll(/\n(?=\()/g, " ");
}
