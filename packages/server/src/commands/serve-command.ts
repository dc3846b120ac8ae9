import { Command } from "commander";
import { serveSettings, type ServeFlags } from "../config.ts";
import { jsonLog, shortLog } from "../log.ts";
import { scratchFile } from "../scratch-file.ts";
import { serveOptions } from "../serve-options.ts";
import { serve } from "../serve.ts";
import { welcomeText } from "../welcome.ts";

/** `sojournd serve`: until SIGINT or SIGTERM. @param fail what is told of a stop that failed. */
export function serveCommand(fail: (thrown: unknown) => Promise<void>): Command {
  return serveOptions(new Command("serve"))
    .addHelpText("after", "\nExit codes: 0 it was told to stop, and did; 1 it could not start, or stop in order; 2 wrong usage.")
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
}
