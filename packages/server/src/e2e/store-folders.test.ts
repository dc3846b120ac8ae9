import { existsSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { clientWith } from "../api-client.fixture.ts";
import { cleanUp } from "../clean-up.fixture.ts";
import { newKey } from "../keys.ts";
import { run } from "../sojournd.fixture.ts";
import { tempFolder } from "../temp-folder.fixture.ts";
import { checkShared, served } from "./shared-store.fixture.ts";

afterEach(cleanUp);

test.each(["lmdb", "file"])("%s: in a folder of its own, shared by two servers", { timeout: 60_000 }, async (scheme) => {
  const folder = join(tempFolder(), "place");
  await checkShared(`${scheme}:${folder}`, "no such secret");
  expect(existsSync(join(folder, "sessions"))).toBe(scheme === "lmdb");
});

test("lmdb: names the data folder: backup, compact and scrub find it there", { timeout: 60_000 }, async () => {
  const folder = tempFolder();
  const environment = { SOJOURN_STORE: `lmdb:${folder}` };
  await run(["keys", "new"], environment);
  const file = join(tempFolder(), "b.mdb");
  expect(await run(["backup", file], environment)).toMatchObject({ code: 0, err: "" });
  expect(await run(["scrub"], environment)).toMatchObject({ code: 0, err: "" });
  expect(await run(["keys", "list", "--data", folder])).toMatchObject({ code: 0, out: expect.stringContaining("application") as string });
  expect(existsSync(file)).toBe(true);
});

test("memory: keeps sessions for as long as the server runs, and no keys of its own", { timeout: 60_000 }, async () => {
  expect(await run(["keys", "new", "--store", "memory:"])).toMatchObject({
    code: 1,
    err: expect.stringMatching(/^sojournd: --store says memory:.*SOJOURN_KEY/) as string,
  });
  const key = newKey();
  const { call, begin } = clientWith(key);
  const first = await served("memory:", tempFolder(), { SOJOURN_KEY: key });
  const made = await begin(first.address, { data: { n: 1 } });
  expect((await call(first.address, "GET", "/v1/session", made.token)).status).toBe(200);
  first.server.child.kill("SIGTERM");
  expect(await first.server.ended).toBe(0);
  const second = await served("memory:", tempFolder(), { SOJOURN_KEY: key });
  expect((await call(second.address, "GET", "/v1/session", made.token)).status).toBe(401);
});

test("a folder that cannot be one is named with its setting", { timeout: 60_000 }, async () => {
  for (const scheme of ["lmdb", "file"]) {
    const { code, err } = await run(["serve"], { SOJOURN_STORE: `${scheme}:/proc/version/x`, SOJOURN_KEY: newKey() });
    expect([code, err.trim().split("\n").length]).toEqual([1, 1]);
    expect(err).toMatch(/\/proc\/version\/x cannot be .*SOJOURN_STORE\.$/m);
  }
});
