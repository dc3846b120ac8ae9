import { expect } from "vitest";
import { defaultPolicy, type ServeSettings } from "../config.ts";
import { keysOf, newKey } from "../keys.ts";
import { openStore } from "../open-store.ts";
import { testServer, type Answer, type TestServer } from "../server.fixture.ts";
import type { Receiver } from "./receiver.fixture.ts";

const policy = { ...defaultPolicy, webhookHosts: ["127.0.0.1"] };
/** What takes a server over from another, or tries once more, takes seconds. */
export const patient = { timeout: 60_000, interval: 50 };

/** A server, and what an admin of it may do. */
export interface Administered extends TestServer {
  readonly admin: Readonly<Record<string, string>>;
  hook(body: object): Promise<Answer>;
  hooks(): Promise<Record<string, unknown>[]>;
  /** Begins a session of ada's, and ends it. */
  visit(subject?: string): Promise<string>;
}

export async function administered(settings: Partial<ServeSettings> = {}): Promise<Administered> {
  const server = await testServer({ policy, ...settings });
  const key = newKey();
  // A fixture's own keys are those of a folder of its own.
  const store = openStore(settings.data ?? server.data);
  await keysOf(store).add(key, { name: "admin", role: "admin" });
  await store.close();
  const admin = { Authorization: `Bearer ${key}` };
  return {
    ...server,
    admin,
    hook: (body) => server.call("POST", "/v1/webhooks", { headers: admin, body }),
    hooks: async () => (await server.call("GET", "/v1/webhooks", { headers: admin })).body["webhooks"] as Record<string, unknown>[],
    async visit(subject = "ada") {
      const { body } = await server.call("POST", "/v1/sessions", { headers: admin, body: { subject } });
      const { status } = await server.call("DELETE", `/v1/sessions/${String(body["id"])}`, { headers: admin });
      expect(status).toBe(204);
      return String(body["id"]);
    },
  };
}

export const beside = ({ data }: TestServer): Partial<ServeSettings> => ({ data, store: { engine: "lmdb", path: data, setting: undefined, shown: "lmdb" } });

/** Which endings a target has been told of, each once. */
export const endings = (target: Receiver, secret: string): string[] => [
  ...new Set(target.told(secret).flatMap(({ type, data }) => (type === "session.ended" ? [data.id] : []))),
];
