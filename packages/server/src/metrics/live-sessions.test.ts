import { Registry } from "prom-client";
import { SojournError } from "sojourn";
import { expect, test } from "vitest";
import { gaugeLiveSessions } from "./live-sessions.ts";

const numbers = async (registry: Registry): Promise<readonly string[]> => (await registry.metrics()).split("\n").filter((line) => line.startsWith("sojourn"));
const line = (kind: string, value: number): string => `sojourn_sessions_live{sojourn_kind="${kind}",sojourn_tenant="main"} ${value}`;

test("the store is asked for each kind when the metrics are read, and again after 5 seconds", async () => {
  const registry = new Registry();
  let [time, live] = [0, 7];
  const asked: string[] = [];
  const count = ({ kind }: { readonly kind: string }): number => (asked.push(kind), live++);
  gaugeLiveSessions(registry, { count }, ["web", "sms"], () => time);
  expect(asked).toEqual([]);
  expect(await numbers(registry)).toEqual([line("web", 7), line("sms", 8)]);
  time = 4_999;
  expect(await numbers(registry)).toEqual([line("web", 7), line("sms", 8)]);
  expect(asked).toEqual(["main:web", "main:sms"]);
  time = 5_000;
  expect(await numbers(registry)).toEqual([line("web", 9), line("sms", 10)]);
});

test("a store that does not answer leaves no number, and the rest of the metrics alone", async () => {
  const registry = new Registry();
  let time = 0;
  let broken = false;
  const count = async ({ kind }: { readonly kind: string }): Promise<number> => {
    if (broken && kind === "main:web") throw new SojournError("store_unavailable", "It is gone.");
    return 1;
  };
  gaugeLiveSessions(registry, { count }, ["web", "sms"], () => time);
  expect(await numbers(registry)).toEqual([line("web", 1), line("sms", 1)]);
  broken = true;
  time = 5_000;
  expect(await numbers(registry)).toEqual([line("sms", 1)]);
  broken = false;
  time = 10_000;
  expect(await numbers(registry)).toEqual([line("web", 1), line("sms", 1)]);
});
