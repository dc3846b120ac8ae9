import { outlivesRequests } from "#platform";
import type { Calls } from "./calls.ts";
import { SojournError, storeFull, storeUnavailable } from "./errors.ts";
import { andThen, isPromise } from "./maybe.ts";
import { ownKind, type Names } from "./names.ts";
import type { MaybePromise, SessionId, SessionRecord } from "./seam.ts";
import type { Settings } from "./settings.ts";
import { digestOf, newId } from "./token.ts";

/** Left by whoever raised a floor, in the floor's slot. */
export interface Mark {
  /** No two marks have the same. `undefined`: somebody is raising a floor of the slot, or died over it, so that what is read now may be old in a moment. */
  readonly text: string | undefined;
  /** Epoch ms. Every floor of the slot lies below. */
  readonly above: number;
}

/**
 * Which floors have been raised, told by one record for all of a tenant's: without it each visit would have to look whether there is a floor for its
 * subject, and mostly there is none. The record has as many slots as the first character of a floor's digest has values, and never a wake.
 * It is of the floors' kind, so that who copies floors from store to store takes it along.
 */
export interface FloorMarks {
  /**
   * Before a floor is raised: says that it may be.
   * @returns for afterwards: leaves the mark. Whoever sees it and then reads the floor sees it raised
   */
  announce(floor: SessionId, at: number): Promise<() => Promise<void>>;
  /** The last mark in a floor's slot, as of `floorLag` ago at the most; `undefined` while none of its floors has been raised. `now`: epoch ms. */
  last(floor: SessionId, now: number): MaybePromise<Mark | undefined>;
}

/**
 * ms. So much higher than the floor does a mark say that the slot's floors may lie: of two that are left at the same time either may be the one that
 * stays, and the clocks of those who left them may disagree.
 */
const slack = 3_600_000;

/** What the names of fields begin with that say who is about to raise a floor: when, and of which slot. */
const raising = "$raising.";

interface Known {
  readonly marks: Readonly<Record<string, string>>;
  /** Epoch ms at which they were asked for. */
  readonly read: number;
}

const none: Readonly<Record<string, string>> = Object.freeze({});

export function floorMarks(calls: Calls, names: Names, settings: Pick<Settings, "clock" | "floorLag">): FloorMarks {
  let id: SessionId | undefined;
  let known: Known | undefined;
  let reading: { readonly answer: Promise<Known>; readonly began: number } | undefined;
  /** Marks left here. What was asked for before one is not kept after it. */
  let left = 0;

  function itsId(): MaybePromise<SessionId> {
    return id ?? andThen<string, SessionId>(digestOf(`${names.tenant}\nmarks`), (digest) => (id = `marks:${digest}` as SessionId));
  }

  function isRecent(moment: number, now: number): boolean {
    return Math.abs(now - moment) < settings.floorLag;
  }

  /** One load for all who ask meanwhile, where a request may wait for what another began. */
  function read(now: number): MaybePromise<Known> {
    if (reading !== undefined && isRecent(reading.began, now)) return reading.answer;
    const before = left;
    const asked = andThen<SessionId, Known>(itsId(), (given) =>
      andThen<SessionRecord | undefined, Known>(calls.load(given), (record) => {
        const found = { marks: record?.fields ?? none, read: now };
        if (left === before) known = found;
        return found;
      }),
    );
    if (!isPromise(asked) || !outlivesRequests) return asked;
    const flight = { answer: asked, began: now };
    reading = flight;
    const over = (): void => void (reading === flight && (reading = undefined));
    asked.then(over, over);
    return asked;
  }

  async function write(set: Readonly<Record<string, string>>, unset: readonly string[]): Promise<void> {
    const record = await itsId();
    for (let tries = 0; tries < 20; tries++) {
      let outcome = await calls.commit({ id: record, expect: "live", set, unset });
      if (!outcome.ok && outcome.why === "missing") {
        outcome = await calls.commit({ id: record, expect: "absent", kind: names.kind(ownKind.floor), set });
      }
      if (outcome.ok) {
        left++;
        known = reading = undefined;
        return;
      }
      if (outcome.why === "full") throw storeFull("the mark of a mass ending was not written");
    }
    throw storeUnavailable("the mark of a mass ending could not be left in 20 tries");
  }

  return {
    async announce(floor, at) {
      const slot = slotOf(floor);
      const nonce = newId(settings.clock.now());
      const text = `${at} ${nonce}`;
      try {
        await write({ [raising + nonce]: `${at} ${slot}` }, []);
      } catch (error) {
        // Whether it was written or not, it ends nothing.
        throw error instanceof SojournError && error.code === "outcome_unknown" ? storeUnavailable("a mass ending could not be begun", error) : error;
      }
      return async () => {
        // Who died over one long ago is past raising it. A new mark has everybody read again what was raised.
        const old = Object.entries((await calls.load(await itsId()))?.fields ?? none).filter(
          ([name, value]) => name.startsWith(raising) && !name.endsWith(nonce) && Math.abs(at - parseInt(value, 10)) > slack,
        );
        const marks = Object.fromEntries(old.map(([, value]) => [value.slice(value.indexOf(" ") + 1), text]));
        await write({ ...marks, [slot]: text }, [raising + nonce, ...old.map(([name]) => name)]);
      };
    },
    last(floor, now) {
      return known !== undefined && isRecent(known.read, now)
        ? markIn(known, floor)
        : andThen<Known, Mark | undefined>(read(now), (found) => markIn(found, floor));
    },
  };
}

function slotOf(floor: SessionId): string {
  return `$${floor.charAt(floor.indexOf(":") + 1)}`;
}

function markIn({ marks }: Known, floor: SessionId): Mark | undefined {
  const slot = slotOf(floor);
  const text = marks[slot];
  let above = text === undefined ? 0 : aboveOf(text);
  let sure = true;
  for (const name in marks) {
    if (!name.startsWith(raising)) continue;
    const value = marks[name] as string;
    if (!value.endsWith(` ${slot}`)) continue;
    sure = false;
    above = Math.max(above, aboveOf(value));
  }
  return sure && text === undefined ? undefined : { text: sure ? text : undefined, above };
}

function aboveOf(text: string): number {
  const at = parseInt(text, 10);
  return Number.isNaN(at) ? Infinity : at + slack;
}
