import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { chromium, type Browser, type BrowserContextOptions, type Page } from "playwright-core";
import { createSessions, type SessionId } from "sojourn";
import { afterAll, beforeAll, expect, test } from "vitest";
import { cleanUp, later } from "../clean-up.fixture.ts";
import { openStore } from "../open-store.ts";
import { run, sojournd } from "../sojournd.fixture.ts";
import { tempFolder } from "../temp-folder.fixture.ts";

const executablePath = "/usr/bin/chromium";
const built = new URL("../../../console/dist/index.html", import.meta.url);
const missing = [
  ...(existsSync(executablePath) ? [] : [`There is no ${executablePath}.`]),
  ...(existsSync(built) ? [] : ["The console is not built: npm run build."]),
];
const args = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];
/** Where pictures for docs/console.md go; only when they are asked for. */
const pictures = process.env["SOJOURN_SCREENSHOTS"];
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

const many = 100_000;
/** What somebody could have written where it is shown. */
const hostile = [
  `<img src=x onerror="document.title='owned'">`,
  `"><script>document.title='owned'</script>`,
  `javascript:alert(1)`,
  `{{constructor.constructor('document.title="owned"')()}}`,
  `\u202Egnp.exe\u0000\u001b[2J`,
  `'--><svg/onload=document.title='owned'>`,
];

let browser: Browser;
let address = "";
let data = "";
let key = "";
/** What went wrong in any page: errors of scripts, refusals of the policy, requests to elsewhere. */
const problems: string[] = [];

beforeAll(async () => {
  if (missing.length > 0) return;
  data = tempFolder();
  const server = sojournd(["serve", "--dev", "--port", "0", "--data", data]);
  address = new URL((await server.until(/http:\/\/127\.0\.0\.1:\d+\/demo/))[0]).origin;
  key = (await run(["keys", "new", "--name", "Night desk", "--role", "operator", "--tenant", "demo", "--data", data])).out.trim();
  await fill();
  browser = await chromium.launch({ executablePath, headless: true, args });
  later(() => browser.close());
}, 120_000);
afterAll(cleanUp);

/** A hundred thousand sessions of the shop beside those that are begun here, some with texts that mean no good. */
async function fill(): Promise<void> {
  const store = openStore(data);
  const sessions = createSessions({ store, tenant: "demo", deadline: "1m" });
  for (const text of hostile) {
    const session = await sessions.create({ subject: text, data: { note: text }, client: { address: "203.0.113.9", agent: text } });
    await session.checkpoint(text.slice(0, 60));
  }
  const model = await sessions.create({
    subject: "user-0",
    methods: ["pwd"],
    client: { address: "198.51.100.7", agent: "Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101 Firefox/150.0" },
  });
  const made = await store.load(model.id as SessionId);
  if (made?.subject === undefined) throw new Error("The session that was begun is not in the store.");
  const { kind, wake = 0, fields, subject } = made;
  let next = 1;
  await Promise.all(
    Array.from({ length: 1_000 }, async () => {
      while (next < many) {
        const whose = subject.replace("user-0", `user-${next++ % 20_000}`);
        const id = (model.id as string).slice(0, 10) + String(next).padStart(16, "0");
        const outcome = await store.commit({ id: id as SessionId, expect: "absent", kind, wake, subject: whose, set: fields });
        if (!outcome.ok) throw new Error(`A session was refused: ${outcome.why}.`);
      }
    }),
  );
  await sessions.close();
  await store.close();
}

async function visitor(options: BrowserContextOptions = {}): Promise<Page> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 860 }, locale: "en-GB", timezoneId: "UTC", ...options });
  const page = await context.newPage();
  page.on("console", (message) => void (message.type() === "error" && problems.push(message.text())));
  page.on("pageerror", (error) => void problems.push(String(error)));
  page.on(
    "request",
    (request) => void (!/^(data:|blob:)/.test(request.url()) && new URL(request.url()).origin !== address && problems.push(`asked ${request.url()}`)),
  );
  return page;
}

async function logIn(page: Page): Promise<void> {
  await page.goto(`${address}/console`);
  await page.getByLabel("key", { exact: false }).first().fill(key);
  await page.getByRole("button", { name: "Log in" }).click();
  await page.getByRole("heading", { level: 1, name: "Now" }).waitFor();
}

