import {
  createSessions,
  SojournError,
  type Checkpoint,
  type Lease,
  type Session,
  type SessionId,
  type Sessions,
  type SessionsOptions,
  type Store,
} from "sojourn";
import type { Act, Command, Fault, Outside } from "./commands.ts";
import type { House } from "./houses.ts";
import { checkpoints } from "./keeping.ts";
import { leaseLasts } from "./leasing.ts";
import { namesOf, type Names } from "./names.ts";
import { wire, type Wire } from "./wire.ts";

type Data = Record<string, number>;
type Manager = Sessions<Data>;

interface Process {
  readonly wire: Wire;
  sessions: Manager;
}
interface Held {
  readonly process: number;
  readonly browser: number;
  readonly session: Session<Data>;
  readonly manager: Manager;
  /** Newest first. */
  readonly leases: Lease[];
  closed: boolean;
}

/** The real thing: two processes on one store, browsers that keep what they are handed, and requests under way. */
export interface World {
  readonly clock: { now(): number };
  readonly names: Names;
  /** What the processes told since it was asked for the last time. */
  told(): readonly string[];
  readonly requests: ReadonlyMap<number, Held>;
  /** Carries a command out; gives how to say what it gave, once all names are known. `name` is for what it makes. */
  perform(command: Command, name: string): Promise<() => unknown>;
  /** From now on calls take so many turns, and one of them may fail. */
  disturb(hops: () => number, fault: Fault | undefined): void;
  quiet(): Promise<void>;
}

/** How managers are made: the tests of this suite plant faults here. */
export type Make = (options: SessionsOptions<Data>) => Manager;

