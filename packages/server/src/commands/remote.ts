import { SojournProblem, sojournClient, type Client } from "@sojourn/client";
import { Command } from "commander";
import { readFileSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { isLoopback } from "../host.ts";
import { codeOf } from "../start-failure.ts";
import { CommandFailure, exitCodes, exitCodesText, wrongUsage } from "./exit-codes.ts";
import { plain } from "./plain.ts";

/** Options that all commands take which ask a server. */
export interface RemoteFlags {
  readonly address?: string;
  readonly keyFile?: string;
  readonly data?: string;
  readonly json?: boolean;
}

/** A command that asks a server. @param more what its help says besides the exit codes */
export function remoteCommand(nameAndArguments: string, says: string, more = ""): Command {
  const [name = "", ...args] = nameAndArguments.split(" ");
  const command = new Command(name).description(says);
  for (const arg of args) command.argument(arg);
  return command
    .option("--address <url>", "of the server (SOJOURN_ADDRESS; default http://127.0.0.1:7300)")
    .option("--key-file <path>", "a file with an application key (or the key in SOJOURN_KEY; for a server on this machine that of serve --dev)")
    .option("--data <folder>", "the data folder of serve --dev, for its key (SOJOURN_DATA; default ./data)")
    .option("--json", "prints JSON, one object a line, and no progress")
    .addHelpText("after", `${more === "" ? "" : `\n${more}\n`}${exitCodesText}`);
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Asks a server.
 * @param asked is told of every request, before it is sent.
 * @throws {CommandFailure} in the place of what the client throws
 */
export async function asking(flags: RemoteFlags, act: (client: Client) => Promise<void>, asked?: () => void): Promise<void> {
  const address = addressOf(flags, process.env);
  const { key, from } = keyOf(flags, address, process.env);
  try {
    await act(
      sojournClient({
        address,
        key,
        fetch(request) {
          asked?.();
          return fetch(request);
        },
      }),
    );
  } catch (error) {
    throw error instanceof SojournProblem ? failureOf(error, address, from) : error;
  }
}

/** @throws {CommandFailure} naming the setting */
export function addressOf(flags: RemoteFlags, environment: Environment): URL {
  const [text, setting] =
    flags.address === undefined ? [environment["SOJOURN_ADDRESS"] || "http://127.0.0.1:7300", "SOJOURN_ADDRESS"] : [flags.address, "--address"];
  const url = URL.canParse(text) ? new URL(text) : undefined;
  // What was given is not shown: a password may stand in it.
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.username !== "" || url.password !== "" || url.search !== "" || url.hash !== "")
    throw wrongUsage(`${setting} is no address of a server. Give a URL such as https://sessions.example.com, without a user, a password, "?" and "#".`);
  return url;
}

/** The key, and where it was found. @throws {CommandFailure} when there is none, or it is none */
export function keyOf(flags: RemoteFlags, address: URL, environment: Environment): { readonly key: string; readonly from: string } {
  const found = keyText(flags, address, environment);
  if (/^sjk_[\w-]{1,200}$/.test(found.key)) return found;
  throw wrongUsage(`There is no application key in ${found.from}. It is "sjk_" and letters, digits, "-" and "_"; "sojournd keys new" makes one.`);
}

function keyText(flags: RemoteFlags, address: URL, environment: Environment): { readonly key: string; readonly from: string } {
  if (flags.keyFile !== undefined) return { key: readKey(flags.keyFile, (why) => wrongUsage(why)), from: flags.keyFile };
  const given = environment["SOJOURN_KEY"];
  if (given !== undefined && given !== "") return { key: given, from: "SOJOURN_KEY" };
  const fix = 'Give one in SOJOURN_KEY, or a file with one by --key-file; "sojournd keys new" makes one.';
  // The key of a server on this machine goes nowhere else.
  if (!isLoopback(address.hostname.replace(/^\[|\]$/g, ""))) throw wrongUsage(`There is no application key for ${address.origin}. ${fix}`);
  const file = join(resolve(flags.data ?? (environment["SOJOURN_DATA"] || "data")), "application-key");
  return { key: readKey(file, (why) => wrongUsage(`There is no application key: ${why} ${fix}`)), from: file };
}

function readKey(file: string, wrong: (why: string) => CommandFailure): string {
  try {
    const found = statSync(file);
    // A pipe (`--key-file <(…)`) is nobody else's.
    if (process.platform !== "win32" && found.isFile() && (found.mode & 0o077) !== 0)
      throw wrong(`${file} can be read by others (mode ${(found.mode & 0o777).toString(8).padStart(4, "0")}). Change that with chmod 600.`);
    return readFileSync(file, "utf8").trim();
  } catch (error) {
    if (error instanceof CommandFailure) throw error;
    throw wrong(`${file} cannot be read (${codeOf(error) ?? "unknown"}).`);
  }
}

/** What a problem is for whoever called a command. A server's words are not its own alone: they may quote what somebody sent it. */
export function failureOf(problem: SojournProblem, address: URL, keyFrom: string): CommandFailure {
  const { status, code, message } = problem;
  const said = plain(message);
  const options = { cause: problem };
  if (status === 0 && code === "invalid_request") return wrongUsage(said, options);
  if (status === 0) {
    const why = reasonOf(problem);
    // Of these it is known that nothing was sent.
    const open = /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|bad port)$/.test(why) ? "" : " Whether it was done is not known.";
    return new CommandFailure(
      `There was no answer from ${address.origin}${why === "" ? "" : ` (${why})`}.${open} See that a server is there, or name another with --address or SOJOURN_ADDRESS.`,
      exitCodes.unreached,
      options,
    );
  }
  if (status === 401) return new CommandFailure(`${said} The key came from ${keyFrom}.`, exitCodes.refused, options);
  if (status === 403) return new CommandFailure(`${said} The key came from ${keyFrom}.`, exitCodes.refused, options);
  if (code === "no_answer" || status === 503) return new CommandFailure(said, exitCodes.unreached, options);
  return status === 400 ? wrongUsage(said, options) : new CommandFailure(said, exitCodes.failed, options);
}

/** The innermost reason: fetch itself says only that it failed. */
function reasonOf(error: Error): string {
  let inner: unknown = error;
  while (inner instanceof Error && inner.cause instanceof Error) inner = inner.cause;
  if (!(inner instanceof Error) || inner === error) return "";
  return plain(codeOf(inner) ?? inner.message);
}
