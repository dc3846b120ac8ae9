import type { Message } from "@sojourn/client/operations";
import { setImmediate } from "node:timers/promises";
import type { SessionInfo, Sessions } from "sojourn";
import { eventStream } from "../event-stream.ts";
import { eventText } from "../live/event-text.ts";
import type { Log } from "../log.ts";
import { Problem } from "../problem.ts";
import { infoView, type Fields } from "../views.ts";
import { ofTenant, type Api, type Route, route } from "./route.ts";

type Found = Message<"searchSessions">;
type Page = Awaited<ReturnType<Sessions<Fields>["page"]>>;

/** Searches that one caller has under way at most. */
const atOnce = 4;
/** Sessions that are found at most. */
const most = 10_000;
/** Sessions read in one go: other requests wait meanwhile. */
const stretch = 500;
/** How often it says how far it is: ms, and sessions looked at. */
const pause = 500;
const every = 5_000;

/** Goes through the sessions of a subject or of a kind for what no index has. */
export function searchSessions(api: Api, log: Log): Route {
  const underWay = new Map<string, number>();

  /** Takes a place. Gives a function that gives it back. @throws {Problem} 429 */
  function begin(caller: string): () => void {
    const others = underWay.get(caller) ?? 0;
    if (others >= atOnce) {
      const detail = `You have ${atOnce} searches under way. Wait for one of them, or stop listening to it.`;
      throw new Problem(429, "too_many_requests", detail, { headers: { "Retry-After": "1" } });
    }
    underWay.set(caller, others + 1);
    return () => {
      const left = (underWay.get(caller) ?? 1) - 1;
      if (left === 0) underWay.delete(caller);
      else underWay.set(caller, left);
    };
  }

  return route("searchSessions", async (ask, { query: { subject, kind, address, agent, createdAfter, createdBefore, live } }) => {
    if (subject === undefined && kind === undefined)
      throw new Problem(400, "invalid_request", "Say whose sessions, with subject=, or of which kind, with kind=.", { field: "subject" });
    const part = agent?.toLowerCase();
    const wanted = (info: SessionInfo): boolean =>
      (kind === undefined || info.kind === kind) &&
      (address === undefined || info.address?.includes(address) === true) &&
      (part === undefined || info.agent?.toLowerCase().includes(part) === true) &&
      (createdAfter === undefined || info.created >= createdAfter) &&
      (createdBefore === undefined || info.created < createdBefore) &&
      (live === undefined || (info.ended === undefined) === (live === "true"));
    const sessions = ofTenant(api, ask);
    const read = (after?: string): Promise<Page> => sessions.page(subject === undefined ? { kind: kind ?? "" } : { subject }, { after, limit: stretch });
    const over = begin(ask.var.caller.id);
    try {
      // While nothing has been answered yet, a store that is away is still a 503.
      const first = await read();
      return eventStream(ask, (gone) => messages(first, read, wanted, gone), {
        signal: api.background.stopping,
        over,
        failed: (error) => log.error(`request ${ask.var.id}: the search broke off`, error),
      });
    } catch (error) {
      over();
      throw error;
    }
  });
}

async function* messages(
  first: Page,
  read: (after?: string) => Promise<Page>,
  wanted: (info: SessionInfo) => boolean,
  gone: AbortSignal,
): AsyncGenerator<string, void, undefined> {
  const say = (found: Found): string => eventText({ data: found });
  let looked = 0;
  let found = 0;
  let told = { at: performance.now(), looked };
  function* soFar(): Generator<string, void, undefined> {
    told = { at: performance.now(), looked };
    yield say({ looked });
  }
  for (let page = first; ;) {
    for (const info of page.sessions) {
      looked++;
      if (wanted(info)) {
        yield say({ session: infoView(info) });
        if (gone.aborted) return;
        if (++found === most) return yield say({ done: true, looked, found, more: true });
      }
      if (looked - told.looked >= every || performance.now() - told.at >= pause) yield* soFar();
    }
    if (page.next === undefined) return yield say({ done: true, looked, found });
    // A store that answers at once would leave nobody else a turn.
    await setImmediate();
    if (gone.aborted) return;
    const coming = read(page.next);
    while (!(await isThere(coming, told.at + pause - performance.now()))) yield* soFar();
    page = await coming;
  }
}

/** Waits for so many ms at most. */
async function isThere(coming: Promise<unknown>, ms: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => (timer = setTimeout(resolve, Math.max(0, ms), false)));
  const settled = coming.then(
    () => true,
    () => true,
  );
  try {
    return await Promise.race([settled, late]);
  } finally {
    clearTimeout(timer);
  }
}
