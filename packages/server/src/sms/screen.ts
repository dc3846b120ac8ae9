import { createInterface, clearLine, cursorTo } from "node:readline";
import { inOneLine } from "../open-store.ts";
import { failureText } from "./simulation-text.ts";

/** Where a simulation is seen. What is written while somebody types does not get into their line. */
export interface Screen {
  write(text: string): void;
  /** One line, on standard error. */
  fail(error: unknown): void;
  /** Has every line obeyed, one after the other, until there are no more, or one says to quit, or a signal does. */
  obey(line: (text: string) => Promise<"go on" | "quit">, prompt: () => string): Promise<void>;
}

/** Standard input and output: a terminal, or a pipe. */
export function standardScreen(): Screen {
  const isTerminal = process.stdin.isTTY && process.stdout.isTTY;
  /** Writes the line that is being typed anew. */
  let again = (): void => undefined;

  function put(stream: NodeJS.WriteStream, text: string): void {
    if (isTerminal) {
      cursorTo(process.stdout, 0);
      clearLine(process.stdout, 0);
    }
    stream.write(`${text}\n`);
    again();
  }

  return {
    write: (text) => put(process.stdout, text),
    fail: (error) => put(process.stderr, `sojournd: ${failureText(inOneLine(error))}`),
    async obey(line, prompt) {
      const lines = createInterface({ input: process.stdin, terminal: isTerminal, ...(isTerminal ? { output: process.stdout } : undefined) });
      let stopping = false;
      function ask(): void {
        if (!isTerminal || stopping) return;
        lines.setPrompt(prompt());
        lines.prompt(true);
      }
      function stop(signal: NodeJS.Signals): void {
        // A second one of those that a person sends: they do not want to wait.
        if (stopping && signal === "SIGINT") process.exit(130);
        stopping = true;
        lines.close();
      }
      lines.on("SIGINT", () => stop("SIGINT"));
      for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, stop);
      ask();
      for await (const text of lines) {
        if (stopping) break;
        again = () => undefined;
        if ((await line(text)) === "quit") break;
        again = ask;
        ask();
      }
      stopping = true;
      lines.close();
      again = () => undefined;
      if (isTerminal) process.stdout.write("\n");
    },
  };
}
