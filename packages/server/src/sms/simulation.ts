import { randomUUID } from "node:crypto";
import { createSessions, SojournError, type SessionInfo } from "sojourn";
import {
  NotUnderstood,
  segment,
  simulatedNetwork,
  smsGateway,
  TransportFailure,
  Unanswered,
  type Finished,
  type Json,
  type Outbound,
  type Started,
} from "@sojourn/gateways/sms";
import { StartFailure } from "../start-failure.ts";
import type { DialogueModule } from "./dialogue-module.ts";
import { ownWakes } from "./own-wakes.ts";
import type { SimulationPlace } from "./simulation-place.ts";

/** The one handset of a simulation. */
export const handset: string = "+358401234567";
/** A tenant of its own: dialogues with people that are kept in the same folder are not met. */
const tenant = "simulation";
/** As stores know them: the gateway's two, and what marks a mass ending. */
const kinds = ["sms", "sms-contact", "$floor"].map((kind) => `${tenant}:${kind}`);
/** At how many due moments time that goes by stops exactly, and into how many steps it is cut from there: who waits for a number looks for one every minute. */
const mostStops = 300;

/** A dialogue that is open. Times are epoch ms. */
export interface Open {
  readonly dialogue: string;
  /** `undefined` while it waits for a free one. */
  readonly number: string | undefined;
  /** When something happens if nobody writes. */
  readonly due: number | undefined;
}

/** What a simulation tells whoever shows it. */
export interface SimulationEvents {
  /** The handset has a message. */
  arrived(message: Outbound): void;
  finished(outcome: Finished): void;
  failed(error: unknown): void;
}

/** Dialogues, a gateway and a handset, with a clock that can be moved. */
export interface Simulation {
  readonly numbers: readonly string[];
  /** Names. */
  readonly dialogues: readonly string[];
  /** The number that wrote last. */
  readonly last: string | undefined;
  /** How far its clock is ahead of the machine's (ms). */
  readonly ahead: number;
  now(): number;
  /** From now on does what is due. To be called first, once. */
  begin(): Promise<void>;
  /** The handset sends a message; resolves when all that it brings about at once is done. @throws {SojournError} */
  send(to: string, text: string): Promise<void>;
  /** Begins a dialogue; `undefined` when there is none of that name. @throws {SojournError} */
  start(name: string, args: Json): Promise<Started | undefined>;
  open(): Promise<readonly Open[]>;
  /** Lets time go by (ms), from one due moment to the next. */
  later(ms: number): Promise<void>;
  close(): Promise<void>;
}

/** A simulation, or the one that is kept there. @throws {SojournError} `invalid_option` */
export function simulation(place: SimulationPlace, given: DialogueModule, numbers: readonly string[], events: SimulationEvents): Simulation {
  let { ahead } = place.remembered;
  let last = numbers.find((number) => number === place.remembered.last);
  const clock = { now: () => Date.now() + ahead };
  const store = ownWakes(place.store, kinds);
  const sessions = createSessions<Record<string, Json>>({ store, tenant, kind: "sms", clock });
  sessions.on("failed", ({ error }) => events.failed(error));
  const network = simulatedNetwork();
  const phone = network.handset(handset);
  network.onDelivery((message) => {
    last = message.from;
    keep();
    events.arrived(message);
  });
  const gateway = smsGateway(sessions, {
    ...given,
    transport: {
      ...network,
      async send(message) {
        if (fitsOnTheAir(message.text)) return network.send(message);
        throw new TransportFailure("The text needs more than 255 parts, and no network takes it. Shorten it.", { temporary: false });
      },
    },
    numbers,
    clock,
    finished: (outcome) => events.finished(outcome),
    failed({ error }) {
      // The dialogue's end says so.
      if (!(error instanceof Unanswered) && !(error instanceof NotUnderstood)) events.failed(error);
    },
  });

  async function dueUntil(until: number): Promise<number | undefined> {
    return (await store.find({ wakeBefore: until }, { limit: 1 })).records[0]?.wake;
  }

  /** A message that has arrived has arrived, whatever becomes of this. */
  function keep(): void {
    try {
      place.remember({ ahead, last });
    } catch (error) {
      events.failed(error);
    }
  }

  /** Does what is due now, and waits until it is done: a sweep begins with run(), and close() waits for its handlers. */
  async function settle(): Promise<void> {
    await sessions.close();
    await sessions.run();
    await sessions.close();
  }

  async function shown({ id, kind }: SessionInfo): Promise<Open | undefined> {
    const session = kind === "sms" ? await sessions.reach({ id }, { touch: false }) : undefined;
    const origin = session?.get("dialogue") as { readonly name: string } | undefined;
    if (session === undefined || origin === undefined) return undefined;
    const number = session.get("number");
    return { dialogue: origin.name, number: typeof number === "string" ? number : undefined, due: session.wakesAt };
  }

  return {
    numbers,
    dialogues: given.dialogues.map(({ name }) => name),
    get last() {
      return last;
    },
    get ahead() {
      return ahead;
    },
    now: clock.now,
    begin: async () => gateway.listen(),
    async send(to, text) {
      if (!fitsOnTheAir(text)) throw new SojournError("too_large", "The text needs more than 255 parts, and no handset sends it. Shorten it.");
      // The network's own names begin anew with each process, and a name that was heard before is a duplicate.
      await phone.send(to, text, randomUUID());
    },
    async start(name, args) {
      const found = given.dialogues.find((one) => one.name === name);
      return found === undefined ? undefined : gateway.start(found, handset, args as never);
    },
    async open() {
      const found: Open[] = [];
      for await (const info of sessions.list({ subject: `tel:${handset}` })) {
        const one = await shown(info);
        if (one !== undefined) found.push(one);
      }
      return found;
    },
    async later(ms) {
      const target = ahead + ms;
      for (let stops = 0; ahead < target; stops++) {
        const now = Date.now();
        const next = (await dueUntil(now + target)) ?? Infinity;
        // Never twice at the same moment: what fails is due again.
        const soonest = ahead + (stops < mostStops ? 1 : ms / mostStops);
        ahead = Math.ceil(Math.min(target, Math.max(soonest, next - now)));
        keep();
        await settle();
      }
      await sessions.run();
    },
    async close() {
      await gateway.close();
      await sessions.close();
      await place.close();
    },
  };
}

/** Whether a text is no longer than can be joined: 255 parts (3GPP TS 23.040 9.2.3.24.1). */
function fitsOnTheAir(text: string): boolean {
  try {
    return segment(text).parts.length > 0;
  } catch {
    return false;
  }
}

/** The numbers of a pool. @throws {StartFailure} */
export function poolOf(count: string): readonly string[] {
  const many = Number(count);
  if (/^\d{1,2}$/.test(count) && many >= 1 && many <= 20) return Array.from({ length: many }, (_, n) => `+35845700${String(n + 1).padStart(2, "0")}`);
  throw new StartFailure(`--numbers is ${JSON.stringify(count)}. Give how many numbers the pool has, 1 to 20.`);
}
