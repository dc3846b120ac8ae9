import type { InstrumentOptions } from "./telemetry-api.ts";

/** A metric: what it is called, and what it means. */
export interface Instrument extends InstrumentOptions {
  readonly name: string;
}

type InstrumentName = "storeDuration" | "created" | "ended" | "authenticated" | "rotated" | "reuse" | "unreadable" | "outages" | "failures";

/** Attributes that are Sojourn's own. */
export const attribute = {
  kind: "sojourn.kind",
  endReason: "sojourn.end_reason",
  calls: "sojourn.calls",
  task: "sojourn.task",
} as const;

/** Every metric of this entry, once. Names that do not begin with `sojourn.` are of the semantic conventions, with their units, attributes and buckets. */
export const instruments: Readonly<Record<InstrumentName, Instrument>> = {
  storeDuration: {
    name: "db.client.operation.duration",
    description: "How long the store took for one call.",
    unit: "s",
    attributes: ["db.system.name", "db.operation.name", "error.type"],
    advice: { explicitBucketBoundaries: [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10] },
  },
  created: {
    name: "sojourn.sessions.created",
    description: "Sessions that this process began.",
    unit: "{session}",
    attributes: [attribute.kind],
  },
  ended: {
    name: "sojourn.sessions.ended",
    description: "Sessions that this process ended.",
    unit: "{session}",
    attributes: [attribute.kind, attribute.endReason],
  },
  authenticated: {
    name: "sojourn.sessions.authenticated",
    description: "Log-ins to a session.",
    unit: "{login}",
    attributes: [attribute.kind],
  },
  rotated: {
    name: "sojourn.sessions.rotated",
    description: "Tokens that were offered a successor.",
    unit: "{token}",
    attributes: [attribute.kind],
  },
  reuse: {
    name: "sojourn.sessions.reuse",
    description: "Sessions that ended because a replaced token showed itself: two parties held a copy.",
    unit: "{session}",
    attributes: [attribute.kind],
  },
  unreadable: {
    name: "sojourn.fields.unreadable",
    description: "Times that a field's text could not be read.",
    unit: "{read}",
    attributes: [attribute.kind],
  },
  outages: {
    name: "sojourn.store.outages",
    description: "Times that reads, or writes, of the store were given up.",
    unit: "{outage}",
    attributes: [attribute.calls],
  },
  failures: {
    name: "sojourn.background.failures",
    description: "Calls in the background that failed; nobody waited for them.",
    unit: "{failure}",
    attributes: [attribute.task, "error.type"],
  },
};
