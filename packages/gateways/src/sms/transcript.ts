import { digestOf, type Step } from "../replay.ts";

/** One message of a dialogue, as far as it is kept. */
export interface Said {
  /** Epoch ms at which it was said, or came. */
  readonly at?: number;
  readonly from: "person" | "service";
  /** Absent where it is not kept: of what the service has said and the network has taken there is only a digest. */
  readonly text?: string;
}

type Data = Readonly<Record<string, unknown>>;

/**
 * What was said in a dialogue, in order, of the data of its session (kind `sms`); `undefined` when the data is no dialogue's. Since its last checkpoint: what came
 * before is forgotten. What people said is kept as they said it; of what the service said the text is there while it waits to be sent, and of the last
 * message when it is a short line.
 */
export function transcriptOf(data: Data): readonly Said[] | undefined {
  const { dialogue, turns, asked } = data;
  if (!isObject(dialogue) || typeof dialogue["name"] !== "string" || !isObject(turns)) return undefined;
  const first = Number(turns["first"]);
  const next = Number(turns["next"]);
  const texts = new Map<string, string>();
  for (const text of [asked, ...fieldsOf(data, /^out\.(\d+)$/).map(([, out]) => (isObject(out) ? out["text"] : undefined))])
    if (typeof text === "string") texts.set(digestOf(text), text);
  return fieldsOf(data, /^turn\.(\d+)$/)
    .filter(([n]) => n >= first && n < next)
    .flatMap(([, steps]) => (Array.isArray(steps) ? (steps as unknown[]) : []))
    .flatMap((step) => saidIn(step, texts));
}

function saidIn(step: unknown, texts: ReadonlyMap<string, string>): Said[] {
  if (!isObject(step)) return [];
  const { op, key, value } = step as Partial<Record<keyof Step, unknown>>;
  if ((op === "say" || op === "ask") && typeof key === "string") {
    const text = texts.get(key);
    return [{ ...atOf(value), from: "service", ...(text === undefined ? undefined : { text }) }];
  }
  // Without a text it is time that went by.
  if (op === "answer" && isObject(value) && typeof value["text"] === "string") return [{ ...atOf(value["at"]), from: "person", text: value["text"] }];
  return [];
}

function atOf(value: unknown): Pick<Said, "at"> {
  return typeof value === "number" ? { at: value } : {};
}

/** The fields whose names have such a number, in its order. */
function fieldsOf(data: Data, pattern: RegExp): (readonly [n: number, value: unknown])[] {
  return Object.entries(data)
    .flatMap(([name, value]) => {
      const n = pattern.exec(name)?.[1];
      return n === undefined ? [] : [[Number(n), value] as const];
    })
    .toSorted(([a], [b]) => a - b);
}

function isObject(value: unknown): value is Data {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
