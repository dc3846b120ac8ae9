import { Command, CommanderError } from "commander";
import { exitCodes, CommandFailure } from "./commands/exit-codes.ts";
import { mannered } from "./commands/mannered.ts";
import { StartFailure } from "./start-failure.ts";
import { version } from "./version.ts";

/** A command, and what the list of commands says of it. It is loaded by who calls it: help, and a command that asks a server, need no store and no server. */
interface Entry {
  readonly says: string;
  readonly load: () => Promise<Command>;
}

const commands: Readonly<Record<string, Entry>> = {
  serve: {
    says: "answers the API",
    load: async () => {
      // Node opens the files of all modules of one depth at once. The largest family comes first and alone, so that a server which may hold few files open starts.
      await import("zod");
      return (await import("./commands/serve-command.ts")).serveCommand(fail);
    },
  },
  sessions: {
    says: "lists, shows, searches, watches and ends sessions, by a server",
    load: async () => (await import("./commands/sessions-command.ts")).sessionsCommand(),
  },
  subjects: {
    says: "ends all sessions of a subject, by a server",
    load: async () => (await import("./commands/subjects-command.ts")).subjectsCommand(),
  },
  checkpoints: {
    says: "keeps, compares and restores copies of what sessions hold, by a server",
    load: async () => (await import("./commands/checkpoints-command.ts")).checkpointsCommand(),
  },
  webhooks: {
    says: "has a server send events to URLs",
    load: async () => (await import("./commands/webhooks-command.ts")).webhooksCommand(),
  },
  keys: {
    says: "the keys by which applications use the API, and those that seal sessions",
    load: async () => (await import("./keys-command.ts")).keysCommand(),
  },
  backup: {
    says: "copies all sessions and application keys into one file; servers go on meanwhile",
    load: async () => (await import("./backup-command.ts")).backupCommand(),
  },
  restore: {
    says: "puts a backup into a data folder that no server uses, and ends every session in it",
    load: async () => (await import("./restore-command.ts")).restoreCommand(),
  },
  compact: {
    says: "gives the free space in the database back to the disk; while servers run, says how much there is",
    load: async () => (await import("./compact-command.ts")).compactCommand(),
  },
  scrub: {
    says: "compares the index with the sessions, and names what cannot be read; servers may run meanwhile",
    load: async () => (await import("./scrub-command.ts")).scrubCommand(),
  },
  migrate: {
    says: "moves all sessions and application keys from one store to another, while servers use both",
    load: async () => (await import("./migrate-command.ts")).migrateCommand(),
  },
  doctor: {
    says: "judges the settings, or a server that runs, by OWASP ASVS 5.0 and NIST SP 800-63B-4",
    load: async () => (await import("./doctor-command.ts")).doctorCommand(),
  },
  config: {
    says: "what serve would take from its options, the environment and a file",
    load: async () => (await import("./config-command.ts")).configCommand(),
  },
  sms: {
    says: "dialogues by text message",
    load: async () => (await import("./sms/sms-command.ts")).smsCommand(),
  },
};

const program = new Command("sojournd")
  .description("Sessions over a JSON API, for programs in any language.")
  .version(version)
  .addHelpText(
    "after",
    `
Exit codes, if the help of a command names no others: 0 done, 1 failed or not found, 2 wrong usage, 3 refused by the server, 4 server not reached,
130 interrupted. What goes wrong is one line on standard error, which names the fix.`,
  );

const asked = process.argv.slice(2).find((word) => Object.hasOwn(commands, word));
for (const [name, { says, load }] of Object.entries(commands)) program.addCommand((name === asked ? await load() : new Command(name)).description(says));

try {
  await mannered(program).parseAsync();
} catch (thrown) {
  await fail(thrown);
}

/** One line for whoever started it; a stack only when the fault is ours. */
async function fail(thrown: unknown): Promise<void> {
  // It has said what it had to say.
  if (thrown instanceof CommanderError) return void (process.exitCode = thrown.exitCode === 0 ? exitCodes.done : exitCodes.usage);
  // What this knows comes with a store, which has been loaded if there is something to know.
  const error = thrown instanceof StartFailure ? thrown : (await import("./open-store.ts")).inOneLine(thrown);
  console.error(error instanceof StartFailure ? `sojournd: ${error.message}` : error);
  process.exitCode = error instanceof CommandFailure ? error.code : exitCodes.failed;
}
