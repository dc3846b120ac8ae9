import { begin } from "./begin.ts";
import { Trouble, type Request, type Turn } from "./model.ts";
import { announce, commit, merge } from "./writing.ts";

/** Further names: all of them or none. */
export function claim(turn: Turn, request: Request, aliases: readonly string[]): void {
  announce(request);
  if (request.view === undefined) {
    if (request.late) throw new Trouble("session_ended");
    begin(turn, request, { ...turn.model.houses[request.process]!, claims: aliases });
    return;
  }
  commit(turn, request);
  merge(turn, request, (there) => ({ aliases: [...new Set([...there.aliases, ...aliases])] }));
}

export function release(turn: Turn, request: Request, aliases: readonly string[]): void {
  announce(request);
  commit(turn, request);
  if (request.view !== undefined) merge(turn, request, (there) => ({ aliases: there.aliases.filter((alias) => !aliases.includes(alias)) }));
}
