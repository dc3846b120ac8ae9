import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import fc from "fast-check";
import { keyList, keyring, newKey } from "sojourn/sealed";
import { afterEach, describe, expect, test } from "vitest";
import { cleanUp } from "./clean-up.fixture.ts";
import { listSealingKeys, retireCommand, rotateCommand } from "./sealing-keys-command.ts";
import { sealingKeysIn } from "./sealing-keys.ts";
import { run } from "./sojournd.fixture.ts";
import { StartFailure } from "./start-failure.ts";
import { tempFolder } from "./temp-folder.fixture.ts";

afterEach(cleanUp);

const keyLine = /^[\w-]{43}$/;
const matching = (pattern: RegExp): string => expect.stringMatching(pattern) as string;

function written(text: string | Uint8Array, mode = 0o600): string {
  const path = join(tempFolder(), "keys");
  writeFileSync(path, text, { mode });
  chmodSync(path, mode);
  return path;
}

function keysOf(path: string): string[] {
  return keyList(readFileSync(path, "utf8"));
}

async function idsOf(keys: readonly string[]): Promise<string[]> {
  return [...(await keyring(keys).ids)];
}

/** A key whose id begins with a hyphen: one of 64 does. */
async function withHyphen(): Promise<{ readonly key: string; readonly id: string }> {
  for (;;) {
    const key = newKey();
    const [id = ""] = await idsOf([key]);
    if (id.startsWith("-")) return { key, id };
  }
}

