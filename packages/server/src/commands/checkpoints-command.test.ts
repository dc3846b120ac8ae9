import { afterAll, beforeAll, expect, test } from "vitest";
import { cleanUp } from "../clean-up.fixture.ts";
import { commandLine, type CommandLine } from "./command-line.fixture.ts";

let line: CommandLine;
beforeAll(async () => {
  line = await commandLine();
});
afterAll(cleanUp);

test("a checkpoint is made, listed, compared, restored and dropped", { timeout: 60_000 }, async () => {
  const { id, token } = await line.server.begin({ subject: "ada", data: { cart: ["tea"], coupon: "MAY", same: 1 } });
  const checkpoints = (...args: readonly string[]): ReturnType<CommandLine["run"]> => line.run("checkpoints", ...args);

  expect(await checkpoints("create", id, "before lunch")).toMatchObject({
    code: 0,
    err: "",
    out: expect.stringMatching(/^before lunch is kept until \d{4}-.*Z: cart, coupon, same\.\n$/) as string,
  });
  await line.server.call("PATCH", "/v1/session", { token, body: { set: { cart: ["tea", "\u001b[2Jmilk"], note: "x" }, unset: ["coupon"] } });
  expect(await checkpoints("create", id, "before lunch")).toMatchObject({ code: 1, out: "", err: expect.stringMatching(/^sojournd: .+\n$/) as string });

  expect((await checkpoints("list", id)).out).toMatch(new RegExp(`^before lunch  \\S+Z  \\S+Z  ${id}  cart, coupon, same\n$`));
  const listed = JSON.parse((await checkpoints("list", id, "--json")).out) as Record<string, unknown>;
  expect(listed).toMatchObject({ name: "before lunch", session: id, fields: ["cart", "coupon", "same"], at: expect.stringMatching(/Z$/) as string });

  const lines = (out: string): readonly string[] => out.trim().split("\n").toSorted();
  expect(lines((await checkpoints("diff", id, "before lunch")).out)).toEqual(["+ coupon", "- note", "~ cart"]);
  const escaped = String.raw`["tea","\u001b[2Jmilk"]`;
  expect(lines((await checkpoints("diff", id, "before lunch", "--reveal")).out)).toEqual(['+ coupon  "MAY"', '- note  "x"', `~ cart  ${escaped} -> ["tea"]`]);
  const compared = JSON.parse((await checkpoints("diff", id, "before lunch", "--json")).out) as Record<string, unknown>;
  expect(compared["fields"]).toContainEqual({ name: "same", change: "same" });

  expect((await checkpoints("restore", id, "before lunch")).out).toMatch(new RegExp(`^${id} holds what before lunch does\\. It is at version \\d+ now\\.\n$`));
  expect((await line.server.call("GET", "/v1/session", { token })).body["data"]).toEqual({ cart: ["tea"], coupon: "MAY", same: 1 });
  expect(await checkpoints("diff", id, "before lunch")).toEqual({ code: 0, out: "", err: "" });

  expect((await checkpoints("drop", id, "before lunch", "--json")).out).toBe(`{"id":"${id}","name":"before lunch","dropped":true}\n`);
  for (const command of ["drop", "restore", "diff"])
    expect(await checkpoints(command, id, "before lunch")).toMatchObject({ code: 1, out: "", err: expect.stringMatching(/^sojournd: .+\n$/) as string });
  expect(await checkpoints("list", id)).toEqual({ code: 0, out: "", err: "" });
  expect((await checkpoints("list", "nobody")).code).toBe(1);
});
