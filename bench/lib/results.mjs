import { existsSync, readFileSync, writeFileSync } from "node:fs";

const head = `# Results of the bench

Written by \`npm run bench -- <suite>\`; each suite has its section. How they are measured and how to read them: [README.md](README.md).
`;

/**
 * Puts a suite's section in place of its last one; the others stay as they are.
 * @param {URL} file
 * @param {string} suite
 * @param {string} section
 */
export function writeResults(file, suite, section) {
  const sections = sectionsOf(existsSync(file) ? readFileSync(file, "utf8") : "");
  sections.set(suite, section);
  const body = [...sections].map(([name, text]) => `<!-- suite ${name} -->\n${text.trim()}\n`);
  writeFileSync(file, [head, ...body].join("\n"));
}

/** @param {string} text */
function sectionsOf(text) {
  const [, ...parts] = text.split(/^<!-- suite (?=[a-z-]+ -->$)/m);
  return new Map(parts.map((part) => [part.slice(0, part.indexOf(" -->")), part.slice(part.indexOf("\n") + 1)]));
}
