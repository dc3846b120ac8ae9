import { execFile } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { root } from "../tree.ts";

const run = promisify(execFile);

/** What can be imported of the package that is installed in this project, as specifiers. */
export function entriesIn(project: string): readonly string[] {
  const { exports } = JSON.parse(readFileSync(join(project, "node_modules/sojourn/package.json"), "utf8")) as {
    readonly exports: Readonly<Record<string, string>>;
  };
  return Object.keys(exports)
    .filter((entry) => entry !== "./package.json")
    .map((entry) => `sojourn${entry.slice(1)}`);
}

/**
 * What one program of Node gives for each entry, by `import` and by `require`: the names, in order. A module that says what `require` is to give
 * (an export by the name of "module.exports") gives that alone there.
 */
export async function namesGiven(node: string, project: string): Promise<{ readonly imported: Names; readonly required: Names }> {
  const entries = JSON.stringify(entriesIn(project));
  const names = `Object.keys(found).filter((name) => name !== "__esModule").sort()`;
  writeFileSync(
    join(project, "importing.mjs"),
    `const all = {}; for (const entry of ${entries}) { const found = await import(entry); all[entry] = ${names}; } console.log(JSON.stringify(all));`,
  );
  writeFileSync(
    join(project, "requiring.cjs"),
    `const all = {}; for (const entry of ${entries}) { const found = require(entry); all[entry] = typeof found === "function" ? ["module.exports"] : ${names}; } console.log(JSON.stringify(all));`,
  );
  const [imported, required] = await Promise.all(
    ["importing.mjs", "requiring.cjs"].map(async (file) => {
      const { stdout } = await run(node, ["--disable-warning=ExperimentalWarning", file], { cwd: project });
      return JSON.parse(stdout) as Names;
    }),
  );
  return { imported: imported ?? {}, required: required ?? {} };
}

type Names = Readonly<Record<string, readonly string[]>>;

/** A user's program, which is right but for what its comments expect. */
const usage = `
import { createSessions, type Session } from "sojourn";
import { cookie } from "sojourn/http";
import { fetchSessions } from "sojourn/http/fetch";
import { memoryStore } from "sojourn/stores/memory";

interface Data { n: number }
const web = fetchSessions(createSessions<Data>({ store: memoryStore(), idle: "30m" }), { carriers: [cookie()] });
export const handle: (request: Request) => Promise<Response> = web.handle(async (request) => {
  const session: Session<Data> = await web.session(request);
  const n: number | undefined = session.get("n");
  session.set("n", (n ?? 0) + 1);
  // @ts-expect-error -- n is a number
  session.set("n", "1");
  // @ts-expect-error -- there is no m
  session.get("m");
  return new Response(session.id);
});
// @ts-expect-error -- what the package does not export cannot be named
export type { Engine } from "sojourn/dist/core/engine.js";
`;

/** What the compiler says of a user's program that names these entries, with these settings beside strict ones; empty when all is well. */
export async function compiled(project: string, name: string, entries: readonly string[], settings: object): Promise<string> {
  const folder = join(project, name);
  mkdirSync(folder);
  const imports = entries.map(
    (entry, i) => `import * as entry${i} from ${JSON.stringify(entry)};\nexport const names${i}: readonly string[] = Object.keys(entry${i});`,
  );
  writeFileSync(join(folder, "user.ts"), [...imports, usage].join("\n"));
  const compilerOptions = {
    strict: true,
    exactOptionalPropertyTypes: true,
    verbatimModuleSyntax: true,
    noEmit: true,
    target: "ES2023",
    // The package's own declarations are what is tried.
    skipLibCheck: false,
    typeRoots: [join(root, "node_modules/@types")],
    ...settings,
  };
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions, files: ["user.ts"] }));
  return run(process.execPath, [join(root, "node_modules/typescript/bin/tsc"), "-p", folder]).then(
    ({ stdout }) => stdout,
    (error: unknown) => (error as { readonly stdout?: string }).stdout ?? String(error),
  );
}
