import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { later } from "../clean-up.fixture.ts";

/** A way to a port of this machine that can be slow, and that counts who takes it. */
export interface SlowWay {
  readonly port: number;
  /** Connections that are open now, and that were begun so far. */
  readonly open: number;
  readonly begun: number;
  /** Every byte is so many ms late, in either direction. 0: what is on its way arrives at once, and so does what follows. */
  late(ms: number): void;
}

/** One direction of one connection. */
interface Lane {
  readonly to: Socket;
  /** In the order in which they came; `undefined`: the end. */
  readonly held: { readonly bytes: Uint8Array | undefined; readonly due: number }[];
}

/** Listens; gone with `cleanUp`. */
export async function slowWay(to: number): Promise<SlowWay> {
  const pairs = new Set<readonly [Socket, Socket]>();
  const lanes = new Set<Lane>();
  let lateBy = 0;
  let begun = 0;

  function pass(lane: Lane): void {
    for (let first = lane.held[0]; first !== undefined && (lateBy === 0 || first.due <= performance.now()); first = lane.held[0]) {
      lane.held.shift();
      if (lane.to.destroyed) continue;
      if (first.bytes === undefined) lane.to.end();
      else lane.to.write(first.bytes);
    }
  }

  function open(from: Socket, onto: Socket): void {
    const made: Lane = { to: onto, held: [] };
    lanes.add(made);
    const hold = (bytes: Uint8Array | undefined): void => {
      made.held.push({ bytes, due: performance.now() + lateBy });
      if (lateBy === 0) pass(made);
      // A timer may be early by a part of a ms.
      else setTimeout(() => pass(made), lateBy + 1);
    };
    from.on("data", hold).on("end", () => hold(undefined));
    onto.on("close", () => lanes.delete(made));
  }

  const server = createServer({ allowHalfOpen: true }, (near) => {
    begun++;
    const far = connect({ port: to, host: "127.0.0.1", allowHalfOpen: true, noDelay: true });
    near.setNoDelay(true);
    const pair = [near, far] as const;
    pairs.add(pair);
    open(near, far);
    open(far, near);
    near.once("close", () => pairs.delete(pair));
    for (const end of pair) end.on("error", () => pair.forEach((each) => each.destroy()));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  later(() => {
    server.close();
    for (const pair of pairs) for (const end of pair) end.destroy();
  });
  return {
    port: (server.address() as AddressInfo).port,
    get open() {
      return pairs.size;
    },
    get begun() {
      return begun;
    },
    late(ms) {
      lateBy = ms;
      if (ms === 0) for (const each of lanes) pass(each);
    },
  };
}
