import { roles, type Role } from "@sojourn/client/operations";
import { Command, Option } from "commander";
import { wrongUsage } from "./commands/exit-codes.ts";
import { jsonText } from "./commands/plain.ts";
import { printed } from "./commands/output.ts";
import { withIso } from "./commands/times.ts";
import { storeSettings } from "./config.ts";
import { keysOf, newKey, type Keys } from "./keys.ts";
import { fileOption, listSealingKeys, makeSealingKey, retireCommand, rotateCommand } from "./sealing-keys-command.ts";
import { StartFailure } from "./start-failure.ts";
import { dataOption, jsonOption, storeOption } from "./store-command.ts";
import { storeInTime } from "./stores/in-time.ts";
import { openSetting } from "./stores/open-setting.ts";

interface Flags {
  readonly data?: string;
  readonly store?: string;
  readonly name?: string;
  readonly role?: Role;
  readonly tenant?: string;
  readonly sealing?: boolean;
  readonly file?: string;
  readonly json?: boolean;
}

/**
 * `sojournd keys new | list | revoke`: the keys by which applications use the API; works beside a running server, which heeds it at once.
 * `sojournd keys new | list | rotate | retire`, with a file: the keys that seal sessions and stores.
 */
export function keysCommand(): Command {
  const keys = new Command("keys");
  keys
    .command("new")
    .description("makes an application's key and prints it, this once; only its hash is kept")
    .option("--name <name>", "what to call it (default application)")
    .addOption(new Option("--role <role>", "what it may do (default app)").choices(roles))
    .option("--tenant <name>", "whose sessions it sees (default main)")
    .option(...dataOption)
    .option(...storeOption)
    .addOption(
      new Option("--sealing", "makes a key that seals sessions instead, and prints it: 43 characters, kept nowhere").conflicts([
        "data",
        "store",
        "name",
        "role",
        "tenant",
      ]),
    )
    .addOption(fileOption())
    .option(...jsonOption)
    .action((flags: Flags) => {
      if (flags.sealing === true || flags.file !== undefined) return makeSealingKey(flags.file, flags.json === true);
      return withKeys(flags, (stored) => make(stored, flags));
    });
  keys
    .command("list")
    .description("the keys of applications by id, date, role, tenant and name; with --file sealing keys by id, use and date")
    .option(...dataOption)
    .option(...storeOption)
    .addOption(fileOption())
    .option("--json", "prints one JSON object a line, a key each")
    .action((flags: Flags) =>
      flags.file === undefined ? withKeys(flags, (stored) => list(stored, flags.json === true)) : listSealingKeys(flags.file, flags.json === true),
    );
  keys
    .command("revoke <id>")
    .description("makes an application's key void, at once")
    .option(...dataOption)
    .option(...storeOption)
    .option(...jsonOption)
    .action((id: string, flags: Flags) => withKeys(flags, (stored) => revoke(stored, id, flags.json === true)));
  keys.addCommand(rotateCommand());
  keys.addCommand(retireCommand());
  return keys;
}

async function withKeys(flags: Flags, act: (keys: Keys) => Promise<void>): Promise<void> {
  const settings = storeSettings(flags, process.env);
  const address = settings.store;
  if (address.engine === "memory")
    throw new StartFailure(`${address.setting} says memory:, which is each process's own. Give the server its key in SOJOURN_KEY.`);
  const { store, close } = await openSetting(settings);
  try {
    await act(keysOf(storeInTime(store, 5_000)));
  } finally {
    await close();
  }
}

async function make(keys: Keys, { name = "application", role = "app", tenant = "main", json }: Flags): Promise<void> {
  if (!/^[\x20-\x7e]{1,64}$/.test(name)) throw wrongUsage(`--name is ${JSON.stringify(name)}. Give 1 to 64 printable ASCII characters.`);
  if (!/^[a-z0-9][a-z0-9-]{0,62}$/i.test(tenant))
    throw wrongUsage(`--tenant is ${JSON.stringify(tenant)}. Give 1 to 63 letters, digits and hyphens, beginning with a letter or a digit.`);
  const key = newKey();
  const made = await keys.add(key, { name, role, tenant });
  console.log(json === true ? jsonText({ ...withIso(made), key }) : key);
}

async function list(keys: Keys, json: boolean): Promise<void> {
  for (const key of await keys.list()) {
    const { id, name, role, tenant, created } = key;
    printed(json ? jsonText(withIso(key)) : `${id}  ${new Date(created).toISOString()}  ${role}  ${tenant}  ${name}`);
  }
}

async function revoke(keys: Keys, id: string, json: boolean): Promise<void> {
  if (!(await keys.revoke(id))) throw new StartFailure(`There is no key ${JSON.stringify(id)}. "sojournd keys list" shows their ids.`);
  console.log(json ? jsonText({ id, revoked: true }) : `${id} is void.`);
}
