import * as acts from "./acts.ts";
import { begin, makeRoom } from "./begin.ts";
import type { Act, Command } from "./commands.ts";
import { endAll, endSession, raiseFloor, sweep } from "./endings.ts";
import * as keeping from "./keeping.ts";
import * as leasing from "./leasing.ts";
import { deadlineOf, expiryOf, quietly, read, type Model, type Request, type Session, type Turn } from "./model.ts";
import * as naming from "./naming.ts";
import { reach, visit, type Shown } from "./visit.ts";
import { commit } from "./writing.ts";

/** Carries a command out on the model; gives what the caller of the manager is to be given. */
export function expected(turn: Turn, command: Command): unknown {
  if ("slot" in command && !("process" in command)) {
    const request = turn.model.requests.get(command.slot);
    return request === undefined ? "no request" : act(turn, request, command);
  }
  return whole(turn, command);
}

/** What a command does first, with store calls of their own; `undefined`: it is all one. */
export function beforehand(command: Command): ((turn: Turn) => void) | undefined {
  switch (command.do) {
    case "update":
    case "rotate":
    case "claim":
    case "release":
    case "lease":
    case "checkpoint":
    case "settle":
      return (turn) => {
        const request = turn.model.requests.get(command.slot);
        if (request === undefined || request.closed) return;
        if (request.view === undefined && ["rotate", "claim", "lease"].includes(command.do)) return;
        if (command.do === "settle") request.closed = true;
        commit(turn, request);
        request.closed = false;
      };
    case "create":
      return (turn) => makeRoom(turn, command.process, command.subject, true);
    case "authenticate":
      return (turn) => {
        const request = turn.model.requests.get(command.slot);
        if (request === undefined || request.closed || request.view?.subject === command.subject) return;
        makeRoom(turn, request.process, command.subject, request.view?.subject !== undefined || request.view === undefined);
      };
    case "endAll":
      return (turn) => raiseFloor(turn, command.process, command.subject, sparedBy(turn, command));
    default:
      return undefined;
  }
}

function act(turn: Turn, request: Request, command: Act): unknown {
  switch (command.do) {
    case "set":
      return acts.write(request, command.field, command.to);
    case "delete":
      return acts.write(request, command.field, undefined);
    case "flash": {
      if (command.put) return acts.write(request, "$flash.note", "hello");
      const kept = acts.value(request, "$flash.note");
      if (kept !== undefined) acts.write(request, "$flash.note", undefined);
      return kept;
    }
    case "update":
      return acts.update(turn, request, command.field, (value) => ((value as number | undefined) ?? 0) + 10);
    case "commit":
      return commit(turn, request, command.ifVersion ? (request.view?.version ?? 0) : undefined);
    case "authenticate":
      return acts.authenticate(turn, request, command);
    case "elevate":
      return acts.elevate(turn, request, command.level, 600_000);
    case "rotate":
      return acts.rotate(turn, request);
    case "endOwn":
      return acts.end(turn, request);
    case "claim":
      return naming.claim(turn, request, command.aliases);
    case "release":
      return naming.release(turn, request, command.aliases);
    case "lease":
      return leasing.lease(turn, request, command.owner, command.takeOver);
    case "renew":
      return leasing.renew(turn, request, command.which);
    case "giveBack":
      return leasing.giveBack(turn, request, command.which);
    case "checkpoint":
      return keeping.checkpoint(turn, request, command.as);
    case "restore":
      return keeping.restore(turn, request, command.as);
    default: {
      if (request.closed) return "answered before";
      const back = acts.settle(turn, request);
      if (back !== undefined && command.arrives) hand(turn, request.browser, back.token);
      return back === undefined ? "nothing" : back.token === undefined ? "forget it" : `${back.token} for ${back.lasts} ms`;
    }
  }
}

