import type { Change, SessionId, SessionRecord } from "../core/seam.ts";

/** The names that random changes are about: few, so that they meet. */
export interface RandomNames {
  readonly ids: readonly SessionId[];
  readonly kinds: readonly string[];
  readonly subjects: readonly string[];
  readonly aliases: readonly string[];
}

/** Gives a whole number from 0 to below `below`. */
export type Choose = (below: number) => number;

/** Choices from a list of whole numbers; 0 for ever after its end. A shorter list, or smaller numbers, make a simpler change, so any shrinker will do. */
export function choicesFrom(numbers: readonly number[]): Choose {
  let at = 0;
  return (below) => (numbers[at++] ?? 0) % below;
}

const fieldNames: readonly string[] = ["a", "b", "", "__proto__", "名\u0000"];
const texts: readonly string[] = ["1", "", "é\u0000👩‍👩‍👧", "x".repeat(1500)];
const ending = '{"at":1,"reason":"closed"}';
/** Among them 0, moments that differ by one, and ones past 32 bits of minutes. */
export const randomWakes: readonly number[] = [0, 1, 5, 6, 1_000_000_000_000, 1e15, Number.MAX_SAFE_INTEGER];

/** A lawful change: any field of `Change` with any others that the seam allows beside it, contradicting ones too (set and unset, claim and release, end and claim). */
export function randomChange(choose: Choose, names: RandomNames, recordOf: (id: SessionId) => SessionRecord | undefined): Change {
  const one = <T>(of: readonly T[]): T => of[choose(of.length)] as T;
  const some = <T>(of: readonly T[]): readonly T[] => Array.from({ length: choose(4) }, () => one(of));
  const sometimes = <T extends object>(make: () => T): T | undefined => (choose(3) === 1 ? make() : undefined);
  const id = one(names.ids);
  const record = recordOf(id);
  const version = record?.version ?? 1;
  const expect = one<Change["expect"]>([
    "absent",
    "live",
    version,
    "live",
    version,
    "live",
    version - 1,
    version + 1,
    record === undefined ? "absent" : version,
  ]);

  const condition = expect === "absent" ? undefined : sometimes(() => ({ fence: (record?.epoch ?? 0) + one([0, 0, 1, -1]) }));
  if (expect !== "absent" && choose(12) === 1) return { id, expect, ...condition, erase: true };
  return {
    id,
    expect,
    ...(expect === "absent" && { kind: one(names.kinds) }),
    ...(expect === "absent" && sometimes(() => ({ kindLimit: one([1, 2, 3, 0]) }))),
    ...condition,
    ...sometimes(() => ({ subject: one([...names.subjects, null]) })),
    ...sometimes(() => ({ subjectLimit: one([1, 2, 3, 0]) })),
    ...sometimes(() => ({ wake: expect === "live" ? one(randomWakes) : one([...randomWakes, null]) })),
    ...(typeof expect === "number" && sometimes(() => ({ epoch: choose(4) }))),
    ...(choose(6) === 1 && { ended: ending }),
    ...sometimes(() => ({ set: fieldsOf(some(fieldNames), () => one(texts)) })),
    ...sometimes(() => ({ unset: some(fieldNames) })),
    ...sometimes(() => ({ claim: some(names.aliases) })),
    ...sometimes(() => ({ release: some(names.aliases) })),
  };
}

function fieldsOf(fields: readonly string[], text: () => string): Record<string, string> {
  // fromEntries defines: a field named __proto__ is one like others.
  return Object.fromEntries(fields.map((name) => [name, text()]));
}