/** WCAG 2.2 AA, as far as a program can judge. */
async function accessible(page: Page, what: string): Promise<void> {
  await page.evaluate(axe);
  const violations = await page.evaluate(async () => {
    const { axe: judge } = globalThis as unknown as {
      axe: { run(options: object): Promise<{ violations: { id: string; nodes: { html: string; failureSummary: string }[] }[] }> };
    };
    const found = await judge.run({ runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"] });
    return found.violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => `${node.html} ${node.failureSummary}`).join("; ")}`);
  });
  expect([what, violations]).toEqual([what, []]);
}

async function picture(page: Page, name: string): Promise<void> {
  if (pictures === undefined) return;
  mkdirSync(pictures, { recursive: true });
  await page.screenshot({ path: join(pictures, `${name}.png`) });
}

test(
  "an operator logs in, sees the shop live, finds one of a hundred thousand, compares and restores a checkpoint, and throws its browser out",
  { timeout: 180_000 },
  async ({ skip }) => {
    if (missing.length > 0) skip(missing.join(" "));
    // Somebody shops.
    const shopper = await visitor();
    await shopper.goto(`${address}/demo`);
    await shopper.getByRole("link", { name: "Log in" }).click();
    await shopper.getByLabel("Name").selectOption("ada");
    await shopper.getByLabel("Password").fill("sojourn");
    await shopper.getByRole("button", { name: "Log in" }).click();
    await shopper.getByRole("status").getByText("Welcome, ada.").waitFor();
    await shopper.getByRole("button", { name: "Add Lantern to the cart" }).click();

    const desk = await visitor();
    await desk.goto(`${address}/console`);
    await desk.getByRole("heading", { name: "Sojourn console" }).waitFor();
    await accessible(desk, "log in");
    await picture(desk, "log-in");
    const paint = await desk.evaluate(() => performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? NaN);
    console.log(`The console's first paint: ${paint.toFixed(0)} ms (must be under 300).`);
    expect(paint).toBeLessThan(5 * 300);
    await desk.getByLabel("key", { exact: false }).first().fill("sjk_nobody");
    await desk.getByRole("button", { name: "Log in" }).click();
    await desk.getByText("not one of this server's").waitFor();
    await logIn(desk);

    // The figures move with what happens.
    const live = desk.getByRole("region", { name: "Live sessions" });
    await expect.poll(() => live.textContent(), { timeout: 15_000 }).toContain("100,0");
    const opened = (): Promise<string | null> => desk.locator(".tile", { hasText: "Opened" }).locator(".tile-number").textContent();
    const before = await opened();
    const chart = desk.locator(".chart-room canvas").first();
    await chart.waitFor();
    const drawn = await chart.screenshot();
    for (let n = 0; n < 40; n++) {
      const guest = await browser.newContext();
      await guest.request.get(`${address}/demo`);
      await guest.request.post(`${address}/demo/cart`, { form: { sku: "lantern" }, headers: { Origin: address } });
      await guest.close();
    }
    await expect.poll(opened, { timeout: 15_000 }).not.toBe(before);
    expect((await chart.screenshot()).equals(drawn)).toBe(false);
    await accessible(desk, "now");
    await picture(desk, "now");

    // One of a hundred thousand.
    await desk.keyboard.press("g");
    await desk.keyboard.press("s");
    await desk.getByRole("heading", { level: 1, name: "Sessions" }).waitFor();
    await desk.keyboard.press("/");
    await desk.keyboard.type("ada");
    await desk.keyboard.press("Enter");
    await desk.locator("tbody tr").first().waitFor();
    expect(await desk.locator("tbody tr").count()).toBe(1);
    await accessible(desk, "sessions");
    await desk.locator("tbody tr a").first().click();
    await desk.getByRole("heading", { level: 1, name: "ada" }).waitFor();
    await desk.getByRole("button", { name: "Show the values" }).click();
    await desk.locator(".json").getByText("lantern", { exact: false }).first().waitFor();
    await accessible(desk, "session");
    await picture(desk, "session");

    // A checkpoint, what came after it, and back.
    await desk.getByRole("button", { name: "Keep one now" }).click();
    await desk.getByLabel("Its name").fill("before the call");
    await desk.getByRole("button", { name: "Keep it" }).click();
    await desk.locator(".checkpoints").getByText("before the call").waitFor();
    await shopper
      .getByRole("button", { name: /^Add (?!Lantern)/ })
      .first()
      .click();
    await desk.getByRole("button", { name: "Compare" }).click();
    const difference = desk.getByRole("dialog");
    await difference.getByRole("row", { name: /cart.*changes/ }).waitFor();
    await difference.getByRole("button", { name: "Show the values" }).click();
    await difference.getByText("In the checkpoint").waitFor();
    await accessible(desk, "difference");
    await picture(desk, "checkpoint");
    await difference.getByRole("button", { name: "Close" }).last().click();
    await desk.getByRole("button", { name: "Restore" }).click();
    await desk.getByRole("button", { name: "Restore it" }).click();
    await desk.getByText(/Restored\. The session is at version \d+/).waitFor();
    await shopper.reload();
    expect(await shopper.getByRole("link", { name: /^Cart/ }).textContent()).toMatch(/1/);

    // Out, within a second.
    await desk.getByRole("button", { name: "End it" }).first().click();
    await desk.getByRole("dialog").getByRole("button", { name: "End it" }).click();
    const began = performance.now();
    await expect
      .poll(async () => (await (await shopper.context().request.get(`${address}/demo/cart`)).text()).includes("Log out"), { timeout: 5_000, interval: 10 })
      .toBe(false);
    const took = performance.now() - began;
    console.log(`The browser of the ended session was out after ${took.toFixed(0)} ms (must be within 1,000).`);
    expect(took).toBeLessThan(5 * 1_000);
    await shopper.reload();
    await shopper.getByText("This session was ended").first().waitFor();
    await desk
      .getByText(/by Night desk/i)
      .first()
      .waitFor();

    // What people wrote is shown, and does nothing.
    for (const path of ["/console/sessions?kind=web", ...hostile.map((text) => `/console/sessions?subject=${encodeURIComponent(text)}`)]) {
      await desk.goto(address + path);
      await desk.locator("tbody tr").first().waitFor();
      expect(await desk.title()).not.toContain("owned");
    }
    await desk.locator("tbody tr a").first().click();
    await desk.getByRole("button", { name: "Show the values" }).click();
    await desk.locator(".json").waitFor();
    expect(await desk.title()).not.toContain("owned");

    await desk.goto(`${address}/console/health`);
    await desk.getByRole("heading", { level: 1, name: "Health" }).waitFor();
    await desk.getByText("ASVS", { exact: false }).first().waitFor();
    await accessible(desk, "health");
    await picture(desk, "health");
    expect(problems.filter((problem) => !/status of (401|403)/.test(problem))).toEqual([]);
  },
);

test("by night and on a phone it is readable too", { timeout: 90_000 }, async ({ skip }) => {
  if (missing.length > 0) skip(missing.join(" "));
  problems.length = 0;
  const night = await visitor({ colorScheme: "dark" });
  await logIn(night);
  const background = (page: Page): Promise<string> => page.evaluate<string>("getComputedStyle(document.documentElement).backgroundColor");
  const dark = await background(night);
  await night.locator(".chart-room canvas").first().waitFor();
  await night.waitForTimeout(3_000);
  await accessible(night, "now, dark");
  await picture(night, "now-dark");
  await night.goto(`${address}/console/sessions?subject=user-7`);
  await night.locator("tbody tr").first().waitFor();
  expect(await night.locator("tbody tr").count()).toBe(5);
  await accessible(night, "sessions, dark");
  await picture(night, "sessions-dark");
  await night.goto(`${address}/console/health`);
  await night.getByText("ASVS", { exact: false }).first().waitFor();
  await accessible(night, "health, dark");
  // By hand, whatever the system says.
  for (let n = 0; n < 3 && (await background(night)) === dark; n++) await night.getByRole("button", { name: /press for others/ }).click();
  expect(await background(night)).not.toBe(dark);

  const phone = await visitor({ viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true, deviceScaleFactor: 2 });
  await logIn(phone);
  for (const [path, ready] of [
    ["/console/now", ".tile"],
    ["/console/sessions?subject=user-7", "tbody tr"],
    ["/console/health", "main h2"],
  ] as const) {
    await phone.goto(address + path);
    await phone.locator(ready).first().waitFor();
    const wider = await phone.evaluate<number>("document.documentElement.scrollWidth - document.documentElement.clientWidth");
    expect([path, wider]).toEqual([path, 0]);
    await accessible(phone, `${path}, phone`);
    await picture(phone, `phone-${path.replace(/^\/console\//, "").replace(/\?.*/, "")}`);
  }
  expect(problems.filter((problem) => !/status of (401|403)/.test(problem))).toEqual([]);
});
