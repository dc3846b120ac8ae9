// The engines that the rig's stores rest on: started by whoever runs the rig, once, and found by its processes through the environment.
import { setTimeout as sleep } from "node:timers/promises";
import { startMariadb } from "@sojourn/peers/mariadb";
import { startNats } from "@sojourn/peers/nats";
import { startPostgres } from "@sojourn/peers/postgres";
import { missing } from "@sojourn/peers/programs";
import { startRedis, startRedisCluster } from "@sojourn/peers/redis";
import { startApart } from "./apart.mjs";

/** @typedef {import("./types.ts").EngineName} EngineName */
/** @typedef {import("./types.ts").Engine} Engine */
/** @typedef {import("@sojourn/peers/networks").Host} Host */

/**
 * What each needs of the machine, and how it is started: on the host that is given, else for this machine alone.
 * @type {Readonly<Record<EngineName, { missing: () => string | undefined, start: (host?: Host) => Promise<Engine> }>>}
 */
export const engines = {
  redis: {
    missing: () => missing("redis-server", "redis-server"),
    async start(host) {
      const server = await startRedis({ host, args: ["--appendonly", "yes", "--appendfsync", "always"] });
      return { urls: [server.url], ...handledBy(server, () => server.restart()), stop: () => server.stop() };
    },
  },
  "redis cluster": {
    missing: () => missing("redis-server redis-tools", "redis-server", "redis-cli"),
    async start() {
      const cluster = await startRedisCluster();
      const [first] = cluster.nodes;
      if (first === undefined) throw new Error("a Cluster without nodes");
      return { urls: cluster.urls, ...handledBy(first, () => first.restart()), stop: () => cluster.stop() };
    },
  },
  postgres: {
    missing: () => missing("postgresql", "initdb", "postgres"),
    async start(host) {
      const server = await startPostgres({ host, settings: { max_connections: 200 } });
      return { urls: [server.url], ...handledBy(server, () => server.restart()), stop: () => server.stop() };
    },
  },
  mariadb: {
    missing: () => missing("mariadb-server", "mariadbd", "mariadb-install-db"),
    async start(host) {
      // It is started on this machine in any case, and then listens on all its cables.
      const server = await startMariadb(host === undefined ? {} : { settings: { bind_address: "0.0.0.0" } });
      return {
        urls: [host === undefined ? server.url : server.url.replace("127.0.0.1", host.address)],
        ...handledBy(server, () => server.restart()),
        stop: () => server.stop(),
      };
    },
  },
  nats: {
    missing: () => missing("nats-server", "nats-server"),
    async start(host) {
      const server = await startNats({ host });
      return { urls: [server.url], ...handledBy(server, () => server.restart()), stop: () => server.stop() };
    },
  },
};

/** What is done to a server in a round. @param {{ kill(signal: NodeJS.Signals): void }} server @param {() => Promise<unknown>} restart */
function handledBy(server, restart) {
  return {
    async kill() {
      server.kill("SIGKILL");
      await sleep(100);
      await restart();
    },
    /** @param {number} ms */
    async stopFor(ms) {
      server.kill("SIGSTOP");
      await sleep(ms);
      server.kill("SIGCONT");
    },
  };
}

/** @type {Map<EngineName, Promise<Engine>>} */
const running = new Map();

/** The engine, started the first time that it is asked for. @param {EngineName} name */
export function engineNamed(name) {
  let engine = running.get(name);
  if (engine === undefined) {
    engine = engines[name].start();
    engine.catch(() => running.delete(name));
    running.set(name, engine);
  }
  return engine;
}

/** @type {Map<EngineName, Promise<import("./types.ts").Apart>>} */
const apart = new Map();

/** Another such engine, with cables between it and the processes. @param {EngineName} name */
export function engineApart(name) {
  let engine = apart.get(name);
  if (engine === undefined) {
    engine = startApart(engines[name].start, name === "mariadb");
    engine.catch(() => apart.delete(name));
    apart.set(name, engine);
  }
  return engine;
}

export async function stopEngines() {
  const all = [...running.values(), ...apart.values()];
  running.clear();
  apart.clear();
  await Promise.all(all.map(async (engine) => (await engine).stop()));
}
