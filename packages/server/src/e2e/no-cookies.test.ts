import { execFile } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { chromium } from "playwright-core";
import { afterEach, expect, test } from "vitest";
import { cleanUp, later } from "../clean-up.fixture.ts";
import { sojournd } from "../sojournd.fixture.ts";
import { tempFolder } from "../temp-folder.fixture.ts";

afterEach(cleanUp);

const run = promisify(execFile);
const executablePath = "/usr/bin/chromium";
const token = /[0-9a-hjkmnp-tv-z]{26}\.[\w-]{32}/;

async function demo(): Promise<{ readonly address: string; readonly log: () => string }> {
  const server = sojournd(["serve", "--dev", "--port", "0", "--data", tempFolder()]);
  const [address] = await server.until(/http:\/\/127\.0\.0\.1:\d+\/demo/);
  return { address, log: () => server.out() + server.err() };
}

test(
  "a browser that takes no cookies walks through /demo by links and forms, and no token leaves the site or enters a log",
  { timeout: 60_000 },
  async ({ skip }) => {
    if (!existsSync(executablePath)) skip(`There is no ${executablePath}.`);
    const { address, log } = await demo();
    const profile = tempFolder();
    mkdirSync(join(profile, "Default"));
    // As a person does in the settings: block all cookies.
    writeFileSync(join(profile, "Default", "Preferences"), JSON.stringify({ profile: { default_content_setting_values: { cookies: 2 } } }));
    const browser = await chromium.launchPersistentContext(profile, {
      executablePath,
      headless: true,
      args: ["--no-sandbox", "--disable-gpu", "--disable-quic"],
    });
    later(() => browser.close());
    const page = await browser.newPage();
    const flash = (): Promise<string | null> => page.getByRole("status").textContent();

    await page.goto(address);
    expect(page.url()).not.toMatch(token);
    await page.getByRole("button", { name: "Add Lantern to the cart" }).click();
    expect(await flash()).toBe("Lantern is in your cart.");
    expect(page.url()).toMatch(token);
    const anonymous = token.exec(page.url())?.[0];
    await page.getByRole("link", { name: "Log in" }).click();
    await page.getByLabel("Name").selectOption("ada");
    await page.getByLabel("Password").fill("sojourn");
    await page.getByRole("button", { name: "Log in" }).click();
    expect(await flash()).toBe("Welcome, ada.");
    const own = token.exec(page.url())?.[0];
    expect(own).not.toBe(anonymous);
    await page.getByRole("link", { name: "Cart 1" }).click();
    expect(await page.getByRole("row").filter({ hasText: "Lantern" }).count()).toBe(1);
    await page.getByRole("link", { name: "Devices" }).click();
    expect(await page.getByRole("main").getByRole("listitem").count()).toBe(1);

    // Whoever got hold of the link of before the log-in has nothing.
    const stranger = await (await browser.newPage()).goto(`${address}?sid=${anonymous}`);
    expect(await stranger?.text()).not.toContain("ada");

    await page.getByRole("button", { name: "Log out ada" }).click();
    expect(await page.getByRole("heading", { level: 1 }).textContent()).toBe("You are logged out");
    expect(page.url()).not.toMatch(token);
    await page.goto(`${address}/devices?sid=${own}`);
    expect(await page.getByRole("heading", { level: 1 }).textContent()).toBe("Log in");
    expect(await browser.cookies()).toEqual([]);
    expect(log()).not.toMatch(token);
  },
);

test("a client of HTTP/1.0 walks through /demo by links and forms", { timeout: 30_000 }, async () => {
  const { address } = await demo();
  const origin = new URL(address).origin;
  const curl = async (...args: readonly string[]): Promise<string> => (await run("curl", ["-sS", "--http1.0", "-D", "-", ...args])).stdout;
  const location = (answer: string): string => origin + (/^location: (.*)\r$/im.exec(answer)?.[1] ?? "");

  const added = location(await curl("-d", "sku=lantern", `${address}/cart`));
  expect(added).toMatch(token);
  const page = await curl(added);
  expect(page).toContain("Lantern is in your cart.");
  expect(page).not.toMatch(/^transfer-encoding/im);
  const link = /href="(\/demo\/login[^"]*)"/.exec(page)?.[1]?.replaceAll("&amp;", "&") ?? "";
  expect(link).toMatch(token);
  const form = await curl(origin + link);
  const field = /<input type="hidden" name="sid" value="([^"]*)"/.exec(form)?.[1] ?? "";
  expect(field).toMatch(token);
  const welcome = await curl(location(await curl("-d", `name=ada&password=sojourn&sid=${field}`, `${address}/login`)));
  expect(welcome).toContain("Welcome, ada.");
  expect(welcome).toContain('Cart <span class="count">1</span>');
  expect(await curl(added)).not.toContain("Log out");
});
