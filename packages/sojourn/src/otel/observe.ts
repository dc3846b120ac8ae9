import type { Emitter } from "../core/events.ts";
import { errorType } from "./error-type.ts";
import { few } from "./few.ts";
import { attribute, instruments, type Instrument } from "./instruments.ts";
import type { Counter, Meter } from "./telemetry-api.ts";

/** Settings of {@link observe}. */
export interface ObserveOptions {
  /** Of OpenTelemetry, or anything with its two methods. */
  readonly meter: Meter;
  /** Kinds whose counters are there from the beginning, at 0: so that what watches for a growth sees the first. */
  readonly kinds?: readonly string[];
}

/** What tells of its sessions: a manager of either sort. */
export interface Observable {
  readonly on: Emitter["on"];
}

/** Kinds and reasons are texts of the application's: so many of each, for one meter, have series of their own. */
const most = 50;

/**
 * Counts what happens to a manager's sessions in this process. What other processes do, each of them counts.
 * No attribute says whose a session is, or which: kinds and reasons alone, of each at most 50 distinct ones and then `"other"`.
 * @returns a function that stops it
 */
export function observe(sessions: Observable, { meter, kinds = [] }: ObserveOptions): () => void {
  const count = countersOf(meter);
  const { kindOf, reasonOf } = count;
  for (const kind of kinds) {
    for (const counter of [count.created, count.authenticated, count.rotated, count.reuse, count.unreadable])
      counter.add(0, { [attribute.kind]: kindOf(kind) });
  }
  const stops = [
    sessions.on("created", ({ kind }) => count.created.add(1, { [attribute.kind]: kindOf(kind) })),
    sessions.on("ended", ({ kind, reason }) => count.ended.add(1, { [attribute.kind]: kindOf(kind), [attribute.endReason]: reasonOf(reason) })),
    sessions.on("authenticated", ({ kind }) => count.authenticated.add(1, { [attribute.kind]: kindOf(kind) })),
    sessions.on("rotated", ({ kind }) => count.rotated.add(1, { [attribute.kind]: kindOf(kind) })),
    sessions.on("reuse", ({ kind }) => count.reuse.add(1, { [attribute.kind]: kindOf(kind) })),
    sessions.on("unreadable", ({ kind }) => count.unreadable.add(1, { [attribute.kind]: kindOf(kind) })),
    sessions.on("outage", ({ of, state }) => state === "down" && count.outages.add(1, { [attribute.calls]: of })),
    sessions.on("failed", ({ doing, error }) => count.failures.add(1, { [attribute.task]: doing, "error.type": errorType(error) })),
  ];
  return () => {
    for (const stop of stops) stop();
  };
}

interface Counters extends Readonly<Record<Exclude<keyof typeof instruments, "storeDuration">, Counter>> {
  kindOf(kind: string): string;
  reasonOf(reason: string): string;
}

/** Several managers, one for each tenant, share a meter: the bounds hold for all of them together. */
const known = new WeakMap<Meter, Counters>();

function countersOf(meter: Meter): Counters {
  const counters = known.get(meter);
  if (counters !== undefined) return counters;
  const counter = ({ name, ...options }: Instrument): Counter => meter.createCounter(name, options);
  const { created, ended, authenticated, rotated, reuse, unreadable, outages, failures } = instruments;
  const made: Counters = {
    created: counter(created),
    ended: counter(ended),
    authenticated: counter(authenticated),
    rotated: counter(rotated),
    reuse: counter(reuse),
    unreadable: counter(unreadable),
    outages: counter(outages),
    failures: counter(failures),
    kindOf: few(most),
    reasonOf: few(most),
  };
  for (const calls of ["reads", "writes"]) made.outages.add(0, { [attribute.calls]: calls });
  known.set(meter, made);
  return made;
}
