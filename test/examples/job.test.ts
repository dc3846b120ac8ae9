import { describe, expect, test } from "vitest";
import { example, run, until } from "./running.ts";

describe("examples/job, beside examples/express", () => {
  const express = example("express", "express");
  const job = example("job", "lmdb");

  test("all sessions of a user end, those of others do not, and the script ends", { timeout: 30_000 }, async ({ skip }) => {
    skip(express.lacks !== false || job.lacks !== false, "needs the packages of examples/express and examples/job");
    const { out } = express.started(process.execPath, ["app.js"]);
    const [at] = await until(out, /^http:.*(?=\n)/m);
    const json = ["-H", "content-type: application/json"];
    const logIn = (user: string): string[] => [...json, "-d", JSON.stringify({ user, password: "correct horse battery staple" }), `${at}/login`];
    for (const [jar, user] of [
      ["laptop", "ada"],
      ["phone", "ada"],
      ["other", "bob"],
    ] as const)
      await express.curl(jar, ...logIn(user));
    const data = `${express.scratch()}/sessions`;
    const { stdout } = await run(process.execPath, ["end-sessions.js", "ada"], { cwd: job.folder, env: { ...process.env, DATA: data } });
    expect(stdout).toMatch(/^(?:\S{26} {2}127\.0\.0\.1 {2}curl\/.*\n){2}2 ended\n$/);
    const userOf = async (jar: string): Promise<unknown> => (JSON.parse(await express.curl(jar, `${at}/`)) as { user: unknown }).user;
    expect(await Promise.all(["laptop", "phone", "other"].map(userOf))).toEqual([null, null, "bob"]);
    await expect(run(process.execPath, ["end-sessions.js"], { cwd: job.folder })).rejects.toMatchObject({ code: 2 });
  });
});
