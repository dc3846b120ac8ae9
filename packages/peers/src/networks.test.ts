import { connect, type Socket } from "node:net";
import { afterAll, expect, test } from "vitest";
import { startChild } from "./child.ts";
import { createNetwork, networksMissing, type Network } from "./networks.ts";

const missing = networksMissing();
const networks: Network[] = [];
afterAll(() => networks.forEach((network) => network.remove()));

test.skipIf(missing !== undefined)(
  `hosts hear each other until a cable is cut, and again when it is healed (${missing ?? "network namespaces"})`,
  async () => {
    const network = createNetwork(["one", "two"]);
    networks.push(network);
    const [one, two] = network.hosts as [(typeof network.hosts)[0], (typeof network.hosts)[0]];
    const echo = `require("net").createServer((socket) => socket.pipe(socket)).listen(7000, "0.0.0.0")`;
    const child = startChild(...one.command(process.execPath, ["-e", echo]));
    const socket = await opened(one.address, 7000);
    expect(await said(socket, "a", 5000)).toBe("a");
    one.cut();
    expect(await said(socket, "b", 500)).toBe(undefined);
    await expect(opened(two.address, 7000)).rejects.toThrow("ECONNREFUSED");
    one.heal();
    // TCP sends again what was lost.
    expect(await said(socket, "c", 15_000)).toBe("bc");
    socket.destroy();
    await child.stop();
  },
  40_000,
);

async function opened(host: string, port: number): Promise<Socket> {
  for (let tries = 0; ; tries++) {
    const socket = connect({ host, port });
    const error = await new Promise<Error | undefined>((resolve) => socket.once("connect", () => resolve(undefined)).once("error", resolve));
    if (error === undefined) return socket;
    if (tries === 50) throw error;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** What comes back within so many ms: all of it, once as much has come as was sent since the last answer. */
let owed = 0;
async function said(socket: Socket, text: string, ms: number): Promise<string | undefined> {
  socket.write(text);
  owed += text.length;
  let heard = "";
  return new Promise((resolve) => {
    const late = setTimeout(() => finish(undefined), ms);
    const hear = (data: Buffer): void => {
      heard += data.toString();
      if (heard.length >= owed) finish(heard);
    };
    const finish = (answer: string | undefined): void => {
      clearTimeout(late);
      socket.off("data", hear);
      if (answer !== undefined) owed = 0;
      resolve(answer);
    };
    socket.on("data", hear);
  });
}
