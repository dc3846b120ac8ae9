import { existsSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { memoryStore } from "sojourn/stores/memory";
import { delayed, httpContract, storeContract } from "sojourn/testing";
import { afterAll, beforeAll, describe, expect, test, type TestContext } from "vitest";
import { installRuntimes, type Installed } from "./binaries.ts";
import { compiled, entriesIn, namesGiven } from "./consumers.ts";
import { startRuntime, type Running } from "./process.ts";
import { makeProject } from "./project.ts";
import { corePromises } from "./program/core-promises.mjs";
import { configOf, programOf, runtimes, type Runtime } from "./runtimes.ts";
import { linesAt, openSite } from "./site.ts";
import { sitePromises } from "./site-promises.ts";
import { tableOf, type Row } from "./table.ts";
import { workerConfig } from "./worker-config.ts";

/** What a runtime found of one promise. */
interface Result {
  readonly promise: string;
  readonly state: "kept" | "broken" | "skipped";
  readonly why?: string;
}

let installed: Installed = { missing: "not tried" };
let project = "";
const rows: Row[] = [];

beforeAll(async () => {
  installed = await installRuntimes(runtimes.map(({ program }) => program));
  if ("missing" in installed) return;
  project = makeProject();
  for (const runtime of runtimes) {
    const config = configOf(runtime);
    if (config !== undefined && runtime.worker !== undefined) writeFileSync(join(project, config), workerConfig(project, runtime.worker));
  }
}, 300_000);

afterAll(() => {
  console.log(tableOf(rows));
  if (project !== "") rmSync(project, { recursive: true, force: true });
});

describe.each(runtimes.map((runtime) => [runtime.name, runtime] as const))("%s", (name, runtime) => {
  let running: Running | undefined;
  const row: Row = { name, version: "", door: "", core: [0, 0], store: [0, 0], http: [0, 0], outside: [0, 0], note: "" };

  beforeAll(async () => {
    rows.push(row);
    const missing = whyMissing(runtime);
    row.note = missing ?? "";
    if (missing === undefined && "modules" in installed) running = await startRuntime(installed.modules, project, runtime);
    row.version = running?.version ?? "";
  }, 30_000);
  afterAll(() => running?.stop());

  /** The process that runs; without one the test is skipped, with the reason. */
  function served({ skip }: Pick<TestContext, "skip">): Running {
    skip(row.note !== "", row.note);
    if (running === undefined) throw new Error("It is not running.");
    return running;
  }

  /** Has promises judged inside the runtime: what is left of them when those kept are taken away. */
  async function notKept({ port }: Running, path: string, column: "core" | "store" | "http", promises: readonly string[]): Promise<readonly string[]> {
    const results = await linesAt<Result>(port, path);
    row[column] = [row[column][0] + results.filter(({ state }) => state === "kept").length, row[column][1] + results.length];
    expect(results.map(({ promise }) => promise)).toEqual(promises);
    return results.flatMap(({ promise, state, why }) => (state === "kept" ? [] : [`${state}: ${promise}: ${why}`]));
  }

  test("is what it says, and the package gives it the right door to the platform", async (context) => {
    const { port, version } = served(context);
    expect(version).toMatch(runtime.version);
    [row.door = ""] = await linesAt<string>(port, "/~door");
    expect(row.door).toBe(runtime.door);
  });

  test("a manager that was made while its module loaded knows the time", async (context) => {
    const [created = 0] = await linesAt<number>(served(context).port, "/~created");
    expect(Math.abs(created - Date.now())).toBeLessThan(5_000);
  });

  // On Workers run() sweeps for as long as its request lasts. There a timetable calls run() and close(), one round each time.
  test(`run() ${runtime.outlives ? "goes on" : "ends"} when its request has been answered; run() and close() make one round`, async (context) => {
    const { port } = served(context);
    const asked = async (path: string): Promise<number | null | undefined> => (await linesAt<number | null>(port, path))[0];
    await asked("/~run");
    await (runtime.outlives ? expect.poll(() => asked("/~woken"), { timeout: 10_000 }).toBe(1) : sleep(400));
    expect(await asked("/~woken")).toBe(runtime.outlives ? 1 : 0);
    await asked("/~close");
    expect(await asked("/~round")).toBe(1);
  });

  // What is judged inside the runtime waits for timers most of the time: all of it at once.
  test.concurrent("core and sealed: chance, SHA-256, HKDF, AES, the clock and timers", async (context) => {
    expect(await notKept(served(context), "/~core", "core", Object.keys(corePromises(memoryStore, delayed)))).toEqual(
      runtime.nodeModules ? [] : [expect.stringContaining("knows no limits"), expect.stringContaining("cannot be watched")],
    );
  });

  // Without Node's modules there is neither the memory store nor a contract.
  for (const [how, ending] of runtime.nodeModules
    ? ([
        ["as given", ""],
        ["with delayed answers", "-delayed"],
      ] as const)
    : []) {
    test.concurrent(`the store contract on the memory store, ${how}`, async (context) => {
      expect(await notKept(served(context), `/~store${ending}`, "store", Object.keys(storeContract))).toEqual([]);
    }, 60_000);

    test.concurrent(`the http contract on the Fetch door and the memory store, ${how}`, async (context) => {
      expect(await notKept(served(context), `/~http${ending}`, "http", Object.keys(httpContract))).toEqual([]);
    }, 60_000);
  }

  describe.each([
    ["a store that answers at once", false],
    ["a store that answers later", true],
  ])("from outside, over %s", (_, distant) => {
    test.for(Object.entries(sitePromises))("%s", async ([, check], context) => {
      const { port } = served(context);
      row.outside[1] += 1;
      await check((options = {}) => openSite(port, { ...options, distant }));
      row.outside[0] += 1;
    });
  });

  // A Worker is not told it; the platform in front of one writes a header.
  test(`from outside: the address at the other end is ${runtime.peers ? "" : "not "}known`, async (context) => {
    const { call, tell } = await openSite(served(context).port, { proxied: false });
    await call("POST /login", { "x-forwarded-for": "203.0.113.9", "user-agent": "test" });
    expect(await tell("list", "alice")).toEqual([{ ...(runtime.peers && { address: "127.0.0.1" }), agent: "test" }]);
  });

  test("nothing of all that has hung, or failed where nobody looked", (context) => {
    expect(served(context).said()).not.toMatch(/unhandled|had hung|different request|can never settle/i);
  });
});

describe("the package, installed", () => {
  test.for(runtimes.filter(({ name }) => name.startsWith("Node ")).map((runtime) => [runtime.name, runtime] as const))(
    "%s imports and requires each entry, and both ways give the same names",
    async ([, runtime], { skip }) => {
      const missing = whyMissing(runtime);
      skip(missing !== undefined, missing);
      if ("missing" in installed) return;
      const { imported, required } = await namesGiven(programOf(installed.modules, runtime), project);
      expect(Object.keys(imported)).toEqual(entriesIn(project));
      for (const [entry, names] of Object.entries(imported))
        expect(required[entry], entry).toEqual(names.includes("module.exports") ? ["module.exports"] : names);
      expect(Object.values(imported).filter((names) => names.length === 0)).toEqual([]);
    },
  );

  test.for<[string, object, RegExp]>([
    ["nodenext", { module: "nodenext", types: ["node"] }, /./],
    ["bundler", { module: "esnext", moduleResolution: "bundler", types: ["node"] }, /./],
    // Of Workers and browsers: no types of Node's.
    [
      "bundler-web",
      { module: "esnext", moduleResolution: "bundler", types: [], lib: ["ES2023", "DOM", "DOM.Iterable"] },
      /^sojourn(\/http|\/http\/fetch|\/stores\/memory)?$/,
    ],
  ])("its types are found and hold: %s", async ([name, settings, tried], { skip }) => {
    skip("missing" in installed, "missing" in installed ? installed.missing : "");
    const entries = entriesIn(project).filter((entry) => tried.test(entry));
    expect(entries.length).toBeGreaterThan(3);
    expect(await compiled(project, name, entries, settings)).toBe("");
  });
});

function whyMissing(runtime: Runtime): string | undefined {
  if ("missing" in installed) return installed.missing;
  if (existsSync(programOf(installed.modules, runtime))) return undefined;
  return `npm has brought no ${runtime.program}`;
}
