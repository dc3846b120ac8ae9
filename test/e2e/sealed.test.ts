import { existsSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { chromium, type Page } from "playwright-core";
import { newKey } from "sojourn/sealed";
import { afterEach, expect, test } from "vitest";
import { ask, cookieOf, startApps, type Apps } from "./apps.ts";

const executablePath = "/usr/bin/chromium";
const args = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

const undo: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0).toReversed()) await step();
});

async function started(processes: number, settings: object = {}): Promise<Apps> {
  const apps = await startApps("sealed", processes, { keys: [newKey()], ...settings });
  undo.push(apps.stop);
  return apps;
}

/** ms within which an end is known to every process. */
const bound = 1_000;

test("a copied cookie of a session that was ended at one process is refused at another", { timeout: 60_000 }, async () => {
  const { ports } = await started(2);
  const [a = 0, b = 0] = ports;
  const took: number[] = [];
  for (let n = 0; n < 100; n++) {
    const copy = cookieOf(await ask(a, `/login?subject=ana-${n}`));
    expect((await ask(b, "/read", copy)).body).toMatchObject({ subject: `ana-${n}` });
    await ask(a, "/logout", copy);
    const ended = performance.now();
    expect((await ask(a, "/read", copy)).body).toEqual({ data: {} });
    for (;;) {
      const { body } = await ask(b, "/read", copy);
      if (!("subject" in (body as object))) break;
      if (performance.now() - ended > 5 * bound) throw new Error(`after ${5 * bound} ms the other process serves a session that was ended`);
      await sleep(1);
    }
    took.push(performance.now() - ended);
  }
  const sorted = took.toSorted((x, y) => x - y);
  console.log(`sealed: an end at one process is known at another after ${sorted[49]?.toFixed(1)} ms (p50), ${sorted[98]?.toFixed(1)} ms (p99)`);
});

test("whoever logs in at one process is logged in at all, also when it was killed; with another key nobody is", { timeout: 60_000 }, async () => {
  const { ports, processes } = await started(2);
  const [a = 0, b = 0] = ports;
  const cookie = cookieOf(await ask(a, "/login?subject=ana"));
  processes[0]?.kill("SIGKILL");
  expect((await ask(b, "/read", cookie)).body).toMatchObject({ subject: "ana" });
  const other = await started(1);
  expect((await ask(other.ports[0] ?? 0, "/read", cookie)).body).toEqual({ data: {} });
});

for (const [how, settings, cookies] of [
  ["over several cookies", { parts: 8 }, { least: 4, most: 6 }],
  ["by overflow", { parts: 1, overflow: true }, { least: 1, most: 1 }],
] as const)
  test(`a cart of 12 kB in Chromium, ${how}`, { timeout: 60_000 }, async ({ skip }) => {
    if (!existsSync(executablePath)) skip(`There is no ${executablePath}.`);
    const { ports } = await started(2, settings);
    const browser = await chromium.launch({ executablePath, headless: true, args });
    undo.push(() => browser.close());
    const context = await browser.newContext();
    const page = await context.newPage();
    const at = async (
      port: number | undefined,
      path: string,
    ): Promise<{ readonly data: { readonly cart?: readonly unknown[]; readonly kept?: string }; readonly subject?: string }> => {
      await page.goto(`http://localhost:${port}${path}`);
      return JSON.parse((await page.textContent("body")) ?? "") as never;
    };
    await at(ports[0], "/login?subject=ana");
    await at(ports[0], "/fill?bytes=12000");
    const names = async (of: Page): Promise<string[]> => (await of.context().cookies()).map(({ name }) => name).toSorted();
    const filled = await names(page);
    expect(filled.length).toBeGreaterThanOrEqual(cookies.least);
    expect(filled.length).toBeLessThanOrEqual(cookies.most);
    for (const port of ports) {
      const { data, subject } = await at(port, "/read");
      expect(subject).toBe("ana");
      expect(JSON.stringify(data.cart).length).toBeGreaterThanOrEqual(12_000);
    }
    await at(ports[1], "/fill?bytes=10");
    expect(await names(page)).toEqual(["__Host-Http-session"]);
    expect((await at(ports[0], "/read")).data.cart).toHaveLength(1);
    await at(ports[0], "/logout");
    expect(await names(page)).toEqual([]);
    expect((await at(ports[1], "/read")).subject).toBeUndefined();
  });
