import { Command } from "commander";
import { settledSettings, type ServeFlags, type Told } from "./config.ts";
import { configSchema } from "./config/config-file.ts";
import { spoken } from "./spoken.ts";
import { serveOptions } from "./serve-options.ts";
import { StartFailure } from "./start-failure.ts";
import { jsonOption } from "./store-command.ts";

/** `sojournd config check | schema`: what `serve` would take, and from where; and what may stand in a configuration file. */
export function configCommand(): Command {
  const config = new Command("config").description("what serve would take from its options, the environment and a file");
  serveOptions(config.command("check"))
    .description("says what holds and where each value came from; exit code 1, and the fix, when serve would not take it")
    .option(...jsonOption)
    .action(check);
  config
    .command("schema")
    .description("prints the JSON Schema of a configuration file")
    .action(() => console.log(JSON.stringify(configSchema(), null, 2)));
  return config;
}

function check(flags: ServeFlags & { readonly json?: boolean }): void {
  try {
    const { told, file } = settledSettings(flags, process.env);
    if (flags.json === true) console.log(JSON.stringify({ ok: true, file: file ?? null, settings: told }));
    else console.log(linesOf(told, file).join("\n"));
  } catch (error) {
    if (flags.json !== true || !(error instanceof StartFailure)) throw error;
    console.log(JSON.stringify({ ok: false, error: error.message }));
    process.exitCode = 1;
  }
}

function linesOf(told: readonly Told[], file: string | undefined): string[] {
  const rows = told.map(({ name, value, from, where }) => [name, textOf(value, name), from === "file" ? "the file" : (where ?? "default")] as const);
  const width = (column: 0 | 1): number => Math.min(48, Math.max(...rows.map((row) => row[column].length)));
  return [
    file === undefined ? "No configuration file." : `The file is ${file}.`,
    "",
    ...rows.map(([name, value, from]) => `${name.padEnd(width(0))}  ${value.padEnd(width(1))}  ${from}`),
  ];
}

function textOf(value: unknown, name: string): string {
  if ((name === "sessions.idle" || name === "sessions.absolute") && typeof value === "number") return spoken(value);
  if (value === null) return "none";
  if (Array.isArray(value)) return value.length === 0 ? "none" : value.join(", ");
  return typeof value === "string" ? value : JSON.stringify(value);
}
