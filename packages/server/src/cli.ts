import { Command } from "commander";
import { backupCommand } from "./backup-command.ts";
import { compactCommand } from "./compact-command.ts";
import { serveSettings, type ServeFlags } from "./config.ts";
import { keysCommand } from "./keys-command.ts";
import { jsonLog, shortLog } from "./log.ts";
import { migrateCommand } from "./migrate-command.ts";
import { inOneLine } from "./open-store.ts";
import { restoreCommand } from "./restore-command.ts";
import { scratchFile } from "./scratch-file.ts";
import { scrubCommand } from "./scrub-command.ts";
import { serve } from "./serve.ts";
import { smsCommand } from "./sms/sms-command.ts";
import { StartFailure } from "./start-failure.ts";
import { dataOption, storeOption } from "./store-command.ts";
import { version } from "./version.ts";
import { welcomeText } from "./welcome.ts";

const program = new Command("sojournd").description("Sessions over a JSON API, for programs in any language.").version(version);

program
  .command("serve")
  .description("answers the API")
  .option("--dev", "for development on this machine: makes a key, prints lines to paste, serves a shop at /demo")
  .option("--behind-tls", "a proxy in front ends TLS: allows an address that others can reach")
  .option("--host <address>", "where to listen (SOJOURN_HOST; default 127.0.0.1)")
  .option("--port <number>", "on which port; 0 for any free one (SOJOURN_PORT; default 7300)")
  .option(...dataOption)
  .option(...storeOption)
  .option("--migrating-from <url>", "the store from which sessions are being moved to that one (SOJOURN_MIGRATING_FROM)")
  .option("--migrating-phase <old|both>", "old while not all servers know of the move (SOJOURN_MIGRATING_PHASE; default both)")
  .option("--allowed-host <name...>", "further host names by which requests may call the server")
  .action(async (flags: ServeFlags) => {
    const settings = serveSettings(flags, process.env);
    const log = settings.dev ? shortLog() : jsonLog();
    const running = await serve(settings, log);
    const { address, port, key } = running;
    if (key === undefined)
      log.info("listening", { address, store: settings.store.shown, ...(settings.migratingFrom && { from: settings.migratingFrom.shown }) });
    else console.log(welcomeText({ address, key, scratch: scratchFile(`sojourn-${port}.json`), kept: settings.store.engine !== "memory" }));
    let stopping = false;
    for (const signal of ["SIGINT", "SIGTERM"] as const) {
      process.on(signal, () => {
        // A second one of those that a person sends: they do not want to wait.
        if (stopping && signal === "SIGINT") process.exit(130);
        if (stopping) return;
        stopping = true;
        running.stop().catch(fail);
      });
    }
  });

for (const command of [keysCommand(), backupCommand(), restoreCommand(), compactCommand(), scrubCommand(), migrateCommand(), smsCommand()])
  program.addCommand(command);

await program.parseAsync().catch(fail);

/** One line for whoever started it; a stack only when the fault is ours. */
function fail(thrown: unknown): void {
  const error = inOneLine(thrown);
  console.error(error instanceof StartFailure ? `sojournd: ${error.message}` : error);
  process.exitCode = 1;
}