describe("sojournd keys", () => {
  test("new --sealing prints one key and nothing else, and keeps it nowhere", async () => {
    const data = join(tempFolder(), "data");
    const one = await run(["keys", "new", "--sealing"], { SOJOURN_DATA: data });
    const two = await run(["keys", "new", "--sealing"], { SOJOURN_DATA: data });
    for (const { code, out, err } of [one, two]) expect([code, out, err]).toEqual([0, matching(/^[\w-]{43}\n$/), ""]);
    expect(one.out).not.toBe(two.out);
    expect(() => keyring(keyList(`${one.out},${two.out}`))).not.toThrow();
    expect(statSync(data, { throwIfNoEntry: false })).toBeUndefined();
  });

  test("a file's life: made for its owner, added to, rotated, listed, and a key taken out", async () => {
    const folder = tempFolder();
    const path = join(folder, "keys");
    const file = ["--file", path];
    const made = await run(["keys", "new", ...file]);
    expect(made).toEqual({ code: 0, out: matching(/^\S{22} is in \S+, and seals\.\n$/), err: "" });
    const [first = ""] = keysOf(path);
    expect(readFileSync(path, "utf8")).toMatch(/^# 20\d\d-\d\d-\d\dT[\d:.]+Z\n[\w-]{43}\n$/);

    const added = await run(["keys", "new", ...file]);
    expect(added).toMatchObject({ code: 0, out: matching(/^\S{22} is in .*, and opens\. To have it seal: sojournd keys rotate \S{22} --file \S+\n$/) });
    expect(keysOf(path)).toEqual([first, matching(keyLine)]);
    const [, second = ""] = keysOf(path);

    const rotated = await run(["keys", "rotate", ...file]);
    expect(rotated).toEqual({ code: 0, out: matching(/^\S{22} seals, for whoever reads .* from now on\.\n$/), err: "" });
    const [third = ""] = keysOf(path);
    expect(keysOf(path)).toEqual([third, first, second]);
    const ids = await idsOf([third, first, second]);

    expect(await run(["keys", "rotate", ids[2] as string, ...file])).toMatchObject({ code: 0, err: "" });
    expect(keysOf(path)).toEqual([second, third, first]);
    const listed = await run(["keys", "list", ...file]);
    expect(listed.out.trimEnd().split("\n")).toEqual([
      matching(new RegExp(`^${ids[2]} {2}seals {2}20\\S+Z$`)),
      matching(new RegExp(`^${ids[0]} {2}opens {2}20\\S+Z$`)),
      matching(new RegExp(`^${ids[1]} {2}opens {2}20\\S+Z$`)),
    ]);

    const asked = await run(["keys", "retire", ids[1] as string, ...file]);
    expect(asked).toEqual({ code: 1, out: "", err: matching(/^sojournd: \S+ is still there\. Without it, sealed sessions .* are over.* --yes\.\n$/) });
    const sealing = await run(["keys", "retire", ids[2] as string, ...file]);
    expect(sealing.err).toContain(`It is the one that seals; ${ids[0]} would. `);
    expect(keysOf(path)).toEqual([second, third, first]);
    expect(await run(["keys", "retire", ids[1] as string, ...file, "--yes"])).toMatchObject({ code: 0, err: "" });
    expect(await run(["keys", "retire", ids[2] as string, "--yes", ...file])).toMatchObject({ code: 0, err: "" });
    expect(keysOf(path)).toEqual([third]);
    const last = await run(["keys", "retire", ids[0] as string, ...file, "--yes"]);
    expect(last).toEqual({ code: 1, out: "", err: matching(/is the only key in .*\. Put a new one first: sojournd keys rotate --file \S+\n$/) });
    expect([keysOf(path), statSync(path).mode & 0o777, readdirSync(folder)]).toEqual([[third], 0o600, ["keys"]]);

    for (const { out, err } of [made, added, rotated, listed, asked, sealing, last])
      for (const key of [first, second, third]) expect(out + err).not.toContain(key);
  });

  test("an id that begins with a hyphen is an id", async () => {
    const { key, id } = await withHyphen();
    const path = written(`${newKey()}\n${key}\n`);
    expect(await run(["keys", "rotate", id, "--file", path])).toMatchObject({ code: 0, out: matching(new RegExp(`^${id} seals`)) });
    expect(keysOf(path)[0]).toBe(key);
    expect(await run(["keys", "retire", "--file", path, "--yes", id])).toMatchObject({ code: 0 });
    expect(keysOf(path)).not.toContain(key);
  });

  test("what others wrote into the file stays: comments, blank lines, and lines with CR LF become plain ones", async () => {
    const [one, two] = [newKey(), newKey()];
    const path = written(`# of the shop\r\n\r\n# 2026-11-22T20:00:00.000Z\r\n${one}\r\n# older\r\n  ${two}  \r\n`);
    const [id = "", other = ""] = await idsOf([one, two]);
    expect((await run(["keys", "list", "--file", path])).out).toBe(`${id}  seals  2026-11-22T20:00:00.000Z\n${other}  opens  -\n`);
    expect(await run(["keys", "retire", id, "--yes", "--file", path])).toMatchObject({ code: 0 });
    expect(readFileSync(path, "utf8")).toBe(`# of the shop\n\n# older\n  ${two}  \n`);
  });

  test("ten at once: each key gets in, none gets lost", async () => {
    const path = join(tempFolder(), "keys");
    await run(["keys", "new", "--file", path]);
    const [first] = keysOf(path);
    const done = await Promise.all(Array.from({ length: 10 }, (_, i) => run(["keys", i % 2 === 0 ? "rotate" : "new", "--file", path])));
    expect(done.map(({ code, err }) => [code, err])).toEqual(done.map(() => [0, ""]));
    const keys = keysOf(path);
    expect([keys.length, keys.indexOf(first as string), (await idsOf(keys)).toSorted()]).toEqual([
      11,
      5,
      (await run(["keys", "list", "--file", path])).out.match(/^\S+/gm)?.toSorted(),
    ]);
    expect(statSync(path).mode & 0o777).toBe(0o600);
  }, 60_000);

  test("a link stays one: what it leads to is changed", async () => {
    const path = written(`${newKey()}\n`);
    const link = join(tempFolder(), "link");
    symlinkSync(path, link);
    expect(await run(["keys", "rotate", "--file", link])).toMatchObject({ code: 0 });
    expect([keysOf(path).length, keysOf(link).length, readFileSync(link, "utf8")]).toEqual([2, 2, readFileSync(path, "utf8")]);
  });

  describe("refuse, in one line that names the fix and no key, and change nothing:", () => {
    const key = newKey();
    const other = newKey();
    const faults: Readonly<Record<string, readonly [make: () => string, says: RegExp]>> = {
      "a file that others can read": [() => written(`${key}\n`, 0o640), /can be read by others \(mode 0640\)\. Change that: chmod 600 \S+\n$/],
      "with a path that a shell would not take": [
        () => {
          const folder = join(tempFolder(), "it's");
          mkdirSync(folder);
          const path = join(folder, "keys");
          writeFileSync(path, `${key}\n`);
          chmodSync(path, 0o604);
          return path;
        },
        /chmod 600 '.*\/it'\\''s\/keys'\n$/,
      ],
      "one that is not there": [() => join(tempFolder(), "keys"), /There is no file .*\. To make it, with a key in it: sojournd keys new --file/],
      "one in a folder that is not there": [() => join(tempFolder(), "no", "keys"), /There is no file|cannot be written \(ENOENT\)\. Make its folder first\./],
      "a folder": [tempFolder, /is not a file\. Name a file of keys with --file\.|cannot be written/],
      "a device": [() => "/dev/zero", /is not a file\.|cannot be written/],
      "a pipe": [
        () => {
          const path = join(tempFolder(), "pipe");
          execFileSync("mkfifo", ["-m", "600", path]);
          return path;
        },
        /is not a file\./,
      ],
      "one that is empty": [() => written(""), /There is no key in/],
      "one of comments": [() => written("# nothing\n\n"), /There is no key in/],
      "one that is huge": [() => written("#\n".repeat(40_000)), /has 80000 bytes; a key file has 65536 at most/],
      "one that is no text": [() => written(new Uint8Array([0xff, 0xfe, 0x00, 0x80])), /is not a text/],
      "one of NULs": [() => written("\0".repeat(50)), /line 1 is a text that is not 43 characters long/],
      "two keys on one line": [() => written(`${other}\n${key},${newKey()}\n`), /line 2 is a text that is not 43 characters long/],
      "the same key twice": [() => written(`# a\n${key}\n${other}\n\n${key}\n`), /keys: line 5 is the same key as line 2\. A key is/],
      "a password": [() => written(`${other}\ncorrecthorsebatterystaplecorrecthorsebattes\n`), /line 2 looks like a password/],
      "a key with something behind it": [() => written(`${key} # mine\n`), /line 1 is a text that is not 43 characters long/],
    };
    test.each(Object.entries(faults))(
      "%s",
      async (_, [make, says]) => {
        const path = make();
        const read = (): string | undefined => (statSync(path, { throwIfNoEntry: false })?.isFile() === true ? readFileSync(path, "latin1") : undefined);
        const before = read();
        const commands: Readonly<Record<string, () => Promise<unknown>>> = {
          list: () => listSealingKeys(path),
          rotate: () => rotateCommand().parseAsync(["--file", path], { from: "user" }),
          retire: () => retireCommand().parseAsync(["x".repeat(22), "--yes", "--file", path], { from: "user" }),
        };
        for (const [command, act] of Object.entries(commands)) {
          const error: unknown = await act().catch((thrown: unknown) => thrown);
          expect(error, command).toBeInstanceOf(StartFailure);
          const text = `${(error as Error).message}\n`;
          expect(text, command).toMatch(says);
          expect(text.trimEnd()).not.toContain("\n");
          for (const secret of [key, other, "correcthorse"]) expect(text).not.toContain(secret);
        }
        expect(read()).toBe(before);
        if (before !== undefined) expect(readdirSync(join(path, ".."))).toEqual(["keys"]);
      },
      40_000,
    );

    test("as a line of the program", async () => {
      const path = written(`${key}\n`, 0o644);
      expect(await run(["keys", "list", "--file", path])).toEqual({
        code: 1,
        out: "",
        err: matching(/^sojournd: .* can be read by others .* chmod 600 .*\n$/),
      });
      expect(await run(["keys", "rotate", "--file", path])).toMatchObject({ code: 1, err: matching(/ chmod 600 /) });
      expect(keysOf(path)).toEqual([key]);
    });

    test("an id that is not there, no file, and what belongs to the keys of applications", async () => {
      const path = written(`${key}\n${other}\n`);
      const commands: readonly (readonly [readonly string[], RegExp])[] = [
        [["retire", "nobody", "--yes", "--file", path], /There is no key "nobody" in .*\. "sojournd keys list --file .*" shows their ids\./],
        [["rotate", "nobody", "--file", path], /There is no key "nobody"/],
        [["rotate"], /required option '--file <path>' not specified/],
        [["retire", "--file", path], /missing required argument 'id'/],
        [["new", "--file", path, "--data", "x"], /'--file <path>' cannot be used with option '--data <folder>'/],
        [["new", "--sealing", "--name", "x"], /'--sealing' cannot be used with option '--name <name>'/],
        [["list", "--file", path, "--data", "x"], /cannot be used with option '--data <folder>'/],
        [["rotate", "--file", path, "a", "b"], /too many arguments/],
        [["retire", "a", "--file", path, "--yse"], /too many arguments/],
      ];
      for (const [command, says] of commands) {
        const { code, out, err } = await run(["keys", ...command]);
        // What no file could make right is a wrong command line.
        expect([code, out, err], command.join(" ")).toEqual([command.includes("nobody") ? 1 : 2, "", matching(says)]);
      }
      expect(keysOf(path)).toEqual([key, other]);
    }, 40_000);

    test("a change that another command began and did not finish, after 5 seconds", async () => {
      const path = written(`${key}\n`);
      writeFileSync(`${path}.new`, "");
      utimesSync(`${path}.new`, 0, 0);
      const { code, err } = await run(["keys", "rotate", "--file", path]);
      expect([code, err]).toEqual([
        1,
        matching(/keys\.new is there: another command is changing .*, or was killed while it did\. If none is running, delete .*keys\.new/),
      ]);
      expect([keysOf(path), readFileSync(`${path}.new`, "utf8")]).toEqual([[key], ""]);
    });
  });
});

test("any text is a list of keys or one failure that names a line and nothing of what stands there", async () => {
  const key = newKey();
  const line = fc.oneof(
    fc.constantFrom(key, newKey(), "", "# note", "# 2026-11-22T20:00:00.000Z", ` ${newKey()}`, `${key}=`),
    fc.string({ unit: "binary", maxLength: 60 }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(line, { maxLength: 6 }), async (lines) => {
      const text = lines.join("\n");
      try {
        const { keys, without, withFirst } = await sealingKeysIn("keys", text);
        for (const { id } of keys) {
          expect((await sealingKeysIn("keys", without(id))).keys.map((left) => left.id)).toEqual(keys.map((all) => all.id).filter((all) => all !== id));
          expect((await sealingKeysIn("keys", withFirst(id))).keys.map((moved) => moved.id)).toEqual([
            id,
            ...keys.map((all) => all.id).filter((all) => all !== id),
          ]);
        }
      } catch (error) {
        expect(error).toBeInstanceOf(StartFailure);
        expect(String(error)).toMatch(/^StartFailure: keys: line \d+ (is|looks|was) [^\n]*$/);
        expect(String(error)).not.toContain(key);
      }
    }),
  );
});
