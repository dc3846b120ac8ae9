import fc from "fast-check";
import type { Command, History, Step } from "./commands.ts";
import { houses } from "./houses.ts";

const minute = 60_000;
const pick = <const T extends readonly unknown[]>(...values: T): fc.Arbitrary<T[number]> => fc.constantFrom<T[number][]>(...values);
const slot = fc.nat(2);
const browser = fc.nat(2);
const process = fc.nat(1);
const subject = pick("ana", "ben");
const field = pick("cart", "n", "theme");
const alias = pick("a", "b", "c");
const aliases = fc.uniqueArray(alias, { minLength: 1, maxLength: 2 });
const which = pick(0, 1);
const as = pick("x", "y", "z");
const maybe = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(arbitrary, { nil: undefined });
const shows = fc.oneof(
  { weight: 8, arbitrary: pick(0) },
  { weight: 4, arbitrary: pick(1, 2, 3) },
  { weight: 1, arbitrary: pick("forged", "swapped", "garbage", "nothing") },
);
const ago = fc.oneof({ weight: 4, arbitrary: pick(0) }, { weight: 1, arbitrary: pick(1_000, 4 * minute, 25 * minute, 45 * minute) });

const visit = fc.record({ do: pick("visit"), slot, browser, process, shows, ago, rotates: fc.boolean() });
const reach = fc.record({ do: pick("reach"), slot, browser, process, alias, touch: fc.boolean(), ago });
const erase = fc.record({ do: pick("erase"), process, subject });
const authenticate: fc.Arbitrary<Command> = fc
  .record({
    do: pick("authenticate"),
    slot,
    subject,
    keep: fc.subarray(["cart", "n"]),
    idle: maybe(pick(5 * minute, 60 * minute)),
    absolute: maybe(pick(240 * minute)),
  })
  .map(defined);
const setting = fc.record({ do: pick("set"), slot, field, to: fc.nat(3) });
const keeping = fc.record({ do: pick("checkpoint", "restore"), slot, as });
const lease = fc.record({ do: pick("lease"), slot, owner: pick("p", "q"), takeOver: fc.boolean() });
const leased = fc.record({ do: pick("renew", "giveBack"), slot, which });
const act: fc.Arbitrary<Command> = fc.oneof(
  { weight: 4, arbitrary: setting },
  { weight: 1, arbitrary: fc.record({ do: pick("delete"), slot, field }) },
  { weight: 1, arbitrary: fc.record({ do: pick("flash"), slot, put: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ do: pick("update"), slot, field: pick("n") }) },
  { weight: 2, arbitrary: fc.record({ do: pick("commit"), slot, ifVersion: fc.boolean() }) },
  { weight: 4, arbitrary: authenticate },
  { weight: 2, arbitrary: fc.record({ do: pick("elevate"), slot, level: pick("pay", "admin") }) },
  { weight: 2, arbitrary: fc.record({ do: pick("rotate"), slot }) },
  { weight: 1, arbitrary: fc.record({ do: pick("endOwn"), slot }) },
  { weight: 3, arbitrary: fc.record({ do: pick("claim"), slot, aliases }) },
  { weight: 1, arbitrary: fc.record({ do: pick("release"), slot, aliases }) },
  { weight: 3, arbitrary: lease },
  { weight: 1, arbitrary: leased },
  { weight: 4, arbitrary: keeping },
);
const settle = fc.record({ do: pick("settle"), slot, arrives: fc.oneof({ weight: 4, arbitrary: pick(true) }, { weight: 1, arbitrary: pick(false) }) });
const ending: fc.Arbitrary<Command> = fc.record({ do: pick("endAll"), process, subject: maybe(subject), except: maybe(browser) }).map(defined);
const outside: fc.Arbitrary<Command> = fc.oneof(
  { weight: 2, arbitrary: fc.record({ do: pick("create"), process, browser, subject: maybe(subject), alias: maybe(alias) }).map(defined) },
  { weight: 2, arbitrary: fc.record({ do: pick("end"), process, browser, as: maybe(subject) }).map(defined) },
  { weight: 2, arbitrary: ending },
  { weight: 1, arbitrary: fc.record({ do: pick("list"), process, subject }) },
  { weight: 1, arbitrary: fc.record({ do: pick("info"), process, browser, as: maybe(subject) }).map(defined) },
  { weight: 2, arbitrary: fc.record({ do: pick("sweep"), process }) },
  { weight: 1, arbitrary: fc.record({ do: pick("kept"), process, browser, subject: maybe(subject) }).map(defined) },
  { weight: 1, arbitrary: fc.record({ do: pick("drop"), process, browser, subject: maybe(subject), as }).map(defined) },
);
const time: fc.Arbitrary<Command> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ do: pick("clock"), by: pick(1, 999, 1_000, 10_000, 30_001, minute + 1, 3 * minute, 3 * minute + 1, 6 * minute, 20 * minute) }),
  },
  { weight: 3, arbitrary: fc.record({ do: pick("deadline"), browser, off: pick(-1, 0, 1) }) },
  { weight: 1, arbitrary: fc.record({ do: pick("clock"), by: pick(61 * minute, -60 * minute, 24 * 60 * minute) }) },
);

