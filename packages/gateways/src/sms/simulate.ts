import { TransportFailure, type Outbound, type Receipt, type Receiver, type Transport } from "./transport.ts";

/** A handset of the simulated network. */
export interface SimulatedHandset {
  readonly number: string;
  /** What has arrived, in order. */
  readonly received: readonly Outbound[];
  /** Sends a message, and resolves when the gateway has it safe. With an `id` it can be sent again as a network does. */
  send(to: string, text: string, id?: string): Promise<void>;
  /** Resolves with the next message that this has not given yet. @throws Error after a time (ms; default 5000) */
  next(wait?: number): Promise<Outbound>;
}

/** A network in this process: a transport, and the handsets behind it. For tests, demonstrations and a terminal. */
export interface SimulatedNetwork extends Transport {
  handset(number: string): SimulatedHandset;
  /** Told of every message that a handset receives. */
  onDelivery(listener: (message: Outbound) => void): void;
  /** What becomes of the next messages: an error is thrown to who sends them. Give nothing, and all is well again. */
  failWith(failure: TransportFailure | undefined): void;
  report(receipt: Receipt): Promise<void>;
}

/** A simulated network. It delivers at once, in the order in which it is given messages, and the same reference once. */
export function simulatedNetwork(): SimulatedNetwork {
  const handsets = new Map<string, { readonly handset: SimulatedHandset; take(message: Outbound): void }>();
  const references = new Set<string>();
  const listeners: ((message: Outbound) => void)[] = [];
  let receiver: Receiver | undefined;
  let failure: TransportFailure | undefined;
  let serial = 0;
  /** Another network in each process: a message's name must not be one that was used before. */
  const network = Math.random().toString(36).slice(2, 10);

  function heard(): Receiver {
    if (receiver === undefined) throw new TransportFailure("Nobody listens: call listen() of the gateway first.", { temporary: true });
    return receiver;
  }

  function known(number: string): { readonly handset: SimulatedHandset; take(message: Outbound): void } {
    let found = handsets.get(number);
    if (found === undefined)
      handsets.set(number, (found = handsetOf(number, (to, text, id) => heard().message({ id: id ?? `sim-${network}-${++serial}`, from: number, to, text }))));
    return found;
  }

  return {
    async send(message) {
      if (failure !== undefined) throw failure;
      const id = `sim-${message.reference}`;
      // As networks that honour references do: what comes again was only not acknowledged.
      if (references.has(message.reference)) return { id };
      references.add(message.reference);
      known(message.to).take(message);
      for (const listener of listeners) listener(message);
      return { id };
    },
    receive(given) {
      receiver = given;
    },
    async close() {
      receiver = undefined;
    },
    handset: (number) => known(number).handset,
    onDelivery: (listener) => void listeners.push(listener),
    failWith: (given) => void (failure = given),
    report: (receipt) => heard().receipt(receipt),
  };
}

function handsetOf(number: string, send: SimulatedHandset["send"]): { readonly handset: SimulatedHandset; take(message: Outbound): void } {
  const received: Outbound[] = [];
  let given = 0;
  const waiting: (() => void)[] = [];
  return {
    take(message) {
      received.push(message);
      for (const tell of waiting.splice(0)) tell();
    },
    handset: {
      number,
      received,
      send,
      async next(wait = 5_000) {
        const end = Date.now() + wait;
        while (received.length <= given) {
          const left = end - Date.now();
          if (left <= 0) throw new Error(`No message came within ${wait} ms.`);
          await new Promise<void>((resolve) => {
            const timer = setTimeout(resolve, left);
            waiting.push(() => {
              clearTimeout(timer);
              resolve();
            });
          });
        }
        return received[given++] as Outbound;
      },
    },
  };
}
