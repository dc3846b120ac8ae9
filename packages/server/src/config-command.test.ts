import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { cleanUp } from "./clean-up.fixture.ts";
import { run, sojournd } from "./sojournd.fixture.ts";
import { tempFolder } from "./temp-folder.fixture.ts";

afterEach(cleanUp);

describe("sojournd config", () => {
  test("check says what holds and from where, without a password; exit code 0", async () => {
    const folder = tempFolder();
    mkdirSync(join(folder, "etc"));
    const config = join(folder, "etc/sojournd.json");
    writeFileSync(config, JSON.stringify({ port: 7301, sessions: { idle: "15m" }, data: "../data" }));
    const environment = { SOJOURN_STORE: "redis://:hunter2@10.0.0.1", SOJOURN_KINDS: "web,sip" };
    const { code, out, err } = await run(["config", "check", "--config", config, "--port", "7302"], environment);
    expect([code, err]).toEqual([0, ""]);
    expect(out).toMatch(/^port +7302 +--port$/m);
    expect(out).toMatch(/^sessions\.idle +15 min +the file$/m);
    expect(out).toMatch(/^kinds +web, sip +SOJOURN_KINDS$/m);
    expect(out).toMatch(/^console +true +default$/m);
    expect(out).not.toContain("hunter2");
    const json = await run(["config", "check", "--json"], { ...environment, SOJOURN_CONFIG: config });
    expect(JSON.parse(json.out)).toMatchObject({
      ok: true,
      file: config,
      settings: expect.arrayContaining([{ name: "port", value: 7301, from: "file", where: `port in ${config}` }]) as unknown,
    });
    expect(json.out).not.toContain("hunter2");
  });

  test("check of what serve would not take is one line and exit code 1; serve says the same", async () => {
    const config = join(tempFolder(), "sojournd.json");
    writeFileSync(config, '{ "port": 7301,\n  "hots": "::1" }');
    const line = `${config}: hots is not a setting. Did you mean host?`;
    expect(await run(["config", "check", "--config", config])).toEqual({ code: 1, out: "", err: `sojournd: ${line}\n` });
    expect(await run(["serve", "--config", config])).toEqual({ code: 1, out: "", err: `sojournd: ${line}\n` });
    expect(await run(["config", "check", "--config", config, "--json"])).toEqual({ code: 1, out: `${JSON.stringify({ ok: false, error: line })}\n`, err: "" });
  });

  test("schema prints the schema", async () => {
    expect(JSON.parse((await run(["config", "schema"])).out)).toMatchObject({ title: "The configuration of sojournd", additionalProperties: false });
  });

  test("serve takes what a file says, and keys finds its store by the same file", async () => {
    const folder = tempFolder();
    const config = join(folder, "sojournd.json");
    writeFileSync(config, JSON.stringify({ port: 0, data: "data", sessions: { idle: "20m", absolute: "2h", perSubject: 1, whenFull: "refuse" } }));
    const key = (await run(["keys", "new"], { SOJOURN_CONFIG: config })).out.trim();
    const server = sojournd(["serve"], { SOJOURN_CONFIG: config });
    const [address] = await server.until(/http:\/\/127\.0\.0\.1:(\d+)/);
    const begin = (): Promise<Response> =>
      fetch(`${address}/v1/sessions`, {
        method: "POST",
        headers: { Authorization: `Bearer ${key}`, "Content-Type": "application/json" },
        body: '{"subject":"ada"}',
      });
    const first = (await (await begin()).json()) as { readonly created: number; readonly expiresAt: number };
    expect(first.expiresAt - first.created).toBe(20 * 60_000);
    expect((await begin()).status).toBe(429);
    expect(existsSync(join(folder, "data/sessions"))).toBe(true);
  });
});
