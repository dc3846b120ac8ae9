import { describe, expect, test } from "vitest";
import { example, run, until } from "./running.ts";

describe("examples/hono", () => {
  const hono = example("hono", "hono");

  test("a program logs in, writes, rotates its token and logs out; a wrong token is nobody's", { timeout: 30_000 }, async ({ skip }) => {
    skip(hono.lacks !== false, String(hono.lacks));
    const { child, out } = hono.started(process.execPath, ["app.js"]);
    let [at] = await until(out, /^http:.*(?=\n)/m);
    const call = async (
      token: string | undefined,
      path: string,
      body?: object,
    ): Promise<{ status: number; challenge: string; answer: Record<string, unknown> }> => {
      const args = body === undefined ? [] : ["-d", JSON.stringify(body)];
      if (token !== undefined) args.push("-H", `Authorization: Bearer ${token}`);
      const { stdout } = await run("curl", ["-sS", "-w", "\n%{http_code} %header{www-authenticate} %header{set-cookie}", ...args, `${at}${path}`]);
      const [answer = "", rest = ""] = stdout.split("\n");
      return { status: Number(rest.slice(0, 3)), challenge: rest.slice(4).trim(), answer: JSON.parse(answer) as Record<string, unknown> };
    };
    expect(await call(undefined, "/login", { user: "ada", password: "wrong" })).toMatchObject({ status: 403 });
    const { token, expiresAt } = (await call(undefined, "/login", { user: "ada", password: "correct horse battery staple" })).answer;
    expect([String(token).length, Number(expiresAt) > Date.now()]).toEqual([59, true]);
    expect(await call(undefined, "/notes")).toMatchObject({ status: 401, challenge: 'Bearer realm="notes"' });
    await Promise.all(["a", "b", "c"].map((note) => call(String(token), "/notes", { note })));
    expect(((await call(String(token), "/notes")).answer["notes"] as string[]).toSorted()).toEqual(["a", "b", "c"]);
    await hono.kill(child);
    [at] = await until(hono.started(process.execPath, ["app.js"]).out, /^http:.*(?=\n)/m);
    const { token: next } = (await call(String(token), "/rotate", {})).answer;
    expect(next).not.toBe(token);
    expect(await call(String(next), "/notes")).toMatchObject({ status: 200, challenge: "" });
    expect(await call(String(next), "/logout", {})).toMatchObject({ status: 200 });
    for (const ended of [token, next, `${String(next).slice(0, -1)}_`]) expect(await call(String(ended), "/notes")).toMatchObject({ status: 401 });
  });
});
