import { readdirSync, readFileSync } from "node:fs";
import { missing } from "@sojourn/peers/programs";
import { startPostgres } from "@sojourn/peers/postgres";
import { onEngine } from "./on-engine.fixture.ts";

const secret = "s3cret/of#postgres";

onEngine("PostgreSQL", missing("postgresql", "initdb", "postgres"), async () => {
  const postgres = await startPostgres({ password: secret });
  const at = (password: string, rest: string): string => `postgres://postgres:${encodeURIComponent(password)}@127.0.0.1:${rest}`;
  // What serves a connection is a process of its own, and goes on for a while when the first of them is stopped or killed.
  const signal = (name: NodeJS.Signals): void => {
    for (const pid of [postgres.pid, ...childrenOf(postgres.pid)]) process.kill(pid, name);
  };
  return {
    url: at(secret, `${postgres.port}/postgres`),
    secret,
    refused: [
      [
        "a wrong password",
        at(`${secret}!`, `${postgres.port}/postgres`),
        /\(postgres:\/\/postgres:\*\*\*@127\.0\.0\.1:\d+\/postgres\): the store refuses the user or the password/,
      ],
      ["a wrong user", at(secret, `${postgres.port}/postgres`).replace("postgres:s3", "shop:s3"), /refuses the user or the password/],
      ["a database that is not there", at(secret, `${postgres.port}/shop`), /has no database "shop"\. Create it/],
      ["nobody there", at(secret, "1/postgres"), /nobody listens at 127\.0\.0\.1:1\. Start it/],
      ["TLS to one that speaks none", `${at(secret, `${postgres.port}/postgres`)}?sslmode=require`, /does not speak TLS there.*sslmode=disable/],
      ["a schema that cannot be one", `${at(secret, `${postgres.port}/postgres`)}?schema=A-B`, /schema/],
    ],
    kill: () => signal("SIGKILL"),
    restart: () => postgres.restart(),
    freeze: () => signal("SIGSTOP"),
    thaw: () => signal("SIGCONT"),
    stop: () => postgres.stop(),
  };
});

function childrenOf(pid: number): readonly number[] {
  return readdirSync("/proc").flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    try {
      const parent = /^\d+ \(.*\) \S (\d+)/s.exec(readFileSync(`/proc/${name}/stat`, "utf8"))?.[1];
      return Number(parent) === pid ? [Number(name)] : [];
    } catch {
      return [];
    }
  });
}
