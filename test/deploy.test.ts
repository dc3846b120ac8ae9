import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { missing } from "@sojourn/peers/programs";
import { afterEach, describe, expect, test } from "vitest";
import { filesUnder, root } from "./tree.ts";

const undo: (() => unknown)[] = [];
afterEach(() => {
  for (const step of undo.splice(0)) step();
});

const text = (path: string): string => readFileSync(join(root, path), "utf8");
const lines = (path: string): readonly string[] =>
  text(path)
    .replaceAll(/\\\n\s*/g, " ")
    .split("\n")
    .filter((line) => line.trim() !== "" && !line.startsWith("#"));
const manifest = JSON.parse(text("package.json")) as { readonly scripts: Readonly<Record<string, string>>; readonly engines: { readonly node: string } };

function scratch(): string {
  const folder = mkdtempSync(join(tmpdir(), "sojourn-deploy-"));
  undo.push(() => rmSync(folder, { recursive: true }));
  return folder;
}

describe("deploy/Dockerfile", () => {
  const dockerfile = lines("deploy/Dockerfile");
  const copied = dockerfile.filter((line) => line.startsWith("COPY ") && !line.includes("--from")).flatMap((line) => line.split(/\s+/).slice(1, -1));

  test("copies what is there, and its ignore file lets it through", () => {
    expect(copied).toContain("packages");
    const allowed = lines("deploy/Dockerfile.dockerignore")
      .filter((line) => line.startsWith("!"))
      .map((line) => line.slice(1));
    for (const path of copied) expect([path, existsSync(join(root, path)), allowed.includes(path)]).toEqual([path, true, true]);
    expect(allowed.toSorted()).toEqual(copied.toSorted());
  });

  test("runs scripts that package.json has; what they need is among what is copied", () => {
    const scripts = dockerfile.flatMap((line) => /^RUN npm run (\S+)/.exec(line)?.[1] ?? []);
    expect(scripts).toEqual(["build"]);
    for (const script of scripts) expect(manifest.scripts).toHaveProperty(script);
    // Build files at the root that others extend or refer to.
    const references = (JSON.parse(text("tsconfig.json")) as { references: readonly { path: string }[] }).references.map(({ path }) => path);
    for (const path of references)
      expect(
        copied.some((each) => path.startsWith(`${each}/`) || path === each),
        path,
      ).toBe(true);
    const extended = filesUnder("packages")
      .filter((path) => /(^|\/)tsconfig[^/]*\.json$/.test(path))
      .flatMap((path) => /"extends": "(?:\.\.\/)+([^"./][^"]*)"/.exec(text(path))?.[1] ?? []);
    for (const path of new Set(extended)) expect(copied).toContain(path);
  });

  test("starts the program, as a user without rights, where its folder is; its healthcheck is a route", () => {
    const [, program = ""] = /^ENTRYPOINT \["node", "\/opt\/sojourn\/([^"]+)"\]$/m.exec(text("deploy/Dockerfile")) ?? [];
    expect(existsSync(join(root, program))).toBe(true);
    expect(dockerfile.indexOf("USER node")).toBeGreaterThan(dockerfile.findLastIndex((line) => line.startsWith("FROM ")));
    expect(dockerfile.indexOf("USER node")).toBeLessThan(dockerfile.findIndex((line) => line.startsWith("ENTRYPOINT ")));
    const [, script = ""] = /CMD \["node", "-e", "(.+)"\]$/m.exec(text("deploy/Dockerfile")) ?? [];
    expect(script).toContain("http://127.0.0.1:7300/healthz");
    expect(spawnSync(process.execPath, ["-e", script.replace(":7300", ":1")]).status).toBe(1);
    const answering = `const s = require("http").createServer((q, r) => r.end()).listen(0, "127.0.0.1", () => eval(${JSON.stringify(script)}.replace("7300", s.address().port)))`;
    expect(spawnSync(process.execPath, ["-e", answering], { timeout: 10_000 }).status).toBe(0);
    const [, line = "0"] = /^ARG NODE=(\d+)/m.exec(text("deploy/Dockerfile")) ?? [];
    expect(Number(line)).toBeGreaterThanOrEqual(Number(/\d+/.exec(manifest.engines.node)?.[0]));
  });
});

