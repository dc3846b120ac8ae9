import { open } from "lmdb";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { bytesText } from "./bytes-text.ts";
import { cleanUp } from "./clean-up.fixture.ts";
import { gateOf } from "./gate.ts";
import { openStore } from "./open-store.ts";
import { progressLine } from "./progress.ts";
import { othersIn } from "./put-in-place.ts";
import { run } from "./sojournd.fixture.ts";
import { lmdbFolder } from "./store-command.ts";
import { storeAddress } from "./stores/store-address.ts";
import { tempFolder } from "./temp-folder.fixture.ts";

afterEach(cleanUp);

test(
  "scrub says 2 when something is wrong, 0 once it is put right, and names what only a person can deal with; a backup goes on and tells",
  { timeout: 60_000 },
  async () => {
    const data = tempFolder();
    await run(["keys", "new", "--data", data]);
    const root = open({ path: join(data, "sessions"), maxDbs: 5 });
    const index = root.openDB({ name: "sojourn.index", encoding: "binary" });
    const records = root.openDB({ name: "sojourn.records", encoding: "binary" });
    root.transactionSync(() => void index.put("aghost", Buffer.from("nobody")));
    expect(await run(["scrub", "--data", data])).toEqual({
      code: 2,
      err: "",
      out: "0 index entries were missing, 1 led to nothing, 0 counts were wrong: run it with --repair.\n1 records looked through: not all is well.\n",
    });
    expect(await run(["scrub", "--repair", "--data", data])).toMatchObject({
      code: 0,
      out: expect.stringMatching(/: 1 put right\.\n.* all was put right\.\n$/) as string,
    });
    expect(await run(["scrub", "--json", "--data", data])).toMatchObject({ code: 0, out: expect.stringMatching(/"dead":0/) as string });
    root.transactionSync(() => void records.put("0unreadable", Buffer.from("noise")));
    const named = expect.stringMatching(/Session 0unreadable cannot be read: .*newer release/) as string;
    expect(await run(["scrub", "--repair", "--data", data])).toMatchObject({ code: 2, out: named });
    expect(await run(["backup", join(tempFolder(), "b.mdb"), "--data", data])).toMatchObject({ code: 0, out: named });
    await root.close();
  },
);

test.each(["backup", "restore", "compact", "scrub"])("%s --help says what the exit codes mean", async (command) => {
  const { code, out } = await run([command, "--help"]);
  expect(code).toBe(0);
  expect(out).toMatch(/Exit codes: 0 .*1 failed/);
  expect(out).toContain("--data <folder>");
  expect(out).toContain("--json");
});

describe("who is in a data folder", () => {
  test("is counted from opening to closing, also when idle", async () => {
    const data = tempFolder();
    const gate = gateOf(data);
    expect(gate.others).toBe(0);
    const store = openStore(data);
    expect(gate.others).toBe(1);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(othersIn(data)).toBeGreaterThan(0);
    await store.close();
    expect(othersIn(data)).toBe(0);
    await gate.close();
  });
});

describe("progress", () => {
  function shown(quiet: boolean, isTTY: boolean): string {
    let text = "";
    let now = 0;
    const line = progressLine(quiet, { isTTY, write: (more) => (text += more) }, () => now);
    line.show("Copying bytes", 1_500, 3_000);
    now = 99;
    line.show("too soon", 1_501, 3_000);
    line.clear();
    return text;
  }

  test("is one line that changes, on a terminal only", () => {
    expect(shown(false, true)).toBe("\r\u001b[KCopying bytes 50 % (1,500 of 3,000)\r\u001b[K");
    expect([shown(true, true), shown(false, false)]).toEqual(["", ""]);
  });
});

test.each([
  [0, "0 B"],
  [999, "999 B"],
  [1_400, "1.4 kB"],
  [234_500_000, "235 MB"],
  [3e15, "3000 TB"],
])("%d bytes are %s", (bytes, text) => {
  expect(bytesText(bytes)).toBe(text);
});

test("what only LMDB knows works on an LMDB folder, and says of each other store what does it there", () => {
  expect(lmdbFolder(storeAddress("lmdb:/var/x", "--store"), "backup")).toBe("/var/x");
  for (const [url, way] of [
    ["redis://:s3cret@h", /RDB and AOF/],
    ["postgres://u:s3cret@h/d", /pg_dump/],
    ["mysql://u:s3cret@h/d", /mariadb-dump/],
    ["nats://s3cret@h", /nats stream backup/],
    ["file:x", /copied/],
    ["memory:", /gone/],
  ] as const) {
    const refused = (): string => lmdbFolder(storeAddress(url, "SOJOURN_STORE"), "compact");
    expect(refused).toThrow(way);
    expect(refused).toThrow(/^compact works on an LMDB data folder, and SOJOURN_STORE says .*--store lmdb:PATH\.$/);
    expect(refused).not.toThrow(/s3cret/);
  }
});