const pace = fc.nat(1_000);
const alone = (command: fc.Arbitrary<Command>): fc.Arbitrary<readonly Step[]> =>
  fc.record({ command, pace }).map((given) => [{ commands: [given.command], pace: given.pace }]);
/** A whole request: it comes, does something, is answered. */
const request: fc.Arbitrary<readonly Step[]> = fc
  .record({ visit, acts: fc.array(act, { maxLength: 2 }), settle, pace })
  .map((given) =>
    [given.visit, ...given.acts, given.settle].map((command) => ({ commands: [{ ...command, slot: given.visit.slot } as Command], pace: given.pace })),
  );
/** Commands one after the other, as those of one browser, each in the request that it is put into. */
function inSlots(whose: number, commands: readonly (readonly [Command, number])[], order: number): readonly Step[] {
  return commands.map(([command, at]) => {
    const own: Command = "slot" in command ? { ...command, slot: at, ...(command.do === "visit" && { browser: whose, shows: 0 }) } : command;
    return { commands: [own], pace: order };
  });
}
type Row = readonly (readonly [Command, number])[];
const row = (acts: fc.Arbitrary<Command>, size: { minLength: number; maxLength: number }, within: fc.Arbitrary<number> = fc.nat(1)): fc.Arbitrary<Row> =>
  fc.array(fc.tuple(acts, within), size);
/** The browser has a session, of somebody or of nobody, or what it had before. */
const known: fc.Arbitrary<Row> = fc
  .record({ visit, first: maybe(fc.oneof(authenticate, setting)), settle })
  .map((given) => (given.first === undefined ? [] : [[given.visit, 0] as const, [given.first, 0] as const, [given.settle, 0] as const]));
const pair: fc.Arbitrary<Row> = fc.tuple(visit, visit).map(([one, other]) => [[one, 0] as const, [other, 1] as const]);
const answers: fc.Arbitrary<Row> = fc.tuple(settle, settle).map(([one, other]) => [[one, 0] as const, [other, 1] as const]);
const rows = (...parts: readonly fc.Arbitrary<Row>[]): fc.Arbitrary<readonly Step[]> =>
  fc.record({ browser, parts: fc.tuple(...parts), pace }).map((given) => inSlots(given.browser, given.parts.flat(), given.pace));

/** Two requests of one browser under way at a time: what one does, the other did not see. */
const rivals = rows(known, pair, row(act, { minLength: 2, maxLength: 4 }), answers);
/** Two that would act for one session. */
const holders = rows(known, pair, row(fc.oneof(lease, leased, authenticate, setting, act), { minLength: 3, maxLength: 7 }, pick(0, 0, 1)), answers);
/** Others come and are answered while a request goes on. */
const another: fc.Arbitrary<Row> = fc
  .record({ by: pick(6 * minute, 20 * minute), visit, settle })
  .map((given) => [[{ do: "clock", by: given.by }, 1] as const, [given.visit, 1] as const, [given.settle, 1] as const]);
