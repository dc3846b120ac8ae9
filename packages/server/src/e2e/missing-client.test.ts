import { cpSync, existsSync, mkdirSync, readdirSync, symlinkSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { cleanUp } from "../clean-up.fixture.ts";
import { newKey } from "../keys.ts";
import { run } from "../sojournd.fixture.ts";
import { tempFolder } from "../temp-folder.fixture.ts";

afterEach(cleanUp);

const own = new URL("../../", import.meta.url).pathname;
const packages = /^(redis|pg|mysql2|@nats-io)$/;

/** Installs the server, in a folder, with all that it has here but those packages. */
function installedWithout(): string {
  const modules = join(tempFolder(), "node_modules");
  const place = join(modules, "@sojourn/server");
  for (const part of ["bin", "dist", "package.json"]) cpSync(join(own, part), join(place, part), { recursive: true });
  for (const from of [join(own, "node_modules"), join(own, "../../node_modules")]) {
    for (const name of namesIn(from)) {
      if (packages.test(name.split("/")[0] ?? "") || existsSync(join(modules, name))) continue;
      mkdirSync(dirname(join(modules, name)), { recursive: true });
      symlinkSync(join(from, name), join(modules, name));
    }
  }
  return join(place, "bin/sojournd.js");
}

/** Those in a folder, and in each scope there. */
function namesIn(from: string): readonly string[] {
  const read = (folder: string): readonly string[] => {
    try {
      return readdirSync(folder);
    } catch {
      return [];
    }
  };
  return read(from).flatMap((name) => (name.startsWith(".") ? [] : name.startsWith("@") ? read(join(from, name)).map((each) => `${name}/${each}`) : [name]));
}

test(
  "the client of an engine is asked for where the engine is, with the command that installs it; without it everything else works",
  { timeout: 60_000 },
  async () => {
    const bin = installedWithout();
    for (const [url, missing, command] of [
      ["redis://:s3cret@127.0.0.1:1", "redis", "npm install redis@6"],
      ["postgres://u:s3cret@127.0.0.1:1/d", "pg", "npm install pg@8"],
      ["mysql://u:s3cret@127.0.0.1:1/d", "mysql2", "npm install mysql2@3"],
      ["nats://s3cret@127.0.0.1:1", "@nats-io/transport-node", "npm install @nats-io/transport-node@3 @nats-io/jetstream@3"],
    ] as const) {
      const { code, out, err } = await run(["serve", "--port", "0"], { SOJOURN_STORE: url, SOJOURN_KEY: newKey() }, bin);
      expect(err).toMatch(/^sojournd: SOJOURN_STORE \(.*\) needs the package .*\n$/);
      expect(err).toContain(`needs the package ${missing}, which is not installed. Install it where sojournd is: ${command}\n`);
      expect(err).not.toContain("s3cret");
      expect([code, out]).toEqual([1, ""]);
    }
    expect(await run(["keys", "new"], { SOJOURN_STORE: `file:${tempFolder()}` }, bin)).toMatchObject({ code: 0, err: "" });
    expect(await run(["keys", "new", "--data", tempFolder()], {}, bin)).toMatchObject({ code: 0, err: "" });
  },
);
