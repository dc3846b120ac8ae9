import type { Message } from "@sojourn/client/operations";
import { setImmediate, setTimeout } from "node:timers/promises";
import { SojournError, type EndAllProgress } from "sojourn";
import { eventStream } from "../event-stream.ts";
import { eventText } from "../live/event-text.ts";
import type { Log } from "../log.ts";
import { Problem } from "../problem.ts";
import { type Api, type Route, route } from "./route.ts";

/** ms between two messages that say how many have ended. */
const pause = 200;

/** Where an ending of everything is, for whoever listens. */
interface Run extends EndAllProgress {
  /** It goes no further: everything has ended, or it was broken off. */
  readonly over?: "done" | "broken off";
  /** Resolves when there is news. */
  readonly changed: Promise<void>;
}

/** Ends everything that was issued before a moment, behind a floor. Whether anybody listens or not. */
export function revokeEverything(api: Api, log: Log): Route {
  const { background } = api;

  /** Begins it. Gives its progress once the floor stands. @throws {SojournError} when it could not be written */
  async function begin(tenant: string, by: string, before: number | undefined): Promise<() => Run> {
    let tell = (): void => undefined;
    const news = (): Promise<void> => new Promise((resolve) => (tell = resolve));
    let run: Run | undefined;
    const change = (next: Omit<Run, "changed">): void => {
      const told = tell;
      run = { ...next, changed: news() };
      told();
    };
    let stands = (): void => undefined;
    const standing = new Promise<void>((resolve) => (stands = resolve));
    const ending = api.sessions(tenant).endAll({ everyone: true, before, kinds: kindsOf(api, tenant) }, "revoked", by, {
      signal: background.stopping,
      async progress(so) {
        change(so);
        stands();
        // A store that answers at once would leave nobody else a turn.
        await setImmediate();
      },
    });
    const finished = ending.then(
      (ended) => {
        const over = background.stopping.aborted ? "broken off" : "done";
        change({ before: run?.before ?? 0, ended, over });
        log.info("revoked everything", { by, tenant, ended, ...(over === "done" ? undefined : { over }) });
      },
      (error: unknown) => {
        if (run === undefined) return;
        change({ ...run, over: "broken off" });
        log.error("revoking everything broke off behind its floor: nothing of it is good, but not each was ended by itself", error);
      },
    );
    background.follow(finished);
    await Promise.race([standing, ending]);
    return () => run as Run;
  }

  return route("revokeEverything", async (ask, { body: { issuedBefore } }) => {
    const { tenant, name } = ask.var.caller;
    let run: () => Run;
    try {
      run = await begin(tenant, name, issuedBefore);
    } catch (error) {
      if (!(error instanceof SojournError) || error.code !== "invalid_option" || issuedBefore === undefined) throw error;
      const detail = "issuedBefore must be a moment that has passed. Leave it out to end everything up to this moment.";
      throw new Problem(400, "invalid_request", detail, { field: "issuedBefore", cause: error });
    }
    log.info("revoking everything", { by: name, tenant, issuedBefore: run().before });
    return eventStream(ask, (gone) => messages(run, gone), { signal: background.stopping });
  });
}

async function* messages(run: () => Run, gone: AbortSignal): AsyncGenerator<string, void, undefined> {
  const say = (message: Message<"revokeEverything">): string => eventText({ data: message });
  const left = new Promise<void>((resolve) => gone.addEventListener("abort", () => resolve(), { once: true }));
  yield say({ issuedBefore: run().before });
  let told = 0;
  for (let now = run(); now.over === undefined; now = run()) {
    if (now.ended > told) {
      told = now.ended;
      yield say({ ended: told });
    }
    await Promise.race([left, Promise.all([now.changed, setTimeout(pause)])]);
    if (gone.aborted) return;
  }
  if (run().over === "done") yield say({ done: true, ended: run().ended });
}

/** Those that are ended one by one. Of another kind sessions are as good as ended, too. */
function kindsOf({ settings, live }: Api, tenant: string): string[] {
  return [...new Set(["api", "web", ...settings.policy.kinds, ...(live.channel(tenant)?.kinds ?? [])])];
}
