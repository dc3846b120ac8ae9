import type { SessionId, Store } from "../../core/seam.ts";
import { createSessions, type Sessions } from "../../core/sessions.ts";
import { textsOfFields } from "./kept-session.ts";
import type { Texts } from "./texts.ts";

/** A manager of the middleware's own, and how to keep it. */
export interface OwnManager {
  readonly sessions: Sessions<Record<string, unknown>>;
  /** Idle time of a session without maxAge, ms. */
  readonly idle: number;
  /** The shortest idle time (ms) that its touches keep a session alive for. */
  readonly least: number;
  /** What was in a session when it ended. */
  readonly last: (id: string) => Promise<Texts | undefined>;
  /** From now on what has run out is ended and erased, without keeping the process alive. */
  readonly sweep: () => void;
}

/** How long a session without `maxAge` lasts without activity: as long as connect-redis and connect-pg-simple keep one. */
const day = 86_400_000;
const sweepEvery = 30_000;

/** @param maxAge ms, if it is the same for all */
export function ownManager(store: Store, maxAge: number | undefined): OwnManager {
  const idle = Math.max(1, maxAge ?? day);
  const touch = Math.max(1, Math.min(idle / 10, 60_000));
  const sessions = createSessions({
    store,
    idle,
    touch,
    // express-session knows no other end than inactivity: this is the longest that there is.
    absolute: "400d",
    rotation: false,
    bounds: { field: 1_048_576 },
  });
  let timer: ReturnType<typeof setInterval> | undefined;
  return {
    sessions,
    idle: day,
    least: Math.min(idle, touch * 10),
    async last(id) {
      const record = await store.load(id as SessionId);
      return record === undefined ? undefined : textsOfFields(record.fields);
    },
    sweep() {
      timer ??= setInterval(() => void sweepOnce(sessions), sweepEvery).unref();
    },
  };
}

/** One round is one page. As long as rounds end sessions there may be more to do; the rest waits for the next time. */
async function sweepOnce(sessions: Sessions<Record<string, unknown>>): Promise<void> {
  let ended = 0;
  const off = sessions.on("ended", () => void (ended += 1));
  for (let round = 0, before = -1; round < 4 || (round < 64 && ended > before); round++) {
    before = ended;
    await sessions.run();
    await sessions.close();
  }
  off();
}
