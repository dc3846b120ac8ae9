import { spawnSync } from "node:child_process";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { createSessions } from "sojourn";
import { afterEach, describe, expect, test } from "vitest";
import { cleanUp } from "../clean-up.fixture.ts";
import { openStore } from "../open-store.ts";
import { run } from "../sojournd.fixture.ts";
import { tempFolder } from "../temp-folder.fixture.ts";
import { simulated, simulator } from "./simulator.fixture.ts";

afterEach(cleanUp);

/** What a file in some folder imports; in a project it says "@sojourn/gateways/sms". */
const gateway = pathToFileURL(createRequire(import.meta.url).resolve("@sojourn/gateways/sms")).href;

/** Every text that the handset got, in order. */
function texts(out: string): string[] {
  return [...out.matchAll(/^\d{4}-\d\d-\d\d .*(?: parts?), .*\n((?: {4}.*\n)+)/gm)].map(([, text = ""]) => text.trim().replaceAll(/\n {4}/g, "\n"));
}

describe("through a pipe", () => {
  test("a booking, a survey and a code; a line goes to the number that wrote last, @N to another", async () => {
    const { code, out, err } = await simulated(
      ["--memory"],
      '/start booking {"slot":"Tuesday 10:30"}',
      "/start survey",
      "5",
      "six",
      "4",
      "3",
      "maybe",
      "2",
      "I am away",
      "@1 code",
      "000",
      "no",
    );
    expect(err).toBe("");
    expect(code).toBe(0);
    const question = "Your appointment: Tuesday 10:30. Will you come?\n1 Yes\n2 No";
    expect(texts(out)).toEqual([
      question,
      "How was the welcome, from 1 to 5?",
      "How was the room, from 1 to 5?",
      "A number from 1 to 5, please. How was the room, from 1 to 5?",
      "How was breakfast, from 1 to 5? 🥐",
      "Thank you: 4.0 on average.",
      expect.stringMatching(/^Your code is \d{6}, for 10 minutes\./),
      "That is not the code. Try again.",
      "Then nothing has happened.",
    ]);
    expect(out).toMatch(/@5 \+3584570005 {2}1 part, UCS-2\n {4}How was breakfast/);
    expect(out).toContain('survey is over: done, {"grades":[5,4,3]}');
    expect(out).toContain('code is over: done, {"outcome":"not me"}');
    expect(out).not.toContain("booking is over");
  });

  test("/later brings reminders and time-outs as they are due, in their order and with their time; /list shows what is open", async () => {
    const { out, err, code } = await simulated(
      ["--memory"],
      "/start booking",
      "/start code",
      "/list",
      "/later 20h",
      "/later 8h",
      "/list",
      "1",
      "/start booking",
      "/later 5d",
      "/list",
    );
    expect([code, err]).toEqual([0, ""]);
    expect(texts(out).map((text) => text.slice(0, 16))).toEqual([
      "Your appointment",
      "Your code is " + /Your code is (\d{3})/.exec(out)?.[1],
      "The code is void",
      "Please answer 1 ",
      "See you then. Wr",
      "Your appointment",
      "Please answer 1 ",
    ]);
    const times = [...out.matchAll(/^(\d{4}-\d\d-\d\d \d\d:\d\d) .* parts?, /gm)].map(([, time = ""]) => Date.parse(`${time.replace(" ", "T")}Z`));
    const [begun = 0, , voided = 0, reminded = 0, answered = 0, again = 0, remindedAgain = 0] = times;
    const minutes = (ms: number): number => Math.round(ms / 60_000);
    expect([voided, reminded, answered, again, remindedAgain].map((time) => minutes(time - begun)).map((count) => Math.round(count / 10) * 10)).toEqual([
      10,
      24 * 60,
      28 * 60,
      28 * 60,
      52 * 60,
    ]);
    expect(out).toMatch(/It is [\d-]+ [\d:]+, 20 h ahead of the machine's clock\.\n[^]*1 d 4 h ahead[^]*6 d 4 h ahead/);
    expect(out).toMatch(/@4 \+3584570004 {2}booking, until [\d-]+ [\d:]+ if nobody writes\n {2}@5 \+3584570005 {2}code/);
    expect(out).toMatch(/booking is over: timeout\nIt is .*\nNo dialogue is open\.\n$/);
  });

  test("a pool that is exhausted: the next one begins when a number is free, however much time goes by", { timeout: 60_000 }, async () => {
    const { out, err } = await simulated(
      ["--memory", "--numbers", "1"],
      "/start survey",
      "/start booking",
      "/list",
      "/later 6d",
      "/list",
      "/later 30h",
      "/list",
    );
    expect(err).toBe("");
    expect(out).toContain("It waits for a free number");
    expect(out).toMatch(/ {2}@1 \+3584570001 {2}survey, until .*\n {2}waits for a free number {2}booking\n/);
    expect(out).toMatch(/survey is over: timeout\n.* @1 \+3584570001 {2}1 part, GSM 7 bit\n {4}Your appointment[^]* {2}@1 \+3584570001 {2}booking, until/);
  });

  test("STOP ends everything and nothing begins; what is wrong is one line each, names the fix, and the next line is obeyed", async () => {
    const { code, out, err } = await simulated(
      ["--memory"],
      "hello",
      "@7 hello",
      "@+358409999999 hello",
      "/dance",
      "/start dance",
      "/start booking {slot}",
      "/later soon",
      "/start booking",
      `@4 ${"long ".repeat(8_000)}`,
      "stop",
      "/start booking",
      "START",
      "/help",
      "/quit",
      "/start booking",
    );
    expect(code).toBe(0);
    expect(err.trim().split("\n")).toEqual([
      expect.stringMatching(/^sojournd: No number has written yet\. .*\/start.*@1/),
      expect.stringMatching(/^sojournd: What follows "@" is no number of the pool\. Write @1 to @5/),
      expect.stringMatching(/^sojournd: What follows "@" is no number of the pool/),
      expect.stringMatching(/^sojournd: There is no such command/),
      "sojournd: There is no dialogue of that name. There are booking, survey, code.",
      expect.stringMatching(/^sojournd: What follows the name of the dialogue is no JSON\. .*\/start booking \{"slot":/),
      expect.stringMatching(/^sojournd: \/later needs a time, such as 30s/),
      "sojournd: The text needs more than 255 parts, and no handset sends it. Shorten it.",
      "sojournd: It did not begin: the handset has said STOP. START takes that back.",
    ]);
    expect(err).not.toContain("409999999");
    expect(texts(out)).toEqual([expect.stringContaining("Will you come?"), expect.stringContaining("no more messages"), "Welcome back."]);
    expect(out).toContain("/later 3d ");
  });
});

describe("a file of the user's", () => {
  function written(text: string): string {
    const file = join(tempFolder(), "order.mjs");
    writeFileSync(file, text);
    return file;
  }

  test("dialogues, keywords, exhausted and replies are heeded; a fault in a function is told with its place", async () => {
    const file = written(`import { dialogue } from ${JSON.stringify(gateway)};
const order = dialogue("order", async (talk, { words = [] }) => {
  const size = await talk.menu("Which size?", { s: "Small", l: "Large" });
  if (size === "l") throw new RangeError("none left");
  await talk.say("x".repeat(40_000));
  return words;
});
export const dialogues = [order];
export const keywords = { ORDER: "order" };
export const exhausted = "refuse";
export const replies = { help: "Write ORDER." };
`);
    const { code, out, err } = await simulated(
      ["--memory", "--numbers", "1", file],
      "@1 help",
      "order brown  bread",
      "/start order",
      "small",
      "/start order",
      "large",
    );
    expect(code).toBe(0);
    expect(texts(out)).toEqual(["Write ORDER.", "Which size?\n1 Small\n2 Large", "Which size?\n1 Small\n2 Large"]);
    expect(out).toContain('order is over: done, ["brown","bread"]\n');
    expect(out).toContain("order is over: failed\n");
    expect(err.trim().split("\n")).toEqual([
      expect.stringMatching(/^sojournd: It did not begin: every number of the pool has a dialogue/),
      "sojournd: The text needs more than 255 parts, and no network takes it. Shorten it.",
      expect.stringMatching(/^sojournd: RangeError: none left \(file:.*order\.mjs:4:\d+\)$/),
    ]);
  });

  test.each([
    ["export const dialogues = 3;", /^sojournd: dialogues of .*order\.mjs is no list of dialogues\. Write: export const dialogues = .*\n$/],
    ["let x = 1;\nexport const = 3;", /^sojournd: .*order\.mjs cannot be loaded: SyntaxError: .*order\.mjs:2\)\n$/],
    ["\n  throw new TypeError('no luck')", /^sojournd: .*order\.mjs cannot be loaded: TypeError: no luck \(file:.*order\.mjs:2:9\)\n$/],
    ['import "./missing.mjs"', /^sojournd: .*order\.mjs cannot be loaded: Error: .*missing\.mjs.*\n$/],
  ])("%s", async (text, message) => {
    expect(await simulated(["--memory", written(text)], "/list")).toEqual({ code: 1, out: "", err: expect.stringMatching(message) as string });
  });
});

test.each([
  [["--numbers", "0"], 1, /--numbers is "0"\. Give how many numbers the pool has, 1 to 20/],
  [["--memory", "--data", "x"], 2, /'--memory' cannot be used with option '--data/],
  [["--data", "/dev/null/x"], 1, /data folder .* cannot be .*--data or SOJOURN_DATA/],
])("%j does not start", async (args, expected, message) => {
  expect(await simulated(args)).toEqual({ code: expected, out: "", err: expect.stringMatching(message) as string });
});

test("its page of help has every command, the file's exports, and where things are kept", async () => {
  const { code, out } = await run(["sms", "simulate", "--help"]);
  expect(code).toBe(0);
  for (const word of [
    "/start",
    "/list",
    "/later",
    "/quit",
    "@2 ",
    "dialogues",
    "keywords",
    "exhausted",
    "replies",
    "--data",
    "--memory",
    "Exit codes: 0",
    "kill -9",
  ]) {
    expect(out).toContain(word);
  }
  const [, pasted = ""] = /^ {2}(printf .*)$/m.exec(out) ?? [];
  const program = new URL("../../bin/sojournd.js", import.meta.url).pathname;
  const { stdout } = spawnSync("bash", ["-c", pasted.replace("sojournd", `${process.execPath} ${program}`)], { encoding: "utf8", timeout: 20_000 });
  expect(stdout).toMatch(/Please answer[^]*See you then[^]*booking is over: done/);
});

describe("on a data folder", () => {
  test("kill -9 and a start again: the dialogues, the clock and who wrote last are as they were", { timeout: 60_000 }, async () => {
    const data = join(tempFolder(), "data");
    const first = simulator(["--data", data]);
    first.type("/start survey", '/start booking {"slot":"Friday 8:00"}', "/later 1d");
    await first.until(/Please answer/);
    await first.until(/1 d ahead/);
    first.type("@4 5");
    await first.until(/the room/);
    // The line before is done with.
    first.type("/list");
    await first.until(/survey, until/);
    first.child.kill("SIGKILL");
    expect(await first.ended).toBe("SIGKILL");
    expect(statSync(join(data, "sms-simulation.json")).mode & 0o777).toBe(0o600);
    expect(readFileSync(join(data, "sms-simulation.json"), "utf8")).not.toContain("401234567");

    const second = simulator(["--data", data]);
    await second.until(/The clock is 1 d ahead[^]*Open, from before:\n.*survey, until .*\n.*booking, until .*\n/);
    second.type("4");
    await second.until(/breakfast/);
    second.type("@5 1");
    await second.until(/See you then[^]*booking is over: done, \{"slot":"Friday 8:00","comes":true\}/);
    second.type("/list");
    await second.until(/survey, until/);
    second.child.kill("SIGKILL");
    await second.ended;

    const third = await simulated(["--data", data], "@4 3", "/list");
    expect(third).toMatchObject({ code: 0, err: "" });
    expect(third.out).toMatch(/survey is over: done, \{"grades":\[5,4,3\]\}\nNo dialogue is open\.\n$/);
    expect(third.out.match(/^\d{4}-.*part/gm)).toHaveLength(1);
  });

  test("killed with -9 in the middle of an answer: what was left behind comes after half a minute, and nothing is lost", { timeout: 60_000 }, async () => {
    const data = join(tempFolder(), "data");
    let running = simulator(["--data", data]);
    running.type("/start survey");
    for (const [question, answer] of [
      [/the welcome/, "5"],
      [/the room/, "4"],
      [/breakfast/, "3"],
    ] as const) {
      await running.until(question);
      running.child.kill("SIGKILL");
      await running.ended;
      running = simulator(["--data", data]);
      running.type("/later 1m", answer, "/later 1m");
    }
    await running.until(/Thank you: 4\.0 on average\.[^]*survey is over: done, \{"grades":\[5,4,3\]\}/);
  });

  test("what else is kept there is left alone, however far time goes", { timeout: 60_000 }, async () => {
    const data = join(tempFolder(), "data");
    const store = openStore(data);
    const others = createSessions<{ cart: string }>({ store, kind: "sms", idle: "30m" });
    const woken = await others.create({ subject: "ada", data: { cart: "tea" }, wakeAt: Date.now() + 600_000 });
    const idle = await others.create({ subject: "ada" });
    await store.close();
    expect((await run(["keys", "new", "--data", data])).code).toBe(0);

    const { out, err } = await simulated(["--data", data], "/start booking", "/later 2d", "/later 399d", "/list");
    expect([err, /booking is over: timeout/.test(out)]).toEqual(["", true]);
    expect(texts(out)).toHaveLength(2);

    const again = openStore(data);
    const seen = createSessions<{ cart: string }>({ store: again, kind: "sms", idle: "30m" });
    try {
      for (const { id } of [woken, idle]) {
        const info = await seen.info({ id: id as string });
        expect([info?.subject, info?.ended]).toEqual(["ada", undefined]);
      }
      const reached = await seen.reach({ id: woken.id as string });
      expect([reached?.get("cart"), reached?.wakesAt]).toEqual(["tea", woken.wakesAt]);
      expect((await again.load(woken.id!))?.wake).toBe(woken.wakesAt);
      const subjects = [];
      for await (const { subject } of seen.list({ kind: "sms" })) subjects.push(subject);
      expect(subjects).toEqual(["ada", "ada"]);
    } finally {
      await again.close();
    }
    expect((await run(["keys", "list", "--data", data])).out).toMatch(/^\S{26} /);
    expect(await run(["scrub", "--data", data])).toMatchObject({ code: 0 });
  });

  test("a file of the clock's that is damaged is named, with the fix", async () => {
    const data = tempFolder();
    for (const text of ["{", "{}", '{"ahead":-1}', '{"ahead":"1"}', "null", "[".repeat(100_000)]) {
      writeFileSync(join(data, "sms-simulation.json"), text);
      const { code, err } = await simulated(["--data", data]);
      expect([code, err]).toEqual([1, expect.stringMatching(/^sojournd: .*sms-simulation\.json is not what a simulation writes\. Delete it.*\n$/)]);
    }
  });
});

test.each(["SIGINT", "SIGTERM"] as const)("%s ends it with 0, with nothing on standard error", async (signal) => {
  const running = simulator(["--memory"]);
  running.type("/start booking");
  await running.until(/2 No/);
  running.child.kill(signal);
  expect([await running.ended, running.err()]).toEqual([0, ""]);
});

test("the end of the input ends it with 0, also when nothing was typed", async () => {
  expect(await simulated(["--memory"])).toMatchObject({ code: 0, err: "" });
});

const missing = spawnSync("script", ["--version"], { encoding: "utf8" }).stdout?.includes("util-linux") ? undefined : "needs script of util-linux";

describe.skipIf(missing !== undefined)(`in a terminal${missing === undefined ? "" : ` (${missing})`}`, () => {
  /** util-linux's, which gives a program a terminal. */
  const script = ["script", "-qec"];

  test.each([
    ["Ctrl+C", "\u0003"],
    ["Ctrl+D", "\u0004"],
    ["/quit", "/quit\r"],
  ])("the prompt names the number that a line goes to; %s ends it with 0", async (_what, end) => {
    const terminal = simulator(["--memory"], script);
    await terminal.until(/> /);
    terminal.child.stdin.write("/start booking\r");
    await terminal.until(/2 No\r\n[^]*@4> /);
    terminal.child.stdin.write("1\r");
    await terminal.until(/See you then[^]*booking is over: done[^]*@4> /);
    terminal.child.stdin.write(end);
    expect(await terminal.ended).toBe(0);
  });

  test("a message that comes while somebody types does not break into their line", async () => {
    const file = join(tempFolder(), "soon.mjs");
    const body = 'export const dialogues = [dialogue("soon", async (talk) => { await talk.sleep("1s"); return talk.ask("Ready?"); })];';
    writeFileSync(file, `import { dialogue } from ${JSON.stringify(gateway)};\n${body}\n`);
    const terminal = simulator(["--memory", "--numbers", "1", file], script);
    await terminal.until(/> /);
    terminal.child.stdin.write("/start soon\r");
    await terminal.until(/\n[^]*> /);
    terminal.child.stdin.write("half a l");
    await terminal.until(/Ready\?\r\n[^]*@1> half a l/);
    terminal.child.stdin.write("ine\r");
    await terminal.until(/soon is over: done, "half a line"/);
    terminal.child.stdin.write("\u0003");
    expect(await terminal.ended).toBe(0);
  });
});
