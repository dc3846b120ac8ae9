// An engine and the processes that use it on hosts of their own, with cables that can be cut. What is on its way when a cable is cut is not lost: TCP sends it
// again until it has arrived or the connection is given up, so it may land long after nobody waits for it.
import { execFileSync } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { createNetwork } from "@sojourn/peers/networks";

/** @typedef {import("@sojourn/peers/networks").Host} Host */

const processes = 4;
/** ms; TCP's pauses double, so what was cut off for some seconds is heard of after as many again. */
const patience = 30_000;

/**
 * @param {(host: Host) => Promise<import("./types.ts").Engine>} start
 * @param {boolean} here whether the engine runs on this machine itself, where the processes reach it
 * @returns {Promise<import("./types.ts").Apart>}
 */
export async function startApart(start, here) {
  const network = createNetwork(["engine", ...Array.from({ length: processes }, (_, i) => `p${i}`)]);
  const [engineHost, ...hosts] = network.hosts;
  try {
    if (engineHost === undefined) throw new Error("a network without hosts");
    // Half of the processes give a connection up after 1 to 2 s without a sign of life, the others not while a round lasts.
    for (const host of hosts.slice(processes / 2)) run(host, "sh", "-c", "echo 2 > /proc/sys/net/ipv4/tcp_retries2");
    const engine = await start(here ? { ...engineHost, address: network.here } : engineHost);
    return {
      urls: engine.urls,
      hosts,
      async cut(random) {
        const all = random(4) === 0;
        const first = random(processes);
        const off = all ? (here ? hosts : [engineHost]) : hosts.filter((_, i) => i === first || random(3) === 0);
        for (const host of off) host.cut();
        await sleep(200 + random(random(3) === 0 ? 2_800 : 500));
        for (const host of off) host.heal();
        return off.length;
      },
      async quiet() {
        for (let waited = 0; hosts.some(isSending); waited += 50) {
          if (waited >= patience) throw new Error(`after ${patience} ms something is still on its way to the engine`);
          await sleep(50);
        }
      },
      async stop() {
        await engine.stop();
        network.remove();
      },
    };
  } catch (error) {
    network.remove();
    throw error;
  }
}

/** Whether a connection of the host has sent what was not acknowledged yet: by the kernel's table of them, which has the queue after the two addresses and the state. @param {Host} host */
function isSending(host) {
  const [, ...lines] = run(host, "cat", "/proc/net/tcp").trim().split("\n");
  return lines.some((line) => {
    const [, , , state, queues = ""] = line.trim().split(/\s+/);
    return state !== "0A" && Number.parseInt(queues, 16) > 0;
  });
}

/** @param {Host} host @param {string} program @param {readonly string[]} args */
function run(host, program, ...args) {
  const [file, words] = host.command(program, args);
  return execFileSync(file, words, { encoding: "utf8" });
}
