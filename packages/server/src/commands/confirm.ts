import { createInterface } from "node:readline/promises";
import { CommandFailure, exitCodes, wrongUsage } from "./exit-codes.ts";

/**
 * Has whoever sits at the terminal type a word before something that cannot be taken back.
 * @param what it means, in whole sentences.
 * @throws {CommandFailure} when nobody does; and where there is no terminal, since nobody can
 */
export async function confirmed(what: string, word: string): Promise<void> {
  if (!process.stdin.isTTY || !process.stderr.isTTY) throw wrongUsage(`${what} Nobody can be asked here: if that is meant, say --yes.`);
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  const left = new AbortController();
  const nothing = (code: number): CommandFailure => new CommandFailure("Nothing was ended.", code);
  let code: number = exitCodes.failed;
  lines.on("close", () => left.abort());
  lines.on("SIGINT", () => {
    code = exitCodes.interrupted;
    lines.close();
  });
  try {
    const typed = await lines.question(`${what}\nType ${word} to do it: `, { signal: left.signal });
    if (typed.trim() !== word) throw nothing(code);
  } catch (error) {
    process.stderr.write(error instanceof CommandFailure ? "" : "\n");
    throw error instanceof CommandFailure ? error : nothing(code);
  } finally {
    lines.close();
  }
}