const others: fc.Arbitrary<Row> = fc.array(another, { minLength: 1, maxLength: 3 }).map((each) => each.flat());
const long = rows(known, pair, others, row(act, { minLength: 1, maxLength: 2 }), answers);
/** A log-in by a process whose clock is behind that of the one that ended all. */
const behind = rows(
  ending.map(
    (command) =>
      [
        [command, 0],
        [{ do: "clock", by: -minute }, 0],
      ] satisfies Row,
  ),
  known,
);
/** A lease, another session in the same request, and a lease of that. */
const heirs = rows(
  known,
  pair,
  fc.tuple(lease, authenticate, lease, leased, leased).map((commands) => commands.map((command) => [command, 0] as const)),
  answers,
);
/** A mass ending that breaks off behind its floor: what it did not come to is dead all the same, and gives its name up. */
const half = fc.record({ process, browser, alias, pace }).map(({ pace: order, ...given }): readonly Step[] => {
  const create: Command = { do: "create", ...given };
  const all: Command = { do: "endAll", process: given.process };
  return [
    { commands: [create], pace: order },
    { commands: [{ do: "clock", by: 1 }], pace: order },
    { commands: [all], pace: order, fault: { call: 4, what: "fails" } },
    { commands: [create], pace: order },
  ];
});
/** Copies made and come back to. */
const copies = rows(
  known,
  pair,
  row(fc.oneof(setting, keeping, keeping, authenticate, fc.record({ do: pick("clock"), by: pick(20 * minute) })), { minLength: 3, maxLength: 6 }),
  answers,
);
const faulty: fc.Arbitrary<readonly Step[]> = fc
  .record({
    command: fc.oneof(visit, reach, act, settle, outside, erase),
    pace,
    fault: fc.record({ call: fc.integer({ min: 1, max: 4 }), what: pick("fails", "answer lost") }),
  })
  .map(({ command, ...rest }) => [{ commands: [command], ...rest }]);
const together: fc.Arbitrary<readonly Step[]> = fc
  .record({ commands: fc.array(fc.oneof(visit, reach, act, settle, outside), { minLength: 2, maxLength: 3 }), pace })
  .map((given) => [{ ...given, commands: apart(given.commands as readonly Command[]) }]);

/** Faults and commands at once come in only where asked for: they are the steps that the model has to allow more than one outcome for. */
export function histories(length: number): fc.Arbitrary<History> {
  const step = fc.oneof(
    { weight: 10, arbitrary: request },
    { weight: 4, arbitrary: rivals },
    {
      weight: 1,
      arbitrary: fc.oneof({ weight: 4, arbitrary: long }, { weight: 1, arbitrary: behind }, { weight: 2, arbitrary: heirs }, { weight: 1, arbitrary: half }),
    },
    { weight: 1, arbitrary: holders },
    { weight: 1, arbitrary: copies },
    { weight: 3, arbitrary: alone(visit) },
    { weight: 3, arbitrary: alone(reach) },
    { weight: 1, arbitrary: alone(erase) },
    { weight: 5, arbitrary: alone(act) },
    { weight: 3, arbitrary: alone(settle) },
    { weight: 6, arbitrary: alone(outside) },
    { weight: 5, arbitrary: alone(time) },
    { weight: 1, arbitrary: alone(fc.record({ do: pick("restart"), process })) },
    { weight: 2, arbitrary: faulty },
    { weight: 3, arbitrary: together },
  );
  return fc.record({ house: fc.nat(houses.length - 1), steps: fc.array(step, { minLength: 1, maxLength: length, size: "max" }).map((parts) => parts.flat()) });
}

/** One request does one thing at a time. */
function apart(commands: readonly Command[]): Command[] {
  const taken = new Set<number>();
  return commands.filter((command) => {
    if (!("slot" in command)) return true;
    if (taken.has(command.slot)) return false;
    taken.add(command.slot);
    return true;
  });
}

/** Without the properties that are undefined. */
function defined(given: object): Command {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as unknown as Command;
}
