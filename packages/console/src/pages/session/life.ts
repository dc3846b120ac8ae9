import type { Answer } from "@sojourn/client";

/** What is drawn of a session's life. */
export interface Life {
  /** What happened and what will, the earliest first. */
  readonly moments: readonly Moment[];
  /** How much of the time between its beginning and its end has passed, 0 to 1. */
  readonly passed: number;
}

/** One point on it. */
export interface Moment {
  /** Epoch ms. */
  readonly at: number;
  readonly is: "began" | "logged in" | "seen" | "checkpoint" | "ended" | "deadline";
  /** Between its beginning, 0, and its end, 1. */
  readonly place: number;
  /** The checkpoint's name, or why it ended. */
  readonly what?: string;
  /** Who ended it. */
  readonly by?: string;
}

/** A session as it is seen from outside. */
export type Info = Answer<"showSession">;
/** A copy of its fields. */
export type Checkpoint = Answer<"listCheckpoints">["checkpoints"][number];
type Point = Omit<Moment, "place">;

const order: readonly Moment["is"][] = ["began", "logged in", "checkpoint", "seen", "deadline", "ended"];

/** A session's life as it stands now (epoch ms). Checkpoints of the subject's other sessions are no part of it. */
export function lifeOf(info: Info, checkpoints: readonly Checkpoint[], now: number): Life {
  const { id, created, authenticatedAt, seen, expiresAt, ended } = info;
  const points: Point[] = [
    { at: created, is: "began" },
    ...(authenticatedAt === undefined ? [] : [{ at: authenticatedAt, is: "logged in" as const }]),
    // What was seen at its very beginning was nothing more than that.
    ...(seen === created || seen === authenticatedAt ? [] : [{ at: seen, is: "seen" as const }]),
    ...checkpoints.filter(({ session }) => session === id).map(({ at, name }): Point => ({ at, is: "checkpoint", what: name })),
    ended === undefined
      ? { at: expiresAt, is: "deadline" }
      : { at: ended.at, is: "ended", what: ended.reason, ...(ended.by !== undefined && { by: ended.by }) },
  ];
  const until = ended?.at ?? Math.max(expiresAt, now);
  const length = Math.max(1, until - created);
  const place = (at: number): number => Math.min(1, Math.max(0, (at - created) / length));
  const moments = points.map((point) => ({ ...point, place: place(point.at) }));
  moments.sort((a, b) => a.at - b.at || order.indexOf(a.is) - order.indexOf(b.is));
  return { moments, passed: ended === undefined ? place(now) : 1 };
}
