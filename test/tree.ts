import { readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** The repository's folder, ending in a slash. */
export const root = fileURLToPath(new URL("..", import.meta.url));

/** As .gitignore has them: by name anywhere, or by path. */
const generated: ReadonlySet<string> = new Set([".git", ".next", "node_modules", "dist"]);
const generatedPaths: ReadonlySet<string> = new Set(["data", "coverage", ".doc-blocks"]);

/** Every file under a folder of the repository that is not generated, as sorted paths from the root. */
export function filesUnder(folder = ""): readonly string[] {
  return readdirSync(join(root, folder), { withFileTypes: true })
    .filter(({ name }) => !generated.has(name) && !generatedPaths.has(join(folder, name)))
    .flatMap((entry) => {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) return filesUnder(path);
      return entry.isFile() && !path.endsWith(".tsbuildinfo") ? [path] : [];
    })
    .toSorted();
}
