import { Command, Option } from "commander";
import { dataFolder } from "./config.ts";
import { keysOf, newKey, type Keys } from "./keys.ts";
import { openStore } from "./open-store.ts";
import { fileOption, listSealingKeys, makeSealingKey, retireCommand, rotateCommand } from "./sealing-keys-command.ts";
import { StartFailure } from "./start-failure.ts";

interface Flags {
  readonly data?: string;
  readonly name?: string;
  readonly sealing?: boolean;
  readonly file?: string;
}

const dataOption = ["--data <folder>", "where everything is kept (SOJOURN_DATA; default ./data)"] as const;

/**
 * `sojournd keys new | list | revoke`: the keys by which applications use the API; works beside a running server, which heeds it at once.
 * `sojournd keys new | list | rotate | retire`, with a file: the keys that seal sessions and stores.
 */
export function keysCommand(): Command {
  const keys = new Command("keys").description("the keys by which applications use the API, and those that seal sessions");
  keys
    .command("new")
    .description("makes an application's key and prints it, this once; only its hash is kept")
    .option("--name <name>", "what to call it", "application")
    .option(...dataOption)
    .addOption(new Option("--sealing", "makes a key that seals sessions instead, and prints it: 43 characters, kept nowhere").conflicts(["data", "name"]))
    .addOption(fileOption())
    .action((flags: Flags) => {
      if (flags.sealing === true || flags.file !== undefined) return makeSealingKey(flags.file);
      return withKeys(flags, (stored) => make(stored, flags.name ?? "application"));
    });
  keys
    .command("list")
    .description("the keys of applications by id, date and name; with --file sealing keys by id, use and date")
    .option(...dataOption)
    .addOption(fileOption())
    .action((flags: Flags) => (flags.file === undefined ? withKeys(flags, list) : listSealingKeys(flags.file)));
  keys
    .command("revoke <id>")
    .description("makes an application's key void, at once")
    .option(...dataOption)
    .action((id: string, flags: Flags) => withKeys(flags, (stored) => revoke(stored, id)));
  keys.addCommand(rotateCommand());
  keys.addCommand(retireCommand());
  return keys;
}

async function withKeys(flags: Flags, act: (keys: Keys) => Promise<void>): Promise<void> {
  const store = openStore(dataFolder(flags.data, process.env));
  try {
    await act(keysOf(store));
  } finally {
    await store.close();
  }
}

async function make(keys: Keys, name: string): Promise<void> {
  if (!/^[\x20-\x7e]{1,64}$/.test(name)) throw new StartFailure(`--name is ${JSON.stringify(name)}. Give 1 to 64 printable ASCII characters.`);
  const key = newKey();
  await keys.add(key, name);
  console.log(key);
}

async function list(keys: Keys): Promise<void> {
  for (const { id, name, created } of await keys.list()) console.log(`${id}  ${new Date(created).toISOString()}  ${name}`);
}

async function revoke(keys: Keys, id: string): Promise<void> {
  if (!(await keys.revoke(id))) throw new StartFailure(`There is no key ${JSON.stringify(id)}. "sojournd keys list" shows their ids.`);
  console.log(`${id} is void.`);
}
