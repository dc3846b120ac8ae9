import { join } from "node:path";
import type { WorkerSettings } from "./worker-config.ts";

/** A runtime that Sojourn is tried on. */
export interface Runtime {
  readonly name: string;
  /** Its program, from the node_modules of {@link import("./binaries.ts").installRuntimes}. */
  readonly program: string;
  /** The version that it must say of itself. */
  readonly version: RegExp;
  /** What makes it serve `entry`, in the project's folder. */
  readonly args: readonly string[];
  /** `stdout`: the program prints its port. `control`: workerd tells it on a descriptor of its own. */
  readonly tells: "stdout" | "control";
  /** Of workerd: how its Worker is set up. */
  readonly worker?: WorkerSettings;
  /** The file behind `#platform` that the package's manifest must give it. */
  readonly door: "node:crypto" | "WebCrypto";
  /** Whether it has the modules of Node that the memory store and the contracts import. */
  readonly nodeModules: boolean;
  /** Whether timers go on when the request in which they began has been answered. */
  readonly outlives: boolean;
  /** Whether it tells the address at the other end of a connection. */
  readonly peers: boolean;
}

const node = (major: number): Runtime => ({
  name: `Node ${major}`,
  program: `node${major}-${platform}/bin/node`,
  version: new RegExp(`^v${major}\\.`),
  args: ["on-node.mjs"],
  tells: "stdout",
  door: "node:crypto",
  nodeModules: true,
  outlives: true,
  peers: true,
});

const platform = `${process.platform}-${process.arch}`;
const arm = process.arch === "arm64";
const workerd = `@cloudflare/workerd-${process.platform}-${arm ? "arm64" : "64"}/bin/workerd`;
const contractClient = "node_modules/sojourn/dist/testing/http-contract-client.js";
const served = { version: /^workerd \d{4}-\d\d-\d\d$/, tells: "control", door: "WebCrypto", outlives: false, peers: false } as const;

/** Every runtime; a program that is not there is skipped, with the reason. */
export const runtimes: readonly Runtime[] = [
  node(20),
  node(22),
  node(24),
  node(26),
  {
    name: "Bun",
    program: `@oven/bun-${process.platform}-${arm ? "aarch64" : "x64"}/bin/bun`,
    version: /^\d+\.\d+/,
    args: ["--no-install", "on-bun.mjs"],
    tells: "stdout",
    door: "node:crypto",
    nodeModules: true,
    outlives: true,
    peers: true,
  },
  {
    name: "Deno",
    program: `@deno/${platform}-glibc/deno`,
    version: /^\d+\.\d+/,
    // All that it is allowed: to listen here.
    args: ["run", "--no-prompt", "--no-lock", "--no-remote", "--cached-only", "--node-modules-dir=manual", "--allow-net=127.0.0.1", "on-deno.mjs"],
    tells: "stdout",
    door: "node:crypto",
    nodeModules: true,
    outlives: true,
    peers: true,
  },
  {
    ...served,
    name: "workerd",
    program: workerd,
    args: ["serve", "--control-fd=3", "workerd.capnp"],
    worker: { entry: "on-workerd.mjs", compatibilityDate: "2026-11-01", compatibilityFlags: [], instead: { [contractClient]: "raw-client.mjs" } },
    nodeModules: true,
  },
  {
    ...served,
    name: "workerd, bare",
    program: workerd,
    args: ["serve", "--control-fd=3", "workerd-bare.capnp"],
    // Before nodejs_compat was the default.
    worker: { entry: "on-bare-workerd.mjs", compatibilityDate: "2024-09-01", compatibilityFlags: [] },
    nodeModules: false,
  },
];

/** The file of a runtime's configuration, if it has one. */
export function configOf({ worker, args }: Runtime): string | undefined {
  return worker === undefined ? undefined : args.at(-1);
}

/** Where a runtime's program is. */
export function programOf(modules: string, { program }: Runtime): string {
  return join(modules, program);
}
