import { storeUnavailable, type SojournError } from "./errors.ts";

/**
 * Leaves one kind of a store's calls (reads, or writes) alone for a while after some of them failed in a row, so that nobody waits for a store
 * that is down and the store is not overrun while it comes back. Then one call is let through to try: if it is answered, all are.
 *
 * What is the store's fault counts: `store_unavailable`, `outcome_unknown`, and whatever else it throws. A refusal is an answer. An argument
 * that it does not take says nothing about it.
 */
export interface Breaker {
  /** False as long as all is well: then nothing need be asked or told before a call, and nothing after one that was answered. */
  readonly alert: boolean;
  /** The number of the times of rest and work. What a call tells counts only for the one in which it began. */
  readonly round: number;
  /** Whether `admit` would let a call through now. */
  readonly admits: boolean;
  /** To be called before a call while `alert`. @throws {SojournError} `store_unavailable` while the store is left alone */
  admit(): void;
  /** The store answered a call of that round. */
  answered(round: number): void;
  /** It did not. */
  failed(round: number, error: SojournError): void;
}

/** When to leave a store alone, and for how long. */
export interface BreakerSettings {
  /** Failures in a row, with no answer among them. */
  readonly after: number;
  /** ms; the first time is {@link firstRest}, each that follows twice as long, none longer than this. */
  readonly longest: number;
}

/** Whether the store is left alone. `error`: the last failure, when it goes down. */
export type Outage = { readonly state: "down"; readonly error: SojournError } | { readonly state: "up" };

/** ms for which a store is left alone at first. */
export const firstRest = 100;

/** ms of the machine's monotonic clock, and a number from 0 up to 1. */
export interface Surroundings {
  now(): number;
  random(): number;
}

const machine: Surroundings = { now: () => performance.now(), random: () => Math.random() };

/** @param what `"reads"`, `"writes"`. @param tell when the store is given up and when it is back. */
export function breaker(what: string, settings: BreakerSettings, tell: (outage: Outage) => void, { now, random }: Surroundings = machine): Breaker {
  /** Since the last answer. */
  let failures = 0;
  let last: SojournError | undefined;
  let down = false;
  /** ms for which the store is left alone the next time. */
  let rest = 0;
  /** By `now`. */
  let until = 0;
  let trying = false;

  function leaveAlone(): void {
    rest = Math.min(settings.longest, down ? rest * 2 : firstRest);
    // Between the half and the whole: several processes that lost a store at the same moment do not come back to it as a herd.
    until = now() + rest * (0.5 + random() / 2);
    trying = false;
    self.round++;
  }

  // Plain properties: asked for with each call, a getter would cost a tenth of a read from memory.
  const self: Mutable = {
    alert: false,
    round: 0,
    get admits() {
      return !down || (!trying && now() >= until);
    },
    admit() {
      if (!down) return;
      const left = until - now();
      if (trying || left > 0) {
        const when = trying ? "until the one call that tries it has its answer" : `for ${Math.ceil(left)} ms more`;
        throw storeUnavailable(`after ${failures} failed ${what} in a row it is left alone ${when}`, last);
      }
      trying = true;
    },
    answered(round) {
      if (round !== self.round) return;
      failures = 0;
      last = undefined;
      self.alert = false;
      if (!down) return;
      down = trying = false;
      self.round++;
      tell({ state: "up" });
    },
    failed(round, error) {
      if (round !== self.round) return;
      if (!isFault(error)) {
        // The call that tried the store never got there: the next one tries.
        trying = false;
        return;
      }
      failures++;
      last = error;
      self.alert = true;
      if (down) leaveAlone();
      else if (failures >= settings.after) {
        leaveAlone();
        down = true;
        tell({ state: "down", error });
      }
    },
  };
  return self;
}

type Mutable = { -readonly [Name in keyof Breaker]: Breaker[Name] };

/** What a store that is well throws too: it was given what it does not take. */
function isFault({ code }: SojournError): boolean {
  return code === "store_unavailable" || code === "outcome_unknown";
}

/** Never leaves the store alone. */
export const noBreaker: Breaker = {
  alert: false,
  round: 0,
  admits: true,
  admit() {},
  answered() {},
  failed() {},
};
