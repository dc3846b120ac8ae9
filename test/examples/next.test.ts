import { existsSync } from "node:fs";
import { chromium } from "playwright-core";
import { describe, expect, test } from "vitest";
import { example, run, until } from "./running.ts";

const executablePath = "/usr/bin/chromium";

describe("examples/next", () => {
  const next = example("next", "next");

  test(
    "built and served by Next.js: actions that redirect, a page that reads, a route handler; with scripts and without",
    { timeout: 180_000 },
    async ({ skip }) => {
      skip(next.lacks !== false, String(next.lacks));
      skip(!existsSync(executablePath), `There is no ${executablePath}.`);
      const env = { ...process.env, NODE_ENV: "production", NODE_OPTIONS: "", NEXT_TELEMETRY_DISABLED: "1", DATA: `${next.scratch()}/sessions` };
      await run(process.execPath, ["node_modules/next/dist/bin/next", "build"], { cwd: next.folder, env });
      const { out } = next.started(process.execPath, ["node_modules/next/dist/bin/next", "start", "-p", "0", "-H", "127.0.0.1"], env);
      const at = (await until(out, /http:\/\/127\.0\.0\.1:\d+/))[0].replace("127.0.0.1", "localhost");

      expect(JSON.parse(await next.curl("jar", `${at}/api/visits`))).toEqual({ user: null, visits: 0 });
      expect(JSON.parse(await next.curl("jar", "-X", "POST", `${at}/api/visits`))).toEqual({ visits: 1 });
      expect(JSON.parse(await next.curl("jar", "-X", "POST", `${at}/api/visits`))).toEqual({ visits: 2 });
      const refused = await run("curl", [
        "-sS",
        "-o",
        "/dev/null",
        "-w",
        "%{http_code}",
        "-X",
        "POST",
        "-H",
        "Origin: https://evil.example",
        `${at}/api/visits`,
      ]);
      expect(refused.stdout).toBe("403");

      const browser = await chromium.launch({ executablePath, headless: true, args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking"] });
      try {
        for (const javaScriptEnabled of [true, false]) {
          const page = await (await browser.newContext({ javaScriptEnabled })).newPage();
          const title = (): Promise<string | null> => page.getByRole("heading").textContent();
          const token = async (): Promise<string | undefined> => (await page.context().cookies())[0]?.value;
          await page.goto(at);
          expect([await title(), await token()]).toEqual(["Hello, visitor", undefined]);
          await page.getByLabel("Thing").fill("lamp");
          await page.getByRole("button", { name: "Add to the cart" }).click();
          await page.getByText("lamp").waitFor();
          const anonymous = await token();
          expect(anonymous).toHaveLength(59);
          await page.getByLabel("Name").fill("ada");
          await page.getByRole("button", { name: "Log in" }).click();
          await page.getByRole("heading", { name: "Hello, ada" }).waitFor();
          expect(await page.getByRole("listitem").allTextContents()).toEqual(["lamp"]);
          const own = await token();
          expect([own?.length, own === anonymous]).toEqual([59, false]);
          await page.getByRole("button", { name: "Log out" }).click();
          await page.getByRole("heading", { name: "Hello, visitor" }).waitFor();
          expect([await page.getByRole("listitem").count(), await token()]).toEqual([0, undefined]);
        }
      } finally {
        await browser.close();
      }
    },
  );
});
