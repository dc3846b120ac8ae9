/** A fenced code block of a page. */
export interface Block {
  /** The line of its first line of code, from 1. */
  readonly line: number;
  readonly language: string;
  /** What follows the language: `file=sessions.ts`, `test=vitest`, `check=listens`, `new`, `run`. */
  readonly words: readonly string[];
  readonly code: string;
}

/** A file made of a page's blocks, each block at the line that it has on the page, so that an error's line is the page's. */
export interface Module {
  readonly name: string;
  readonly code: string;
  /** Why it is only type-checked; undefined when it is run. */
  readonly onlyChecked: string | undefined;
  /** The runner whose test it is. */
  readonly test: TestRunner | undefined;
  readonly blocks: number;
}

/** `node` is `node --test`. */
export type TestRunner = "vitest" | "node";

/** The blocks of a page; those inside an HTML comment too, which is where a page puts what its reader need not see. */
export function blocksOf(page: string): readonly Block[] {
  const blocks: Block[] = [];
  let open: { fence: string; indent: number; info: readonly string[]; line: number; code: string[] } | undefined;
  for (const [index, text] of page.split("\n").entries()) {
    const fence = /^(\s*)(`{3,}|~{3,})(.*)$/.exec(text);
    if (open === undefined) {
      if (fence !== null)
        open = { fence: fence[2] ?? "", indent: fence[1]?.length ?? 0, info: (fence[3] ?? "").trim().split(/\s+/), line: index + 2, code: [] };
    } else if (fence !== null && fence[3]?.trim() === "" && fence[2]?.startsWith(open.fence)) {
      const [language = "", ...words] = open.info;
      blocks.push({ line: open.line, language, words, code: open.code.join("\n") });
      open = undefined;
    } else open.code.push(text.slice(Math.min(open.indent, /^\s*/.exec(text)?.[0].length ?? 0)));
  }
  if (open !== undefined) throw new Error(`The code block before line ${open.line} is never closed.`);
  return blocks;
}

const reasons: ReadonlySet<string> = new Set(["listens", "browser", "database", "network"]);

/**
 * What a page's TypeScript and JavaScript makes: its blocks in order are one module, `new` begins another, and `file=NAME` goes to a file of that name
 * for the others to import. A module is run, unless one of its blocks says why it cannot: `check=listens` (it would not end), `check=browser`,
 * `check=database`, `check=network`. A named file is run by whoever imports it; with `test=vitest` or `test=node` by that runner, as a test.
 */
export function modulesOf(blocks: readonly Block[]): readonly Module[] {
  const modules = new Map<string, { lines: string[]; onlyChecked: string | undefined; test: TestRunner | undefined; blocks: number }>();
  let part = 1;
  for (const { language, words, code, line } of blocks) {
    if (!isCode(language)) continue;
    let file: string | undefined;
    let onlyChecked: string | undefined;
    let test: TestRunner | undefined;
    for (const word of words) {
      const [key = "", value = ""] = word.split("=");
      if (word === "new") part += 1;
      else if (key === "file" && /^[\w-]+(\.test)?\.(ts|js)$/.test(value)) file = value;
      else if (key === "test" && (value === "vitest" || value === "node")) test = value;
      else if (key === "check" && reasons.has(value)) onlyChecked = value;
      else throw new Error(`Line ${line - 1}: "${word}" is none of new, file=NAME.ts, test=vitest|node, check=${[...reasons].join("|")}.`);
    }
    if (test !== undefined && file?.includes(".test.") !== true) throw new Error(`Line ${line - 1}: the test of a runner needs a name: file=NAME.test.ts.`);
    const name = file ?? `part-${part}.${language}`;
    const module = modules.get(name) ?? { lines: [], onlyChecked: file === undefined || test !== undefined ? undefined : "imported", test, blocks: 0 };
    while (module.lines.length < line - 1) module.lines.push("");
    module.lines.push(...code.split("\n"));
    module.onlyChecked = onlyChecked ?? module.onlyChecked;
    module.blocks += 1;
    modules.set(name, module);
  }
  return [...modules].map(([name, { lines, ...rest }]) => ({ name, code: `${lines.join("\n")}\n`, ...rest }));
}

export function isCode(language: string): boolean {
  return language === "ts" || language === "js";
}

/** The shell commands of a block, one by one: in `console` the lines after `$ `, in `sh` all. Quoted text is left out of them. */
export function commandsOf({ language, code }: Block): readonly string[] {
  return scriptOf(language, code)
    .replaceAll(/'[^']*'|"(?:\\.|[^"\\])*"/g, "''")
    .replaceAll(/(^|\s)#.*$/gm, "")
    .split(/&&|\|\||[;|&\n]/)
    .map((command) => command.trim().replaceAll(/\s+/g, " "))
    .filter((command) => command !== "");
}

/** What the shell is given. */
export function scriptOf(language: string, code: string): string {
  const joined = code.replaceAll(/\\\n\s*/g, " ");
  if (language !== "console") return joined;
  return joined
    .split("\n")
    .flatMap((line) => (line.startsWith("$ ") ? [line.slice(2)] : []))
    .join("\n");
}
