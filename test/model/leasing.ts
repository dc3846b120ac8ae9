import { land, put, read, Trouble, type Request, type Session, type Turn } from "./model.ts";
import { announce, commit, live, over } from "./writing.ts";

/** ms */
export const leaseLasts = 300_000;

/** The right to act for a session. Gives its epoch, or "held by another". */
export function lease(turn: Turn, request: Request, by: string, takeOver: boolean): number | string {
  announce(request);
  if (request.view === undefined) throw new Trouble("session_missing");
  commit(turn, request);
  const { model } = turn;
  for (let looked = false; ; looked = true) {
    const { name, version, lease: holder } = request.view;
    const free = holder === undefined || holder.until <= model.now || holder.by === by || takeOver;
    // A holder is only believed after a look.
    if (!free && looked) return "held by another";
    const there = model.sessions.get(name);
    let next: Session | undefined;
    if (free) {
      land(turn, () => {
        if (there?.ended !== undefined || there?.version !== version) return;
        next = put(model, there, { epoch: there.epoch + 1, lease: { by, until: model.now + leaseLasts } });
      });
      if (there === undefined || there.ended !== undefined) over(request, there);
    }
    if (next !== undefined) {
      Object.assign(request, {
        view: next,
        fence: next.epoch,
        leases: [{ session: name, epoch: next.epoch, by }, ...request.leases],
      } satisfies Partial<Request>);
      return next.epoch;
    }
    read(turn);
    request.view = live(turn, request);
  }
}

/** Makes one of the leases that a request took last longer. False when it is lost. */
export function renew(turn: Turn, request: Request, which: number): boolean | string {
  return written(turn, request, which, ({ by }) => ({ by, until: turn.model.now + leaseLasts }));
}

export function giveBack(turn: Turn, request: Request, which: number): boolean | string {
  const done = written(turn, request, which, () => undefined);
  if (done !== "no lease" && request.fence === request.leases[which]!.epoch) request.fence = undefined;
  return done === "no lease" ? done : "done";
}

function written(turn: Turn, request: Request, which: number, next: (held: Request["leases"][number]) => Session["lease"]): boolean | string {
  const held = request.leases[which];
  if (held === undefined) return "no lease";
  if (request.view?.name !== held.session) return false;
  const { model } = turn;
  const there = model.sessions.get(held.session);
  let done = false;
  land(turn, () => {
    if (there === undefined || there.ended !== undefined || there.epoch !== held.epoch) return;
    request.view = put(model, there, { lease: next(held) });
    done = true;
  });
  return done;
}
