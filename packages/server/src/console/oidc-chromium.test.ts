import { existsSync } from "node:fs";
import { freePort } from "@sojourn/peers/programs";
import { chromium, type Page } from "playwright-core";
import { afterEach, expect, test } from "vitest";
import { cleanUp, later } from "../clean-up.fixture.ts";
import { testServer } from "../server.fixture.ts";
import { atProvider, begin, visitor } from "./oidc-browser.fixture.ts";
import { testProvider } from "./oidc-provider.fixture.ts";
import { oidcSchema } from "./oidc-settings.ts";

afterEach(cleanUp);

const executablePath = "/usr/bin/chromium";
const args = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"];

test("Chromium goes to a provider of another site and back, with a cookie that is SameSite=Strict", { timeout: 90_000 }, async ({ skip }) => {
  if (!existsSync(executablePath)) skip(`There is no ${executablePath}.`);
  const port = await freePort();
  const publicUrl = `http://127.0.0.1:${port}`;
  const provider = await testProvider({ redirectUri: `${publicUrl}/console/oidc/callback` });
  const oidc = oidcSchema.parse({ issuer: provider.issuer, clientId: provider.clientId, publicUrl, roles: { ops: "operator" } });
  const server = await testServer({ port, oidc, oidcSecret: provider.clientSecret });
  const browser = await chromium.launch({ executablePath, headless: true, args });
  later(() => browser.close());

  async function newPage(): Promise<Page> {
    return (await browser.newContext()).newPage();
  }
  async function answers(page: Page, who: string): Promise<void> {
    await page.getByLabel("Who?").fill(who);
    await page.getByRole("button", { name: "Log in" }).click();
    await atConsole(page);
  }
  async function atConsole(page: Page): Promise<void> {
    await page.waitForURL(({ origin, pathname }) => origin === publicUrl && !pathname.startsWith("/console/oidc/"));
  }
  // As a click on a link of the page where it is: the browser says whose page that was.
  async function follow(page: Page, url: string): Promise<void> {
    const link = JSON.stringify({ href: url, textContent: "Go" });
    await page.evaluate(`document.body.append(Object.assign(document.createElement("a"), ${link}))`);
    await page.getByRole("link", { name: "Go", exact: true }).click();
  }
  const seated = (page: Page): Promise<unknown> => page.evaluate(async () => ((await (await fetch("/v1/console/session")).json()) as { name?: string }).name);

  const page = await newPage();
  const sent = new Map<string, Promise<string | null>>();
  page.on(
    "request",
    (request) =>
      void sent.set(
        new URL(request.url()).pathname,
        request.allHeaders().then(
          ({ cookie }) => cookie ?? null,
          () => "?",
        ),
      ),
  );
  await page.goto(`${publicUrl}/console/`);
  await follow(page, `${publicUrl}/console/oidc/start`);
  await answers(page, "ada");
  expect(await seated(page)).toBe("ada");
  // This is what the page on the way is there for.
  expect(await sent.get("/console/oidc/callback")).toBeNull();
  expect(await sent.get("/console/oidc/finish")).toContain("sojourn-console=");
  expect(await page.context().cookies(publicUrl)).toEqual([expect.objectContaining({ name: "sojourn-console", httpOnly: true, sameSite: "Strict" })]);
  const before = (await page.context().cookies(publicUrl))[0]?.value ?? "";

  // The way back in the browser's history leads to no code.
  await page.goBack();
  expect(page.url()).not.toContain("code=");
  await page.goto(`${publicUrl}/console/`);

  // Once more, with a session at the provider: it asks all the same.
  await follow(page, `${publicUrl}/console/oidc/start?fresh=1`);
  await answers(page, "ada");
  expect(await seated(page)).toBe("ada");
  const after = (await page.context().cookies(publicUrl))[0]?.value ?? "";
  expect(after).not.toBe(before);
  expect(after.slice(0, 26)).toBe(before.slice(0, 26));

  // A page of another site leads somebody who is logged in to the beginning: nothing happens to them.
  await page.goto(`${provider.issuer}/.well-known/openid-configuration`);
  await follow(page, `${publicUrl}/console/oidc/start`);
  await atConsole(page);
  expect(await seated(page)).toBe("ada");

  // Or to the end of a log-in that Mallory began, and did not go back from: it is not theirs.
  const mallory = visitor(publicUrl);
  const planted = await atProvider(mallory, provider, await begin(mallory), { who: "ada" });
  const victim = await newPage();
  await victim.goto(`${provider.issuer}/.well-known/openid-configuration`);
  await follow(victim, planted);
  await victim.waitForURL(/\/console\/#\/login\?why=state$/);
  expect(await seated(victim)).toBeUndefined();
  expect(await victim.context().cookies(publicUrl)).toEqual([]);

  // And somebody thinks better of it.
  await follow(victim, `${publicUrl}/console/oidc/start`);
  await victim.getByRole("button", { name: "Cancel" }).click();
  await victim.waitForURL(/\/console\/#\/login\?why=denied$/);
  expect(await seated(victim)).toBeUndefined();
  expect(server.logged.join("\n")).not.toContain("canary");
});
