import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { later } from "../clean-up.fixture.ts";

/** A way to a port of this machine that can be lost as a router loses it: without a word to either side. */
export interface SilentProxy {
  readonly port: number;
  /** Connections that are open now. */
  readonly open: number;
  /** From now on nothing passes on the connections that there are. New ones work. */
  cut(): void;
}

/** Listens; gone with `cleanUp`. */
export async function silentProxy(to: number): Promise<SilentProxy> {
  const pairs = new Set<readonly [Socket, Socket]>();
  const server = createServer((near) => {
    const far = connect(to, "127.0.0.1");
    const pair = [near, far] as const;
    pairs.add(pair);
    near.pipe(far);
    far.pipe(near);
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
    cut() {
      for (const [near, far] of pairs) {
        near.unpipe(far);
        far.unpipe(near);
        // Its writers see the bytes go, and no answer come.
        for (const end of [near, far]) end.removeAllListeners("data").removeAllListeners("end").resume();
      }
    },
  };
}
