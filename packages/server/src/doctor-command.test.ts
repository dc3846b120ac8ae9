import { chmodSync, existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { cleanUp } from "./clean-up.fixture.ts";
import type { Finding } from "./doctor/rule.ts";
import { testServer } from "./server.fixture.ts";
import { run, sojournd } from "./sojournd.fixture.ts";
import { tempFolder } from "./temp-folder.fixture.ts";

afterEach(cleanUp);

function findingsOf(out: string): readonly Finding[] {
  return (JSON.parse(out) as { findings: readonly Finding[] }).findings;
}
const verdictOf = (findings: readonly Finding[], id: string): string | undefined => findings.find((finding) => finding.id === id)?.verdict;

describe("sojournd doctor", () => {
  test("judges the settings as serve would take them, makes nothing, and ends with 0 on the default ones", async () => {
    const data = join(tempFolder(), "data");
    const { code, out, err } = await run(["doctor", "--data", data]);
    expect([code, err]).toEqual([0, ""]);
    expect(out).toMatch(/^Tokens$/m);
    expect(out).toMatch(/^ {2}met {6}ASVS 7\.3\.1$/m);
    expect(out).toMatch(/\n\d+ requirements: \d+ met, 0 not met, \d+ yours to decide\.\n$/);
    expect(existsSync(data)).toBe(false);
  });

  test("ends with 1 when something is not met, which stands there with its fix; as JSON too", async () => {
    const data = tempFolder();
    await run(["keys", "new", "--data", data]);
    chmodSync(data, 0o755);
    writeFileSync(join(data, "application-key"), "sjk_x");
    const config = join(tempFolder(), "sojournd.json");
    writeFileSync(config, JSON.stringify({ data, sessions: { absolute: "400d" } }));
    const told = await run(["doctor", "--config", config]);
    expect(told.code).toBe(1);
    expect(told.out).toMatch(/^ {2}NOT MET {2}Data folder\n.*\n.*has the mode 0755: others can get in\.\n +Fix: chmod 700 /m);
    const { code, out } = await run(["doctor", "--json"], { SOJOURN_CONFIG: config });
    expect(code).toBe(1);
    const findings = findingsOf(out);
    expect(findings.filter(({ verdict }) => verdict === "not met").map(({ id }) => id)).toEqual([
      "ASVS 7.3.2",
      "NIST 63B AAL1 overall",
      "NIST 63B AAL2 overall",
      "Development mode",
      "Data folder",
    ]);
    expect(findings.find(({ id }) => id === "ASVS 11.1.1")?.why).toMatch(/^None of 1 is older/);
  });

  test("tells of a store that is away beside all else, and shows no password", async () => {
    const { code, out } = await run(["doctor", "--json", "--data", tempFolder()], { SOJOURN_STORE: "redis://:hunter2@127.0.0.1:1" });
    expect(code).toBe(1);
    expect([verdictOf(findingsOf(out), "Store reached"), verdictOf(findingsOf(out), "ASVS 7.2.3")]).toEqual(["not met", "met"]);
    expect(out).not.toContain("hunter2");
  });

  test("asks a server that runs, with a key that may", async () => {
    const data = tempFolder();
    const auditor = (await run(["keys", "new", "--role", "auditor", "--data", data])).out.trim();
    const app = (await run(["keys", "new", "--data", data])).out.trim();
    const server = sojournd(["serve", "--port", "0", "--data", data], { SOJOURN_SESSIONS_IDLE: "61d", SOJOURN_SESSIONS_ABSOLUTE: "70d" });
    const [address] = await server.until(/http:\/\/127\.0\.0\.1:(\d+)/);
    const asked = await run(["doctor", "--json", "--address", address], { SOJOURN_KEY: auditor });
    expect([asked.code, verdictOf(findingsOf(asked.out), "ASVS 7.3.1"), verdictOf(findingsOf(asked.out), "ASVS 7.3.2")]).toEqual([1, "not met", "met"]);
    expect(await run(["doctor", "--address", address], { SOJOURN_KEY: app })).toMatchObject({
      code: 3,
      out: "",
      err: expect.stringContaining("role app") as string,
    });
  });
});

describe("GET /v1/doctor", () => {
  test("judges the server as it runs, by the keys of the tenant that asks", async () => {
    const server = await testServer();
    const admin = "sjk_admin";
    await server.keys.add(admin, { name: "a", role: "admin" });
    await server.keys.add("sjk_other", { name: "b", role: "auditor", tenant: "two" });
    const ask = async (key: string): Promise<readonly Finding[]> => {
      const { status, text } = await server.call("GET", "/v1/doctor", { headers: { Authorization: `Bearer ${key}` } });
      expect(status).toBe(200);
      return findingsOf(text);
    };
    const findings = await ask(admin);
    expect(findings.filter(({ verdict }) => verdict === "not met")).toEqual([]);
    expect(verdictOf(findings, "Store reached")).toBe("met");
    expect(verdictOf(findings, "Store watched")).toBe("met");
    expect(findings.find(({ id }) => id === "ASVS 11.1.1")?.why).toMatch(/^None of 1 is older/);
    expect((await ask("sjk_other")).find(({ id }) => id === "ASVS 11.1.1")?.why).toMatch(/^None of 1 is older/);
  });
});
