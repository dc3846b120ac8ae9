import { SojournError, type Sessions } from "sojourn";
import type { Log } from "./log.ts";

/** A log that says little while the session store is given up. */
export interface OutageLog {
  /** As the one that was given; what fails because the store is given up has no line in it. */
  readonly log: Log;
  /** Has what happens to a manager in the background logged. */
  follow(sessions: Pick<Sessions<object>, "on">): void;
}

/** An outage has a line when it begins and one when it is over. Else each sweep, and each request, would have one with a stack. */
export function outageLog(log: Log): OutageLog {
  const down = new Set<string>();
  function error(message: string, what: unknown): void {
    if (down.size === 0 || !(what instanceof SojournError) || what.code !== "store_unavailable") log.error(message, what);
  }
  return {
    log: { ...log, error },
    follow(sessions) {
      sessions.on("outage", ({ of, state, error: why }) => {
        if (state === "down") {
          down.add(of);
          log.error(`the session store is left alone until it answers: ${of}`, why);
        } else {
          down.delete(of);
          log.info(`the session store answers again: ${of}`);
        }
      });
      sessions.on("failed", ({ doing, error: why }) => error(`could not ${doing}`, why));
      sessions.on("clock", ({ by, state }) => log.info(`the machine's clock jumped by ${by} ms: ${clockTexts[state]}`, { by, state }));
    },
  };
}

const clockTexts = {
  held: "the time goes on as before",
  believed: "it has lasted, and is followed from now on",
  over: "it has come back",
} as const;
