import { milliseconds, SojournError, type Duration } from "sojourn";
import type { Json } from "@sojourn/gateways/sms";

/** What the person at a simulated handset wants. */
export type Line =
  /** The handset sends a message. Without a number to whoever wrote last. */
  | { readonly do: "send"; readonly to: string | undefined; readonly text: string }
  /** A dialogue begins. */
  | { readonly do: "start"; readonly name: string; readonly args: Json }
  /** Time goes by (ms). */
  | { readonly do: "later"; readonly ms: number }
  | { readonly do: "list" | "help" | "quit" | "nothing" };

/** Characters of a line. */
const longest = 100_000;
/** As long as a session may last (ms). */
const farthest = 400 * 86_400_000;

/**
 * Reads what was typed, or came through a pipe. What begins with neither "/" nor "@" is sent as it is; behind "@1" anything is.
 * @param numbers the pool, in the order in which "@1", "@2" … name it.
 * @throws {SojournError} `invalid_field`, `invalid_option`, `too_large`; the line itself is not told.
 */
export function readLine(line: string, numbers: readonly string[]): Line {
  if (line.length > longest) throw new SojournError("too_large", `The line has more than ${longest.toLocaleString("en")} characters. Shorten it.`);
  if (line.trim() === "") return { do: "nothing" };
  if (line.startsWith("@")) return addressed(line, numbers);
  if (line.startsWith("/")) return command(line);
  return { do: "send", to: undefined, text: line };
}

function addressed(line: string, numbers: readonly string[]): Line {
  const [, address = "", text = ""] = /^@(\S*) ?([^]*)$/.exec(line) ?? [];
  const to = /^\d{1,3}$/.test(address) ? numbers[Number(address) - 1] : numbers.find((number) => number === address);
  if (to === undefined) throw invalid(`What follows "@" is no number of the pool. Write ${namesOf(numbers)}, or a number of the pool with its "+".`);
  if (text.trim() === "") throw invalid(`There is no text. Write it behind the number, such as "@1 yes".`);
  return { do: "send", to, text };
}

function namesOf(numbers: readonly string[]): string {
  return numbers.length === 1 ? "@1" : `@1 to @${numbers.length}`;
}

function command(line: string): Line {
  const [, name = "", rest = ""] = /^\/(\S*)\s*([^]*?)\s*$/.exec(line) ?? [];
  switch (name) {
    case "start":
      return start(rest);
    case "later":
      return { do: "later", ms: later(rest) };
    case "list":
    case "help":
    case "quit":
      if (rest === "") return { do: name };
      throw invalid(`/${name} takes nothing behind it. To send a text that begins with "/", write "@1 /…".`);
    default:
      throw invalid('There is no such command: /start, /list, /later, /help and /quit are. To send a text that begins with "/", write "@1 /…".');
  }
}

function start(rest: string): Line {
  const [, name = "", json = ""] = /^(\S*)\s*([^]*)$/.exec(rest) ?? [];
  if (name === "") throw invalid('/start needs the name of a dialogue, and may have its arguments as JSON: /start booking {"slot":"Monday 9:00"}.');
  return { do: "start", name, args: json === "" ? {} : argsOf(json) };
}

function argsOf(json: string): Json {
  try {
    return JSON.parse(json) as Json;
  } catch {
    throw invalid('What follows the name of the dialogue is no JSON. Write its arguments as in: /start booking {"slot":"Monday 9:00"}.');
  }
}

function later(rest: string): number {
  if (!/^\d+(?:\.\d+)?(?:ms|s|m|h|d)$/.test(rest)) throw invalid("/later needs a time, such as 30s, 15m, 12h or 3d.");
  const ms = milliseconds(rest as Duration, "/later");
  if (ms <= farthest) return ms;
  throw invalid("/later goes 400 days ahead at most. Say less, several times if need be.");
}

function invalid(message: string): SojournError {
  return new SojournError("invalid_field", message);
}
