import { segment, TransportFailure, type Finished, type Outbound } from "@sojourn/gateways/sms";
import { SojournError } from "sojourn";
import { StartFailure } from "../start-failure.ts";
import type { Open, Simulation } from "./simulation.ts";

/** A message as the handset shows it: when, from whom, in how many parts, and the text, indented. */
export function arrivedText({ from, text }: Outbound, { numbers, now }: Pick<Simulation, "numbers" | "now">): string {
  const { encoding, parts } = segment(text);
  const size = `${parts.length} ${parts.length === 1 ? "part" : "parts"}, ${encoding === "gsm7" ? "GSM 7 bit" : "UCS-2"}`;
  const head = `${timeText(now())}  ${numberText(from, numbers)}  ${size}`;
  return [head, ...printable(text).split("\n")].join("\n    ");
}

/** How a dialogue has ended. */
export function finishedText({ dialogue, reason, result }: Finished): string {
  return `${dialogue} is over: ${reason}${result === undefined ? "" : `, ${printable(JSON.stringify(result))}`}`;
}

/** Whose message is written for whoever reads it. */
const expected = [SojournError, StartFailure, TransportFailure] as const;

/** Why something failed, and of a fault in a dialogue's function where. */
export function failureText(error: unknown): string {
  if (!(error instanceof Error)) return printable(String(error));
  const place = expected.some((kind) => error instanceof kind) ? undefined : placeOf(error);
  return printable(place === undefined ? error.message : `${error.name}: ${error.message} (${place})`);
}

/** Where an error was thrown, such as "file:///tmp/order.mjs:7:12"; `undefined` when its stack does not tell. */
export function placeOf({ stack = "" }: Error): string | undefined {
  return /^\s+at (?:.* \()?(file:.*?:\d+:\d+)\)?$/m.exec(stack)?.[1];
}

/** What is open, a line each. */
export function openLines(open: readonly Open[], { numbers, now }: Pick<Simulation, "numbers" | "now">): readonly string[] {
  return open.map(({ dialogue, number, due }) => {
    const where = number === undefined ? "waits for a free number" : numberText(number, numbers);
    return `  ${where}  ${dialogue}${due === undefined || number === undefined ? "" : `, until ${timeText(due)} if nobody writes`}${due !== undefined && due <= now() ? " (due)" : ""}`;
  });
}

/** Such as "@1 +3584570001". */
export function numberText(number: string, numbers: readonly string[]): string {
  const at = numbers.indexOf(number);
  return at === -1 ? number : `@${at + 1} ${number}`;
}

/** Local time, such as "2026-01-31 23:59". */
export function timeText(at: number): string {
  return new Date(at).toLocaleString("sv-SE", { dateStyle: "short", timeStyle: "short" });
}

/** Such as "3 d 4 h 5 min"; what is below a minute is left out. */
export function durationText(ms: number): string {
  const minutes = Math.floor(ms / 60_000);
  const parts = [
    [Math.floor(minutes / 1_440), "d"],
    [Math.floor(minutes / 60) % 24, "h"],
    [minutes % 60, "min"],
  ] as const;
  return (
    parts
      .filter(([count]) => count > 0)
      .map(([count, unit]) => `${count} ${unit}`)
      .join(" ") || "less than a minute"
  );
}

/** Without what a terminal would obey: control characters, and those that turn the direction of writing. */
function printable(text: string): string {
  return text.replaceAll(/(?!\n)[\p{Cc}\u202A-\u202E\u2066-\u2069]/gu, "\uFFFD");
}
