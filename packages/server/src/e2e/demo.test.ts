import { existsSync } from "node:fs";
import { afterEach, expect, test } from "vitest";
import { cleanUp, later } from "../clean-up.fixture.ts";
import { chromium, type Page } from "playwright-core";
import { sojournd } from "../sojournd.fixture.ts";
import { tempFolder } from "../temp-folder.fixture.ts";

afterEach(cleanUp);

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

test("Two browsers walk through /demo, one ends the other's session", { timeout: 90_000 }, async ({ skip }) => {
  if (!existsSync(executablePath)) skip(`There is no ${executablePath}.`);
  const server = sojournd(["serve", "--dev", "--port", "0", "--data", tempFolder()]);
  const [address] = await server.until(/http:\/\/127\.0\.0\.1:\d+\/demo/);
  const browser = await chromium.launch({ executablePath, headless: true, args });
  later(() => browser.close());
  const problems: string[] = [];

  async function visitor(userAgent: string, javaScriptEnabled: boolean): Promise<Page> {
    const page = await (await browser.newContext({ userAgent, javaScriptEnabled })).newPage();
    page.on("console", (message) => void (message.type() === "error" && problems.push(message.text())));
    page.on("pageerror", (error) => void problems.push(String(error)));
    await page.goto(address);
    return page;
  }
  async function logIn(page: Page): Promise<void> {
    await page.getByRole("link", { name: "Log in" }).click();
    await page.getByLabel("Name").selectOption("ada");
    await page.getByLabel("Password").fill("sojourn");
    await page.getByRole("button", { name: "Log in" }).click();
    await page.getByRole("status").getByText("Welcome, ada.").waitFor();
  }
  const flash = (page: Page): Promise<string | null> => page.getByRole("status").textContent();
  const heading = (page: Page): Promise<string | null> => page.getByRole("heading", { level: 1 }).textContent();

  const laptop = await visitor("Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101 Firefox/150.0", true);
  const phone = await visitor("Mozilla/5.0 (Linux; Android 16) Chrome/150.0 Mobile", false);

  // Looking makes no cookie, a cart does; it comes along when its owner logs in, under another token.
  expect(await laptop.context().cookies()).toEqual([]);
  await laptop.getByRole("button", { name: "Add Lantern to the cart" }).click();
  expect(await flash(laptop)).toBe("Lantern is in your cart.");
  await laptop.reload();
  expect(await laptop.getByRole("status").count()).toBe(0);
  const anonymous = (await laptop.context().cookies())[0];
  expect(anonymous).toMatchObject({ name: "sojourn-demo", httpOnly: true, sameSite: "Lax" });
  await logIn(laptop);
  expect((await laptop.context().cookies())[0]?.value).not.toBe(anonymous?.value);
  await laptop.getByRole("link", { name: "Cart 1" }).click();
  expect(await laptop.getByRole("row").filter({ hasText: "Lantern" }).count()).toBe(1);

  // A wrong password is told; the right one lets in.
  await phone.getByRole("link", { name: "Log in" }).click();
  await phone.getByLabel("Password").fill("wrong");
  await phone.getByRole("button", { name: "Log in" }).click();
  expect(await phone.getByRole("alert").textContent()).toContain("do not go together");
  await logIn(phone);

  await phone.getByRole("link", { name: "Devices" }).click();
  const devices = phone.getByRole("main").getByRole("listitem");
  expect(await devices.count()).toBe(2);
  expect(await devices.first().textContent()).toMatch(/Chrome or Chromium on Android\s+this one/);
  expect(await devices.last().textContent()).toMatch(/Firefox on Linux[\s\S]*127\.0\.0\.1[\s\S]*just now/);
  await phone.getByRole("button", { name: "End this session: Firefox on Linux" }).click();
  expect(await flash(phone)).toContain("That session has ended.");
  expect(await devices.count()).toBe(1);

  // The other one hears so with its next request, and can log in anew.
  await laptop.reload();
  expect(await flash(laptop)).toContain("This session was ended");
  expect(await laptop.getByRole("link", { name: "Cart 0" }).count()).toBe(1);
  await logIn(laptop);

  await laptop.getByRole("link", { name: "Devices" }).click();
  await laptop.getByRole("button", { name: "End all others" }).click();
  expect(await flash(laptop)).toBe("One other session has ended.");
  await phone.reload();
  expect(await heading(phone)).toBe("Log in");

  await laptop.getByRole("button", { name: "Log out ada" }).click();
  expect(await heading(laptop)).toBe("You are logged out");
  expect(await laptop.context().cookies()).toEqual([]);
  expect(problems.filter((problem) => !problem.includes("403"))).toEqual([]);
});