describe("settings", () => {
  const sojournd = join(root, "packages/server/bin/sojournd.js");
  const checked = (args: readonly string[], environment: Readonly<Record<string, string>> = {}): { readonly status: number | null; readonly out: string } => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [sojournd, "config", "check", ...args], {
      encoding: "utf8",
      cwd: scratch(),
      env: { PATH: process.env["PATH"] ?? "", ...environment },
    });
    return { status, out: stdout + stderr };
  };

  test("sojournd takes deploy/sojournd.json", () => {
    const { status, out } = checked(["--config", join(root, "deploy/sojournd.json")]);
    expect(status, out).toBe(0);
  });

  test("and the environment of deploy/Dockerfile with that of deploy/compose.yaml", () => {
    const image = [...text("deploy/Dockerfile").matchAll(/\b(SOJOURN_\w+)=(\S+)/g)].map(([, name = "", value = ""]) => [name, value] as const);
    const composed = [...text("deploy/compose.yaml").matchAll(/^ +(SOJOURN_\w+): "?([^"\n]+)"?$/gm)].map(([, name = "", value = ""]) => [name, value] as const);
    expect([image.length, composed.length]).toEqual([2, 2]);
    const secret = /# (SOJOURN_STORE)=(\S+)/.exec(text("deploy/compose.yaml"));
    const { status, out } = checked([], Object.fromEntries([...image, ...composed, [secret?.[1], secret?.[2]]]) as Record<string, string>);
    expect(status, out).toBe(0);
    expect(out).toMatch(/^store +redis:\/\/.*valkey:6379.*SOJOURN_STORE$/m);
    expect(out).not.toContain("PASSWORD");
  });
});

test("deploy/compose.yaml names files that are there, or that docs/deployment.md has made", () => {
  const page = text("docs/deployment.md");
  const mounted = [...text("deploy/compose.yaml").matchAll(/^ +(?:- |env_file: )\.\/([^:\s]+)/gm)].map(([, path = ""]) => path);
  expect(mounted.length).toBeGreaterThan(3);
  for (const path of mounted) expect(path.startsWith("run/") ? page.includes(`deploy/${path}`) : existsSync(join(root, "deploy", path)), path).toBe(true);
  expect(existsSync(join(root, "deploy", /dockerfile: (\S+)/.exec(text("deploy/compose.yaml"))?.[1]?.replace("deploy/", "") ?? ""))).toBe(true);
});

describe("deploy/sojournd.service", () => {
  const lacks = missing("systemd", "systemd-analyze");

  test("is taken by systemd, and leaves the server little to do harm with", ({ skip }) => {
    skip(lacks !== undefined, lacks);
    const unit = text("deploy/sojournd.service");
    const [, program = ""] = /\/opt\/sojourn\/(\S+)/.exec(unit) ?? [];
    expect(existsSync(join(root, program))).toBe(true);
    const file = join(scratch(), "sojournd.service");
    writeFileSync(file, unit.replaceAll("/opt/sojourn/", root).replaceAll("/usr/bin/node", process.execPath));
    const analyze = (...args: readonly string[]): { readonly status: number | null; readonly out: string } => {
      const { status, stdout, stderr } = spawnSync("systemd-analyze", [...args, file], { encoding: "utf8", timeout: 20_000 });
      return { status, out: stdout + stderr };
    };
    expect(analyze("verify", "--man=no")).toEqual({ status: 0, out: "" });
    // 0 is nothing, 10 is everything. A unit without any of it has 9.6.
    const { status, out } = analyze("security", "--offline=true", "--threshold=20");
    expect(status, out).toBe(0);
  });
});