export function worldOn(store: Store, houses: readonly House[], start: number, make: Make = createSessions<Data>): World {
  let now = start;
  const clock = { now: () => now };
  const names = namesOf();
  let told: (() => string)[] = [];
  const requests = new Map<number, Held>();
  const jars = new Map<number, (string | undefined)[]>();
  const processes = houses.map((house, number): Process => {
    const line = wire(store);
    return { wire: line, sessions: manager(house, number, line) };
  });

  function manager({ every, grace, perSubject, total, whenFull, ...rest }: House, number: number, line: Wire): Manager {
    const limit = { ...(perSubject && { perSubject }), ...(total && { total }), ...(whenFull && { whenFull }) };
    const made = make({
      ...rest,
      store: line.store,
      clock,
      rotation: { every, grace },
      limit,
      sweep: "1h",
      breaker: false,
      checkpoints,
      authority: [checkpoints.authority],
    });
    const says = (what: string, id: SessionId): void => {
      names.learn(id, undefined);
      told.push(() => `${number} ${what} ${names.session(id)}`);
    };
    for (const event of ["created", "authenticated", "elevated", "rotated", "reuse"] as const) made.on(event, ({ id }) => says(event, id));
    made.on("ended", ({ id, reason }) => says(`ended ${reason}`, id));
    made.on("failed", () => told.push(() => `${number} failed`));
    made.on("unreadable", ({ field }) => told.push(() => `${number} unreadable ${field}`));
    return made;
  }

  function hand(browser: number, token: string | undefined): void {
    jars.set(browser, [token, ...(jars.get(browser) ?? [])]);
  }
  const newest = (browser: number): string | undefined => jars.get(browser)?.find((token) => token !== undefined);
  const idHeld = (browser: number): string => newest(browser)?.split(".")[0] ?? "nobody";

  function shownBy({ browser, shows }: Extract<Command, { readonly do: "visit" }>): string | undefined {
    const jar = jars.get(browser) ?? [];
    const own = newest(browser);
    if (shows === "nothing") return undefined;
    if (shows === "garbage") return "no token at all";
    if (typeof shows === "number") return jar[Math.min(shows, jar.length - 1)];
    if (own === undefined) return undefined;
    const others = [...jars.keys()].map(newest).find((token) => token !== undefined && token.split(".")[0] !== idHeld(browser));
    return `${idHeld(browser)}.${shows === "swapped" && others !== undefined ? others.split(".")[1] : "forged-_".repeat(4)}`;
  }

  function ownerOf({ subject, browser }: { readonly subject?: string; readonly browser: number }): { subject: string } | { id: string } {
    return subject === undefined ? { id: idHeld(browser) } : { subject };
  }

  async function perform(command: Command): Promise<unknown> {
    if ("process" in command && !("slot" in command)) return outside(command);
    if (command.do === "reach") {
      requests.delete(command.slot);
      const { sessions } = processes[command.process]!;
      const { touch } = command;
      const session = await sessions.reach({ alias: command.alias }, { touch, began: command.ago === 0 ? undefined : now - command.ago });
      if (session === undefined) return "nobody";
      requests.set(command.slot, { ...command, session, manager: sessions, leases: [], closed: false });
      return undefined;
    }
    if (command.do === "visit") {
      requests.delete(command.slot);
      const { sessions } = processes[command.process]!;
      const token = shownBy(command);
      const began = command.ago === 0 ? undefined : now - command.ago;
      const session = await sessions.visit({ token, began, rotates: command.rotates });
      requests.set(command.slot, { ...command, session, manager: sessions, leases: [], closed: false });
      return undefined;
    }
    if (command.do === "clock") return void (now += command.by);
    if (!("slot" in command)) throw new Error("a deadline is looked up before the step");
    const held = requests.get(command.slot);
    if (held === undefined) return "no request";
    try {
      return await act(held, command);
    } finally {
      names.learn(held.session.id, held.session.token);
    }
  }

  async function act(held: Held, command: Act): Promise<unknown> {
    const { session, manager: sessions } = held;
    switch (command.do) {
      case "set":
        return session.set(command.field, command.to);
      case "delete":
        return session.delete(command.field);
      case "flash":
        return command.put ? session.flash("note", "hello") : session.flash("note");
      case "update":
        return session.update(command.field, (value = 0) => value + 10);
      case "commit":
        return session.commit(command.ifVersion ? { ifVersion: session.version } : {});
      case "authenticate": {
        const { subject, do: _, slot: __, ...options } = command;
        return session.authenticate(subject, { ...options, methods: ["pwd"] });
      }
      case "elevate":
        return session.elevate(command.level, { methods: ["otp"], for: "10m" });
      case "rotate":
        return session.rotate();
      case "endOwn":
        return session.end();
      case "claim":
        return session.claim(...command.aliases);
      case "release":
        return session.release(...command.aliases);
      case "lease": {
        const lease = await session.lease({ owner: command.owner, takeOver: command.takeOver, for: leaseLasts });
        if (lease !== undefined) held.leases.unshift(lease);
        return lease?.epoch ?? "held by another";
      }
      case "renew":
        return held.leases[command.which]?.renew() ?? "no lease";
      case "giveBack":
        return held.leases[command.which] === undefined ? "no lease" : held.leases[command.which]!.release();
      case "checkpoint": {
        const kept = await session.checkpoint(command.as);
        return () => shown(kept);
      }
      case "restore":
        return session.restore(command.as);
      default: {
        if (held.closed) return "answered before";
        held.closed = true;
        const back = await sessions.settle(session);
        names.learn(session.id, session.token);
        if (back !== undefined && command.arrives) hand(held.browser, back.token);
        return back === undefined ? "nothing" : back.token === undefined ? "forget it" : `${names.secret(back.token)} for ${back.lasts} ms`;
      }
    }
  }

  function shown({ name, at, until, session, version, fields }: Checkpoint): unknown {
    return { name, at, until, session: names.session(session), version, fields: fields.toSorted() };
  }

  async function outside(command: Outside): Promise<unknown> {
    const process = processes[command.process]!;
    const { sessions } = process;
    switch (command.do) {
      case "create": {
        const session = await sessions.create({
          ...(command.subject && { subject: command.subject, methods: ["pwd"] }),
          ...(command.alias && { aliases: [command.alias] }),
        });
        names.learn(session.id, session.token);
        hand(command.browser, session.token);
        return names.secret(session.token!);
      }
      case "end":
        return sessions.end({ id: idHeld(command.browser), subject: command.as });
      case "endAll": {
        if (command.subject === undefined) return sessions.endAll({ everyone: true });
        return sessions.endAll({ subject: command.subject, ...(command.except !== undefined && { except: idHeld(command.except) }) });
      }
      case "list": {
        const listed: string[] = [];
        for await (const { id } of sessions.list({ subject: command.subject })) listed.push(id);
        return () => listed.map(names.session).toSorted();
      }
      case "info": {
        const info = await sessions.info({ id: idHeld(command.browser), subject: command.as });
        return () => (info === undefined ? "missing" : names.session(info.id));
      }
      case "kept": {
        const kept = await sessions.checkpoints(ownerOf(command));
        return () => kept.map(shown);
      }
      case "drop":
        return sessions.dropCheckpoint(ownerOf(command), command.as);
      case "erase":
        return sessions.erase({ subject: command.subject });
      case "sweep":
        await sessions.run();
        return sessions.close();
      default:
        for (const [slot, held] of requests) if (held.process === command.process) requests.delete(slot);
        process.sessions = manager(houses[command.process]!, command.process, process.wire);
        return undefined;
    }
  }

  return {
    clock,
    names,
    told() {
      const said = told.map((say) => say());
      told = [];
      return said.toSorted();
    },
    requests,
    async perform(command, name) {
      try {
        const given = await names.during(name, () => perform(command));
        return typeof given === "function" ? (given as () => unknown) : () => given;
      } catch (error) {
        if (error instanceof SojournError) return () => `refused: ${error.code}`;
        throw error;
      }
    },
    disturb(hops, fault) {
      for (const { wire: line } of processes) Object.assign(line, { hops, fault });
    },
    async quiet() {
      do await new Promise(setImmediate);
      while (processes.some(({ wire: line }) => line.busy()));
    },
  };
}
