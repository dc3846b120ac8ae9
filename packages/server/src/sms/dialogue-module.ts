import type { Dialogue, Exhausted, SmsOptions } from "@sojourn/gateways/sms";
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { codeOf, StartFailure } from "../start-failure.ts";
import { placeOf } from "./simulation-text.ts";

/** What a file of dialogues exports, as far as it is looked at. */
export interface DialogueModule {
  readonly dialogues: readonly Dialogue<never, unknown>[];
  readonly keywords?: Readonly<Record<string, string>>;
  readonly exhausted?: Exhausted;
  readonly replies?: NonNullable<SmsOptions["replies"]>;
}

const policies: readonly unknown[] = ["refuse", "queue", "oldest-yields"] satisfies Exhausted[];
const meanings: ReadonlySet<string> = new Set(["stop", "start", "help"]);

/** Loads a file of dialogues. It runs with all that this process may do. @throws {StartFailure} naming the file, the export and the fix */
export async function dialogueModule(file: string): Promise<DialogueModule> {
  const path = resolve(file);
  if (!existsSync(path)) throw new StartFailure(`There is no file ${file}. Give a module that exports dialogues, or none for the demo.`);
  let exported: Readonly<Record<string, unknown>>;
  try {
    exported = (await import(pathToFileURL(path).href)) as Readonly<Record<string, unknown>>;
  } catch (error) {
    throw new StartFailure(`${file} cannot be loaded: ${whyNot(error, path)}`, { cause: error });
  }
  return checked(exported, file);
}

function whyNot(error: unknown, path: string): string {
  if (codeOf(error) === "ERR_UNKNOWN_FILE_EXTENSION") return "this Node does not run such files. Give JavaScript, as .js or .mjs.";
  if (!(error instanceof Error)) return String(error);
  const place = error instanceof SyntaxError ? placeOfSyntax(path) : placeOf(error);
  return `${error.name}: ${error.message}${place === undefined ? "" : ` (${place})`}`.replaceAll(/\s+/g, " ");
}

/** Of a syntax error an import does not tell the line. Another Node does, unless it is in a file that this one imports. */
function placeOfSyntax(path: string): string | undefined {
  const { stderr } = spawnSync(process.execPath, ["--check", path], { encoding: "utf8", timeout: 10_000 });
  return /^.*:\d+$/m.exec(stderr ?? "")?.[0];
}

/** @throws {StartFailure} naming the export and the fix. */
export function checked(exported: Readonly<Record<string, unknown>>, file: string): DialogueModule {
  const { dialogues, keywords, exhausted, replies } = exported;
  const wrong = (what: string, fix: string): StartFailure => new StartFailure(`${what} of ${file} ${fix}`);
  if (!Array.isArray(dialogues) || dialogues.length === 0) {
    throw wrong("dialogues", "is no list of dialogues. Write: export const dialogues = [dialogue(…)].");
  }
  const found = dialogues.map((one: unknown, n) => {
    if (isDialogue(one)) return one;
    throw wrong(`dialogues[${n}]`, 'is no dialogue. Make it with dialogue(name, function) of "@sojourn/gateways/sms".');
  });
  const twice = found.find(({ name }, n) => found.findIndex((other) => other.name === name) < n);
  if (twice !== undefined) throw wrong("dialogues", `has two that are called ${JSON.stringify(twice.name)}. Give each a name of its own.`);
  if (keywords !== undefined && !isTexts(keywords)) {
    throw wrong("keywords", 'is no object of words and names of dialogues. Write: export const keywords = { BOOK: "booking" }.');
  }
  const unknown = Object.entries(keywords ?? {}).find(([, name]) => !found.some((one) => one.name === name));
  if (unknown !== undefined) throw wrong(`keywords.${unknown[0]}`, `is ${JSON.stringify(unknown[1])}, and there is no such dialogue. Add it to dialogues.`);
  if (exhausted !== undefined && !policies.includes(exhausted)) throw wrong("exhausted", 'is not "refuse", "queue" or "oldest-yields". Give one of them.');
  if (replies !== undefined && (!isTexts(replies) || Object.keys(replies).some((meaning) => !meanings.has(meaning)))) {
    throw wrong("replies", 'is no object of texts under "stop", "start" and "help". Write: export const replies = { stop: "…" }.');
  }
  return {
    dialogues: found,
    ...(keywords === undefined ? undefined : { keywords }),
    ...(exhausted === undefined ? undefined : { exhausted: exhausted as Exhausted }),
    ...(replies === undefined ? undefined : { replies }),
  };
}

function isDialogue(value: unknown): value is Dialogue<never, unknown> {
  if (typeof value !== "object" || value === null) return false;
  const { name, version, script, older } = value as Readonly<Record<string, unknown>>;
  return typeof name === "string" && typeof version === "number" && typeof script === "function" && typeof older === "object" && older !== null;
}

function isTexts(value: unknown): value is Readonly<Record<string, string>> {
  return typeof value === "object" && value !== null && Object.values(value).every((text) => typeof text === "string");
}
