import type { Command } from "commander";
import { dataOption, storeOption } from "./store-command.ts";

export const configOption = ["--config <file>", "a configuration file; what it says counts less than an option and the environment (SOJOURN_CONFIG)"] as const;

/** Adds the options by which a server is set up: for `serve`, and for what looks at how it would be. */
export function serveOptions(command: Command): Command {
  return command
    .option("--dev", "for development on this machine: makes a key, prints lines to paste, serves a shop at /demo")
    .option(...configOption)
    .option("--behind-tls", "a proxy in front ends TLS: allows an address that others can reach (SOJOURN_BEHIND_TLS)")
    .option("--host <address>", "where to listen (SOJOURN_HOST; default 127.0.0.1)")
    .option("--port <number>", "on which port; 0 for any free one (SOJOURN_PORT; default 7300)")
    .option(...dataOption)
    .option(...storeOption)
    .option("--migrating-from <url>", "the store from which sessions are being moved to that one (SOJOURN_MIGRATING_FROM)")
    .option("--migrating-phase <old|both>", "old while not all servers know of the move (SOJOURN_MIGRATING_PHASE; default both)")
    .option("--allowed-host <name...>", "further host names by which requests may call the server (SOJOURN_ALLOWED_HOSTS)");
}
