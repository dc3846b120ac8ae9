import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import { ask, cookieOf, startApps, type Apps } from "./apps.ts";

const libraries = "/usr/lib";
/** Puts itself between a process and the kernel's clock, and can be told another time while the process runs. */
const library = existsSync(libraries)
  ? readdirSync(libraries)
      .map((folder) => join(libraries, folder, "faketime/libfaketime.so.1"))
      .find(existsSync)
  : undefined;

let apps: Apps;
let folder: string;
let said: string;

function set(offset: string): void {
  writeFileSync(join(folder, "offset"), `${offset}\n`);
}

beforeEach(async ({ skip }) => {
  if (library === undefined) return skip("faketime is not installed");
  folder = mkdtempSync(join(tmpdir(), "sojourn-clock-"));
  set("+0");
  apps = await startApps(
    "lmdb",
    1,
    { run: true, sweep: 20, idle: "30m", absolute: "12h" },
    { LD_PRELOAD: library, FAKETIME_TIMESTAMP_FILE: join(folder, "offset"), FAKETIME_NO_CACHE: "1", FAKETIME_DONT_FAKE_MONOTONIC: "1" },
  );
  said = "";
  apps.processes[0]?.stdout?.on("data", (data: Uint8Array) => (said += String(data)));
});
afterEach(async () => {
  await apps.stop();
  rmSync(folder, { recursive: true });
});

test.each(["+1d", "-1h", "+400d", "-40d"])(
  "the clock of a running server is set by %s: nobody is logged out, log-ins and logouts go on, and it is told",
  async (offset) => {
    const port = apps.ports[0]!;
    const before = cookieOf(await ask(port, "/login?subject=ana"))!;
    set(offset);
    // Many sweeps.
    await sleep(300);
    expect((await ask(port, "/read", before)).body).toMatchObject({ subject: "ana" });
    const during = cookieOf(await ask(port, "/login?subject=ben"))!;
    expect((await ask(port, "/add?name=n", during)).body).toEqual({ value: 1 });
    await ask(port, "/logout", during);
    expect((await ask(port, "/read", during)).body).not.toHaveProperty("subject");
    set("+0");
    await sleep(300);
    expect((await ask(port, "/read", before)).body).toMatchObject({ subject: "ana" });
    await expect.poll(() => said.match(/"state":"\w+"/g)).toEqual(['"state":"held"', '"state":"over"']);
  },
);
