import { connect, createServer, type AddressInfo, type Socket } from "node:net";

/** A proxy that loses the answer to a statement, or the statement. */
export interface CuttingProxy {
  readonly port: number;
  /** Prepared statements that were passed on since the last `cutNext`. */
  readonly passed: number;
  /** Closes the connection of the next prepared statement that is run: `"answer"`: once the server has answered, and without its answer; `"statement"`: without passing it on. */
  cutNext(what: "answer" | "statement"): void;
  close(): Promise<void>;
}

/** COM_STMT_EXECUTE, the first byte after the head of a packet. */
const execute = 0x17;

/** Stands before the server at the port. */
export async function cuttingProxy(port: number): Promise<CuttingProxy> {
  let next: "answer" | "statement" | undefined;
  let passed = 0;
  const open = new Set<Socket>();
  const proxy = createServer((client) => {
    const server = connect(port, "127.0.0.1");
    let swallows = false;
    const cut = (): void => {
      client.destroy();
      server.destroy();
    };
    for (const socket of [client, server]) {
      open.add(socket);
      socket.once("close", () => open.delete(socket));
      socket.on("error", cut).on("end", cut);
    }
    client.on("data", (data) => {
      if (data[4] === execute && data[3] === 0) {
        const what = next;
        next = undefined;
        if (what === "statement") return cut();
        swallows = what === "answer";
        passed++;
      }
      server.write(data);
    });
    server.on("data", (data) => (swallows ? cut() : client.write(data)));
  }).listen(0, "127.0.0.1");
  await new Promise((resolve) => proxy.once("listening", resolve));
  return {
    port: (proxy.address() as AddressInfo).port,
    get passed() {
      return passed;
    },
    cutNext(what) {
      next = what;
      passed = 0;
    },
    async close() {
      for (const socket of open) socket.destroy();
      await new Promise((resolve) => proxy.close(resolve));
    },
  };
}