function whole(turn: Turn, command: Exclude<Command, Act>): unknown {
  const { model } = turn;
  switch (command.do) {
    case "visit": {
      model.requests.delete(command.slot);
      model.requests.set(command.slot, visit(turn, { ...command, shown: shownBy(turn.before, command) }));
      return undefined;
    }
    case "reach": {
      model.requests.delete(command.slot);
      const request = reach(turn, { ...command, shown: undefined, rotates: false }, command.alias, command.touch);
      if (request === undefined) return "nobody";
      model.requests.set(command.slot, request);
      return undefined;
    }
    case "create": {
      const { process, browser, subject, alias } = command;
      const request = visit(turn, { process, browser, shown: undefined, ago: 0, rotates: false });
      begin(turn, request, {
        ...model.houses[process]!,
        subject,
        auth: subject === undefined ? undefined : { at: model.now, methods: ["pwd"], levels: {} },
        claims: alias === undefined ? [] : [alias],
      });
      hand(turn, browser, request.token);
      return request.token;
    }
    case "end": {
      read(turn);
      const session = named(turn, command.browser);
      if (session === undefined || session.ended !== undefined || (command.as !== undefined && session.subject !== command.as)) return false;
      return endSession(turn, command.process, session.name, "revoked");
    }
    case "endAll":
      return endAll(turn, command.process, command.subject, sparedBy(turn, command));
    case "list":
      read(turn);
      return [...model.sessions.values()]
        .filter((session) => session.ended === undefined && session.subject === command.subject && expiryOf(session, model.now) === undefined)
        .map(({ name }) => name)
        .toSorted();
    case "info": {
      read(turn);
      const session = named(turn, command.browser);
      return session === undefined || (command.as !== undefined && session.subject !== command.as) ? "missing" : session.name;
    }
    case "kept": {
      const owner = owned(turn, command);
      read(turn);
      return owner === undefined ? [] : keeping.keptOf(turn, owner);
    }
    case "drop": {
      const owner = owned(turn, command);
      return owner === undefined ? false : keeping.drop(turn, owner, command.as);
    }
    case "erase":
      return keeping.erase(turn, command.process, command.subject);
    case "sweep":
      return quietly(turn, command.process, () => sweep(turn, command.process));
    case "restart":
      for (const key of model.touching.keys()) if (key.startsWith(`${command.process} `)) model.touching.delete(key);
      for (const [slot, { process }] of model.requests) if (process === command.process) model.requests.delete(slot);
      for (const [of, floor] of model.floors) if (floor.by === command.process) model.floors.set(of, { ...floor, by: undefined });
      return undefined;
    case "clock":
      model.now += command.by;
      model.jumped ||= command.by < 0;
      return undefined;
    default:
      throw new Error("a deadline is looked up before the step");
  }
}

function hand({ model, before, choose }: Turn, browser: number, token: string | undefined): void {
  const jar = model.jars.get(browser) ?? [];
  // Of two answers under way at once the one that was begun first may arrive last.
  const others = jar.length - (before.jars.get(browser)?.length ?? 0);
  model.jars.set(browser, jar.toSpliced(others === 0 ? 0 : choose(others + 1), 0, token));
}

/** Whose checkpoints are meant. */
function owned(turn: Turn, { subject, browser }: { readonly subject?: string; readonly browser: number }): string | undefined {
  if (subject !== undefined) return keeping.ownerOf({ subject, name: "" });
  read(turn);
  const session = named(turn, browser);
  return session && keeping.ownerOf(session);
}

function sparedBy({ before }: Turn, { subject, except }: Extract<Command, { readonly do: "endAll" }>): string | undefined {
  return subject === undefined || except === undefined ? undefined : nameHeld(before, except);
}

function nameHeld(model: Model, browser: number): string | undefined {
  const newest = model.jars.get(browser)?.find((token) => token !== undefined);
  return newest === undefined ? undefined : model.issued.get(newest);
}

/** The session that the newest token of a browser names, as long as it is known. */
function named({ model, before }: Pick<Turn, "model" | "before">, browser: number): Session | undefined {
  const name = nameHeld(before, browser);
  return name === undefined ? undefined : model.sessions.get(name);
}

function shownBy(model: Model, { browser, shows }: Extract<Command, { readonly do: "visit" }>): Shown {
  const jar = model.jars.get(browser) ?? [];
  if (shows === "nothing") return undefined;
  if (shows === "garbage") return "garbage";
  if (typeof shows === "string") {
    const session = nameHeld(model, browser);
    return session === undefined ? undefined : { forged: session };
  }
  const secret = jar[Math.min(shows, jar.length - 1)];
  return secret === undefined ? undefined : { secret };
}

/** With deadlines looked up: the step as both sides carry it out. */
export function resolved(model: Model, command: Command): Command {
  if (command.do !== "deadline") return command;
  const session = named({ model, before: model }, command.browser);
  const by = session === undefined || session.ended !== undefined ? 1_000 : deadlineOf(session) + command.off - model.now;
  return { do: "clock", by: Math.max(1, by) };
}
