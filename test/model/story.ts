import type { Command, Step } from "./commands.ts";
import { houses } from "./houses.ts";
import type { Came, Mishap } from "./lifecycle.ts";

const whose = ["ana's laptop", "the phone", "the stranger"];
const browserOf = (browser: number): string => whose[browser] ?? `browser ${browser}`;
const requestOf = (slot: number): string => `request ${"ABC"[slot]}`;

/** A mishap as numbered sentences: what was done, what came of it, and what should have. */
export function story({ steps, gave, did, allowed }: Mishap, house: number): string {
  const lines = steps.map((step, i) => `${String(i + 1).padStart(3)}. ${sentenceOf(step)}${answersOf(step, gave[i] ?? [])}`);
  const near = allowed.toSorted((one, other) => distance(one, did) - distance(other, did))[0];
  return [
    `Process 0: ${JSON.stringify(houses[house]![0])}`,
    `Process 1: ${JSON.stringify(houses[house]![1])}`,
    ...lines,
    `At step ${steps.length} the manager did what the model does not allow (${allowed.length === 1 ? "one outcome is" : `${allowed.length} outcomes are`}).`,
    ...difference("gave", near?.gave ?? [], did.gave),
    ...difference("told", near?.told ?? [], did.told),
    ...difference("is", near?.audit ?? [], did.audit),
  ].join("\n");
}

function answersOf({ commands }: Step, gave: readonly string[]): string {
  const said = gave.filter((text) => text !== "done");
  return said.length === 0 ? "" : commands.length === 1 ? ` -> ${said.join()}` : ` -> ${gave.join(" | ")}`;
}

function distance(one: Came, other: Came): number {
  return difference("", one.gave, other.gave).length + difference("", one.told, other.told).length + difference("", one.audit, other.audit).length;
}

function difference(what: string, expected: readonly string[], found: readonly string[]): string[] {
  if (what === "gave" && expected.join() !== found.join()) return [`  model   ${what}: ${expected.join(" | ")}`, `  manager ${what}: ${found.join(" | ")}`];
  return [
    ...expected.filter((line) => !found.includes(line)).map((line) => `  model   ${what}: ${line}`),
    ...found.filter((line) => !expected.includes(line)).map((line) => `  manager ${what}: ${line}`),
  ];
}

function sentenceOf({ commands, fault }: Step): string {
  const said = commands.map(sayings);
  const text = said.length === 1 ? said.join() : `at once: ${said.join("; ")}`;
  return fault === undefined ? text : `${text} (store call ${fault.call}: ${fault.what})`;
}

function sayings(command: Command): string {
  switch (command.do) {
    case "visit": {
      const token = typeof command.shows === "number" ? (command.shows === 0 ? "its token" : `its token of ${command.shows} before`) : tokens[command.shows];
      const began = command.ago === 0 ? "" : `, begun ${duration(command.ago)} ago`;
      return `${browserOf(command.browser)} comes to process ${command.process} with ${token} (${requestOf(command.slot)}${began}${command.rotates ? ", rotates" : ""})`;
    }
    case "set":
      return `${requestOf(command.slot)} sets ${command.field} to ${command.to}`;
    case "delete":
      return `${requestOf(command.slot)} deletes ${command.field}`;
    case "flash":
      return `${requestOf(command.slot)} ${command.put ? "leaves a message for next time" : "takes the message"}`;
    case "update":
      return `${requestOf(command.slot)} adds 10 to ${command.field}`;
    case "commit":
      return `${requestOf(command.slot)} commits${command.ifVersion ? ", if the version is the one it saw" : ""}`;
    case "authenticate": {
      const policy = [command.idle && `idle ${duration(command.idle)}`, command.absolute && `absolute ${duration(command.absolute)}`]
        .filter(Boolean)
        .join(", ");
      return `${requestOf(command.slot)} logs in as ${command.subject}, keeping ${command.keep.join(" and ") || "nothing"}${policy && ` (${policy})`}`;
    }
    case "elevate":
      return `${requestOf(command.slot)} is raised to ${command.level}`;
    case "rotate":
      return `${requestOf(command.slot)} rotates its secret`;
    case "endOwn":
      return `${requestOf(command.slot)} logs out`;
    case "claim":
      return `${requestOf(command.slot)} claims ${command.aliases.join(" and ")}`;
    case "release":
      return `${requestOf(command.slot)} releases ${command.aliases.join(" and ")}`;
    case "lease":
      return `${requestOf(command.slot)} takes the lease as ${command.owner}${command.takeOver ? ", from whoever has it" : ""}`;
    case "renew":
      return `${requestOf(command.slot)} renews its lease${command.which === 0 ? "" : " of before"}`;
    case "giveBack":
      return `${requestOf(command.slot)} gives its lease${command.which === 0 ? "" : " of before"} back`;
    case "checkpoint":
      return `${requestOf(command.slot)} keeps a checkpoint ${command.as}`;
    case "restore":
      return `${requestOf(command.slot)} restores ${command.as}`;
    case "reach": {
      const began = command.ago === 0 ? "" : `, begun ${duration(command.ago)} ago`;
      return `process ${command.process} reaches ${command.alias} for ${browserOf(command.browser)} (${requestOf(command.slot)}${began}${command.touch ? "" : ", without a touch"})`;
    }
    case "settle":
      return `${requestOf(command.slot)} is answered${command.arrives ? "" : "; the answer gets lost"}`;
    case "create":
      return `process ${command.process} makes ${command.subject === undefined ? "an anonymous session" : `a session of ${command.subject}`} for ${browserOf(command.browser)}${command.alias === undefined ? "" : ` under ${command.alias}`}`;
    case "end":
      return `process ${command.process} ends the session of ${browserOf(command.browser)}${command.as === undefined ? "" : ` if it is ${command.as}'s`}`;
    case "endAll":
      return `process ${command.process} ends all sessions${command.subject === undefined ? "" : ` of ${command.subject}`}${command.subject === undefined || command.except === undefined ? "" : ` but that of ${browserOf(command.except)}`}`;
    case "list":
      return `process ${command.process} lists ${command.subject}'s sessions`;
    case "info":
      return `process ${command.process} looks the session of ${browserOf(command.browser)} up${command.as === undefined ? "" : ` as ${command.as}`}`;
    case "kept":
      return `process ${command.process} looks at the checkpoints of ${command.subject ?? `${browserOf(command.browser)}'s session`}`;
    case "drop":
      return `process ${command.process} drops the checkpoint ${command.as} of ${command.subject ?? `${browserOf(command.browser)}'s session`}`;
    case "erase":
      return `process ${command.process} erases ${command.subject}`;
    case "sweep":
      return `process ${command.process} sweeps`;
    case "restart":
      return `process ${command.process} starts again`;
    case "clock":
      return command.by > 0 ? `${duration(command.by)} pass` : `the clock goes back by ${duration(-command.by)}`;
    default:
      return `time passes until ${command.off} ms from the deadline of ${browserOf(command.browser)}'s session`;
  }
}

const tokens = {
  forged: "its id and a made-up secret",
  swapped: "its id and somebody else's secret",
  garbage: "no token's shape",
  nothing: "no token",
} as const;

function duration(ms: number): string {
  for (const [unit, name] of [
    [3_600_000, "h"],
    [60_000, "min"],
    [1_000, "s"],
  ] as const)
    if (ms % unit === 0) return `${ms / unit} ${name}`;
  return `${ms} ms`;
}
