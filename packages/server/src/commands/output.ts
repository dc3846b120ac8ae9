import { styleText } from "node:util";

/** A manner of writing that means something besides the words. */
export type Style = "bold" | "dim" | "green" | "red" | "yellow";

/** Whether people read what is printed. */
export const onTerminal: boolean = process.stdout.isTTY;

const coloured = onTerminal && (process.env["NO_COLOR"] ?? "") === "";

/** The text in a style, where a terminal shows it and nobody asked for none. */
export function styled(style: Style, text: string): string {
  return coloured ? styleText(style, text, { validateStream: false }) : text;
}

let listening = false;

/** Prints a line of a listing. Whoever reads it may have enough at any moment (`| head`): then the command is over, and has done what it should. */
export function printed(line: string): void {
  if (!listening) {
    listening = true;
    process.stdout.on("error", (error: Error & { readonly code?: string }) => {
      if (error.code === "EPIPE") process.exit(0);
      throw error;
    });
  }
  process.stdout.write(`${line}\n`);
}
