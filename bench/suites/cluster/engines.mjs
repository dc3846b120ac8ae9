import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { findProgram, missing } from "@sojourn/peers/programs";
import { removeFolder, temporaryFolder } from "../../lib/children.mjs";
import { otherCore, pin } from "./pin.mjs";

/**
 * @typedef {{ url: string, rootUrl?: string, pid: number, stop: () => Promise<void> }} Engine
 * @typedef {"redis" | "postgres" | "mariadb" | "nats"} EngineName
 */

/** What the machine lacks of the programs. */
export function missingEngines() {
  return [
    missing("redis-server redis-tools", "redis-server", "redis-cli"),
    missing("postgresql", "postgres", "initdb"),
    missing("mariadb-server", "mariadbd", "mariadb-install-db"),
    missing("nats-server", "nats-server"),
  ]
    .filter((reason) => reason !== undefined)
    .map((reason) => reason.replace(/^needs /, ""));
}

/** Which releases of the engines are here. */
export function engineFacts() {
  return /** @type {const} */ (["redis-server", "postgres", "mariadbd", "nats-server"]).map((name) => {
    const said = execFileSync(findProgram(name) ?? name, ["--version"], { encoding: "utf8" });
    return `${name} ${/\d+\.\d+(?:\.\d+)?/.exec(said)?.[0] ?? "of an unknown release"}`;
  });
}

/**
 * Each with the settings that its page asks for. Nothing waits for a disk: what the store adds is to be seen, not the disk under it.
 * @type {Record<EngineName, () => Promise<Engine>>}
 */
const starts = {
  redis: async () => (await import("@sojourn/peers/redis")).startRedis(),
  // Statements are counted only while somebody asks for it.
  postgres: async () =>
    (await import("@sojourn/peers/postgres")).startPostgres({
      settings: { shared_preload_libraries: "pg_stat_statements", "pg_stat_statements.track": "none", max_connections: 40 },
    }),
  mariadb: async () => (await import("@sojourn/peers/mariadb")).startMariadb({ settings: { max_allowed_packet: "16M" } }),
  nats: async () => (await import("@sojourn/peers/nats")).startNats(),
};

/**
 * Engines that are started when they are first wanted, on the core of the load, and ended when the work is done.
 * @template T
 * @param {string | undefined} data
 * @param {(engine: (name: EngineName) => Promise<Engine>, folder: string) => Promise<T>} use `folder`: where else data may rest.
 * @returns {Promise<T>}
 */
export async function withEngines(data, use) {
  const folder = temporaryFolder(data);
  const place = join(folder, "engines");
  mkdirSync(place);
  // Some engines do not run as root, and take it for their temporary files too.
  chmodSync(folder, 0o711);
  chmodSync(place, 0o1777);
  // Their data goes where it is removed however the run ends.
  const before = process.env["TMPDIR"];
  process.env["TMPDIR"] = place;
  /** @type {Map<EngineName, Promise<Engine>>} */
  const running = new Map();

  /** @param {EngineName} name */
  function engine(name) {
    let started = running.get(name);
    if (started === undefined) running.set(name, (started = start(name)));
    return started;
  }

  /** @param {EngineName} name */
  async function start(name) {
    const made = await starts[name]();
    pin(made.pid, otherCore);
    return made;
  }

  try {
    return await use(engine, folder);
  } finally {
    await Promise.allSettled([...running.values()].map(async (started) => (await started).stop()));
    if (before === undefined) delete process.env["TMPDIR"];
    else process.env["TMPDIR"] = before;
    removeFolder(folder);
  }
}
