import { createServer, type AddressInfo } from "node:net";
import pg from "pg";
import { fromPg, postgresStore } from "sojourn/stores/postgres";
import { afterEach, beforeEach, expect, test } from "vitest";

/** A message of the protocol: its letter, the length that follows it, and what is in it. */
function message(letter: string, ...parts: readonly Uint8Array[]): Uint8Array {
  const body = Buffer.concat(parts);
  const length = Buffer.alloc(4);
  length.writeInt32BE(body.length + 4);
  return Buffer.concat([Buffer.from(letter), length, body]);
}

const welcome = [message("R", Buffer.alloc(4)), message("Z", Buffer.from("I"))];
const farewell = message("E", Buffer.from("SFATAL\0C57P01\0Mterminating connection due to unexpected postmaster exit\0\0"));
// What a backend sends whose server is killed while a client connects, in the same packet as the answer to that.
const server = createServer((socket) => {
  socket.on("error", () => undefined);
  socket.once("data", () => socket.end(Buffer.concat([...welcome, farewell])));
});
const uncaught: unknown[] = [];
const listen = (error: unknown): void => void uncaught.push(error);

beforeEach(async () => {
  await new Promise<void>((done) => void server.listen(0, "127.0.0.1", done));
  process.on("uncaughtException", listen);
});
afterEach(() => {
  process.off("uncaughtException", listen);
  server.close();
});

test("PostgreSQL is killed in the moment in which a connection is made: the call fails, the process goes on", async () => {
  const pool = new pg.Pool({ host: "127.0.0.1", port: (server.address() as AddressInfo).port, user: "sojourn", max: 1 });
  const store = postgresStore(fromPg(pool), { schema: "sojourn" });
  await expect(Promise.resolve(store.find({ kind: "k" }))).rejects.toMatchObject({ code: "store_unavailable" });
  await store.close();
  await pool.end();
  expect(uncaught).toEqual([]);
});
