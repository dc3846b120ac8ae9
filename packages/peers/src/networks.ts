import { execFileSync } from "node:child_process";
import { findProgram } from "./programs.ts";

/** A host of a network made here: a network namespace with one address and one cable. */
export interface Host {
  readonly name: string;
  readonly address: string;
  /** The same program, run on this host: for {@link startChild} and its like. */
  command(program: string, args: readonly string[]): readonly [program: string, args: readonly string[]];
  /** Pulls the cable: what is sent is lost, nobody is told. Unlike a stopped process, it does not hear later what it missed. */
  cut(): void;
  /** Plugs it in again. */
  heal(): void;
}

export interface Network {
  /** This process's own address in the network. */
  readonly here: string;
  readonly hosts: readonly Host[];
  /** Takes it all down again. Stop first what runs in it. */
  remove(): void;
}

/** Why networks cannot be made here, as the reason of a skip; `undefined` when they can. */
export function networksMissing(): string | undefined {
  if (process.getuid?.() !== 0) return "needs root, to make network namespaces";
  if (findProgram("ip") === undefined) return "needs ip (apt-get install iproute2)";
  const name = `sj-try-${process.pid}`;
  try {
    ip("netns", "add", name);
    ip("netns", "delete", name);
    return undefined;
  } catch {
    return "needs the right to make network namespaces";
  }
}

let networks = 0;

/**
 * Makes hosts on one switch, each with a cable that can be cut, and a cable from this process's own network to the switch.
 * Whole networks lie beside each other: 10.173.(process).(host) is not routed anywhere.
 */
export function createNetwork(names: readonly string[]): Network {
  const tag = `${(process.pid % 46_656).toString(36)}${(networks += 1).toString(36)}`;
  const subnet = `10.${173 + (networks % 20)}.${process.pid % 250}`;
  const switchSpace = `sj-${tag}-sw`;
  const made: string[] = [];
  const space = (name: string): string => `sj-${tag}-${name}`;
  // Interface names have at most 15 characters.
  const cable = (n: number, end: "a" | "b"): string => `sj${tag}${n}${end}`;
  const remove = (): void => {
    for (const name of made.splice(0)) quietly("netns", "delete", name);
    quietly("link", "delete", cable(0, "a"));
  };
  try {
    ip("netns", "add", switchSpace);
    made.push(switchSpace);
    ip("-n", switchSpace, "link", "add", "br0", "type", "bridge");
    ip("-n", switchSpace, "link", "set", "br0", "up");
    const plug = (n: number, into: string | undefined): void => {
      ip("link", "add", cable(n, "a"), "type", "veth", "peer", "name", cable(n, "b"), "netns", switchSpace);
      if (into !== undefined) ip("link", "set", cable(n, "a"), "netns", into);
      const at = into === undefined ? [] : ["-n", into];
      ip(...at, "address", "add", `${subnet}.${n + 1}/24`, "dev", cable(n, "a"));
      ip(...at, "link", "set", cable(n, "a"), "up");
      if (into !== undefined) ip("-n", into, "link", "set", "lo", "up");
      ip("-n", switchSpace, "link", "set", cable(n, "b"), "master", "br0", "up");
    };
    plug(0, undefined);
    const hosts = names.map((name, i): Host => {
      ip("netns", "add", space(name));
      made.push(space(name));
      plug(i + 1, space(name));
      return {
        name,
        address: `${subnet}.${i + 2}`,
        command: (program, args) => [findProgram("ip") as string, ["netns", "exec", space(name), program, ...args]],
        cut: () => ip("-n", switchSpace, "link", "set", cable(i + 1, "b"), "down"),
        heal: () => ip("-n", switchSpace, "link", "set", cable(i + 1, "b"), "up"),
      };
    });
    return { here: `${subnet}.1`, hosts, remove };
  } catch (error) {
    remove();
    throw error;
  }
}

function ip(...args: readonly string[]): void {
  execFileSync(findProgram("ip") as string, args, { stdio: ["ignore", "ignore", "pipe"] });
}

function quietly(...args: readonly string[]): void {
  try {
    ip(...args);
  } catch {
    // It is gone already.
  }
}
