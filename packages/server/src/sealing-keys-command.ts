import { Command, Option } from "commander";
import type { keyring, newKey } from "sojourn/sealed";
import { printed } from "./commands/output.ts";
import { jsonText } from "./commands/plain.ts";
import { changeKeyFile, readKeyFile } from "./key-file.ts";
import { sealingKeysIn, type SealingKeys } from "./sealing-keys.ts";
import { StartFailure } from "./start-failure.ts";
import { jsonOption } from "./store-command.ts";

/** The option by which a command of `keys` is about sealing keys and not about those of applications. */
export function fileOption(): Option {
  return new Option("--file <path>", "a file of sealing keys, of this user only (mode 0600): one a line, the first seals").conflicts(["data", "name"]);
}

/** Prints a sealing key, or puts it into a file: there it seals if it is the only one, and else opens until it is put first. */
export async function makeSealingKey(path: string | undefined, json: boolean): Promise<void> {
  const key = (await loaded()).newKey();
  const id = await idOf(key);
  if (path === undefined) return console.log(json ? jsonText({ id, key }) : key);
  let count = 0;
  await changeKeyFile(path, async (text) => {
    const keys = await sealingKeysIn(path, text ?? "");
    count = keys.keys.length;
    return keys.with(key, Date.now(), "last");
  });
  if (json) return console.log(jsonText({ id, file: path, seals: count === 0 }));
  console.log(count === 0 ? `${id} is in ${path}, and seals.` : `${id} is in ${path}, and opens. To have it seal: sojournd keys rotate ${id} --file ${path}`);
}

/** The keys of a file by their ids: which seals, which only open, and when each was made. */
export async function listSealingKeys(path: string, json = false): Promise<void> {
  const { keys } = await existing(path, readKeyFile(path));
  keys.forEach(({ id, created }, i) => printed(json ? jsonText({ id, seals: i === 0, created }) : `${id}  ${i === 0 ? "seals" : "opens"}  ${created ?? "-"}`));
}

/** `sojournd keys rotate`: puts a new key first, or one that is there. */
export function rotateCommand(): Command {
  return ofFile(new Command("rotate"))
    .argument("[id]", "one that is in the file already, in the place of a new one")
    .description("has another sealing key seal; the others open what they have sealed")
    .option(...jsonOption)
    .addHelpText("after", whenSeveral)
    .action(async (given: string | undefined, { file, json }: { readonly file: string; readonly json?: boolean }) => {
      const key = given === undefined ? (await loaded()).newKey() : undefined;
      const id = key === undefined ? String(given) : await idOf(key);
      await changeKeyFile(file, async (text) => {
        const keys = await existing(file, text);
        return key === undefined ? keys.withFirst(id) : keys.with(key, Date.now(), "first");
      });
      console.log(json === true ? jsonText({ id, file, seals: true }) : `${id} seals, for whoever reads ${file} from now on.`);
    });
}

/** `sojournd keys retire`: takes a key out. */
export function retireCommand(): Command {
  return ofFile(new Command("retire"))
    .argument("<id>")
    .description("takes a sealing key out of the file: what was sealed under it is over")
    .option("--yes", "does it; without this it only says what it would mean")
    .option(...jsonOption)
    .action(async (id: string, { file, yes, json }: { readonly file: string; readonly yes?: boolean; readonly json?: boolean }) => {
      await changeKeyFile(file, async (text) => {
        const keys = await existing(file, text);
        const next = keys.without(id);
        if (keys.keys.length === 1) throw new StartFailure(`${id} is the only key in ${file}. Put a new one first: sojournd keys rotate --file ${file}`);
        if (yes !== true) {
          const seals = keys.keys[0]?.id === id ? `It is the one that seals; ${keys.keys[1]?.id} would. ` : "";
          throw new StartFailure(
            `${id} is still there. ${seals}Without it, sealed sessions that it sealed last are over, and what rests in a store sealed under it cannot be read. If that is meant, say --yes.`,
          );
        }
        return next;
      });
      console.log(
        json === true ? jsonText({ id, file, retired: true }) : `${id} is out of ${file}. It opens nothing any more, for whoever reads the file from now on.`,
      );
    });
}

const whenSeveral = `
Where several machines have copies of the file: "keys new --file" first, which adds a key that opens; when all of them have it, "keys rotate <id>".`;

/** An id may begin with a hyphen: it is none of the options all the same. */
function ofFile(command: Command): Command {
  return command.allowUnknownOption().addOption(fileOption().makeOptionMandatory());
}

async function existing(path: string, text: string | undefined): Promise<SealingKeys> {
  if (text === undefined) throw new StartFailure(`There is no file ${path}. To make it, with a key in it: sojournd keys new --file ${path}`);
  const keys = await sealingKeysIn(path, text);
  if (keys.keys.length === 0) throw new StartFailure(`There is no key in ${path}. To put one there: sojournd keys new --file ${path}`);
  return keys;
}

async function idOf(key: string): Promise<string> {
  const [id] = await (await loaded()).keyring([key]).ids;
  return id as string;
}

/** By who makes keys, and not by a server that starts: it is as many files as all that one needs. */
async function loaded(): Promise<{ readonly keyring: typeof keyring; readonly newKey: typeof newKey }> {
  return import("sojourn/sealed");
}
