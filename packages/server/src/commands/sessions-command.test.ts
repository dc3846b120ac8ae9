import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { cleanUp } from "../clean-up.fixture.ts";
import { commandLine, type CommandLine } from "./command-line.fixture.ts";

let line: CommandLine;
beforeAll(async () => {
  line = await commandLine();
});
afterAll(cleanUp);

const instant = String.raw`\d{4}-\d\d-\d\dT[\d:.]{12}Z`;

function objects(out: string): readonly Record<string, unknown>[] {
  return out
    .trim()
    .split("\n")
    .map((text) => JSON.parse(text) as Record<string, unknown>);
}

describe("sessions list", () => {
  test("a subject's, as rows and as JSON lines, with moments that anybody can read", { timeout: 60_000 }, async () => {
    const made = await line.server.begin({ kind: "web", subject: "ada" });
    expect(await line.run("sessions", "list", "--subject", "ada")).toEqual({
      code: 0,
      err: "",
      out: expect.stringMatching(new RegExp(`^${made.id}  web  ada  (${instant}  ){2}${instant}\\n$`)) as string,
    });
    const { out } = await line.run("sessions", "list", "--subject", "ada", "--json");
    const told = (await line.server.call("GET", `/v1/sessions/${made.id}`)).body;
    const [row] = objects(out);
    expect(row).toMatchObject({ id: made.id, kind: "web", subject: "ada", version: 1 });
    expect(Date.parse(String(row?.["expiresAt"]))).toBe(told["expiresAt"]);
  });

  test("pages follow each other as long as somebody reads them", { timeout: 60_000 }, async () => {
    const ids = new Set<string>();
    for (let i = 0; i < 55; i++) for (const { id } of await Promise.all(Array.from({ length: 20 }, () => line.server.begin({ kind: "bulk" })))) ids.add(id);
    const all = await line.run("sessions", "list", "--kind", "bulk", "--all", "--json");
    expect(new Set(objects(all.out).map(({ id }) => id))).toEqual(ids);
    expect(all).toMatchObject({ code: 0, err: "" });
    const some = await line.run("sessions", "list", "--kind", "bulk");
    expect([some.out.trim().split("\n").length, some.err]).toEqual([100, "There may be more than these 100: say --all, or another --limit.\n"]);
    const few = await line.run("sessions", "list", "--kind", "bulk", "--limit", "1050", "--json");
    expect(objects(few.out)).toHaveLength(1_050);
    // More than a pipe holds: it is still writing when head has had enough.
    expect(await line.bash('sojournd sessions list --kind bulk --all | head -1 | wc -l; echo "$PIPESTATUS"')).toEqual({ code: 0, out: "1\n0\n", err: "" });
  });

  test("what a terminal could obey is shown and not obeyed, here and in errors", { timeout: 60_000 }, async () => {
    const subject = "\u001b[2Jx\rada\u202e\u009b";
    const made = await line.server.begin({ subject, data: { "\u001b]0;x\u0007": "\u001b[2J\u009b\u202e" } });
    const shown = String.raw`\x1b[2Jx\x0dada\u202e\x9b`;
    for (const args of [
      ["list", "--subject", subject],
      ["list", "--kind", "api"],
      ["show", made.id],
      ["show", made.id, "--reveal"],
    ]) {
      const { code, out, err } = await line.run("sessions", ...args);
      expect(code).toBe(0);
      expect(out + err).not.toMatch(/[^\n\x20-\x7e]/);
      expect(out, args.join(" ")).toContain(shown);
      if (args.includes("--reveal")) expect(out).toContain(String.raw`\x1b]0;x\x07  "\u001b[2J\u009b\u202e"`);
    }
    const json = await line.run("sessions", "list", "--subject", subject, "--json");
    expect(json.out).not.toMatch(/[^\n\x20-\x7e]/);
    expect(objects(json.out)).toMatchObject([{ subject }]);
    expect((await line.run("subjects", "end", subject, "--yes")).out).toBe(`1 session of ${shown} ended.\n`);
  });

  test("on a terminal it has a head and says how long ago; NO_COLOR takes the colours away", { timeout: 60_000 }, async ({ skip }) => {
    if ((await line.bash("type script")).code !== 0) return skip("There is no script (util-linux), which makes a terminal.");
    await line.server.begin({ kind: "tty", subject: "bob" });
    const { code, out } = await line.terminal(["sessions", "list", "--kind", "tty"]);
    expect(code).toBe(0);
    expect(out).toMatch(/^\u001b\[1mID +\u001b\[22m  \u001b\[1mKIND.*EXPIRES\u001b\[22m\r\n[0-9a-z]{26}  tty {3}\u001b\[1mbob {4}\u001b\[22m/);
    expect(out).toMatch(/(now|\d s ago) .*in (29|30) min\r\n/);
    const plain = await line.bash(`NO_COLOR=1 script -qec '"$NODE" "$BIN" sessions list --kind tty' /dev/null`);
    expect(plain.out).toMatch(/^ID +KIND/);
    expect(plain.out).not.toContain("\u001b");
  });
});

test("sessions show tells all that is known, and why one ended", { timeout: 60_000 }, async () => {
  const { id } = await line.server.begin({ kind: "web", subject: "eve" });
  const live = await line.run("sessions", "show", id);
  expect(live.out).toMatch(new RegExp(`^id +${id}\nkind +web\nsubject +eve\nversion +1\ncreated +${instant}\nseen +${instant}\nexpires +${instant}\n`));
  await line.run("sessions", "end", id);
  expect((await line.run("sessions", "show", id)).out).toMatch(new RegExp(`\nended +${instant}: revoked by desk\n`));
  const [json] = objects((await line.run("sessions", "show", id, "--json")).out);
  expect(json).toMatchObject({ id, ended: { reason: "revoked", at: expect.stringMatching(new RegExp(`^${instant}$`)) as string } });
});

test("sessions end reports each, and ends the others where one is missing", { timeout: 60_000 }, async () => {
  const [a, b] = [await line.server.begin(), await line.server.begin()];
  const { code, out } = await line.run("sessions", "end", a.id, "nobody", b.id);
  expect([code, out]).toEqual([1, `${a.id} is ended.\nnobody is missing, or had ended already.\n${b.id} is ended.\n`]);
  expect(objects((await line.run("sessions", "end", a.id, "--json")).out)).toEqual([{ id: a.id, ended: false }]);
  const { id } = await line.server.begin();
  expect(await line.run("sessions", "end", id, "--json")).toEqual({ code: 0, out: `{"id":"${id}","ended":true}\n`, err: "" });
  for (const ended of [a.id, b.id, id]) expect((await line.server.call("GET", `/v1/sessions/${ended}`)).body).toHaveProperty("ended.reason", "revoked");
});

test("subjects end asks on a terminal, and elsewhere wants --yes", { timeout: 60_000 }, async ({ skip }) => {
  const { id } = await line.server.begin({ subject: "mallory" });
  const live = async (): Promise<boolean> => (await line.server.call("GET", `/v1/sessions/${id}`)).body["ended"] === undefined;
  const unasked = await line.run("subjects", "end", "mallory");
  expect(unasked).toEqual({
    code: 2,
    out: "",
    err: "sojournd: This ends every session of mallory. Nobody can be asked here: if that is meant, say --yes.\n",
  });
  if ((await line.bash("type script")).code !== 0) return skip("There is no script (util-linux), which makes a terminal.");
  expect(await line.terminal(["subjects", "end", "mallory"], "no\r")).toMatchObject({ code: 1, out: expect.stringContaining("Nothing was ended.") as string });
  expect(await line.terminal(["subjects", "end", "mallory"], "\u0003")).toMatchObject({
    code: 130,
    out: expect.stringContaining("Nothing was ended.") as string,
  });
  expect(await line.terminal(["subjects", "end", "mallory"], "\u0004")).toMatchObject({
    code: 1,
    out: expect.stringContaining("Nothing was ended.") as string,
  });
  expect(await live()).toBe(true);
  expect(await line.terminal(["subjects", "end", "mallory"], "yes\r")).toMatchObject({
    code: 0,
    out: expect.stringContaining("1 session of mallory ended.") as string,
  });
  expect(await live()).toBe(false);
});
