import { readdirSync, readFileSync } from "node:fs";
import { defineConfig, type ViteUserConfig } from "vitest/config";

interface Manifest {
  readonly name: string;
  readonly exports?: Readonly<Record<string, string>>;
}

/** Every exports line of every package as an alias of its source, so that tests never meet a stale dist. */
function sources(): { find: RegExp; replacement: string }[] {
  const packages = new URL("packages/", import.meta.url);
  return readdirSync(packages).flatMap((folder) => {
    const root = new URL(`${folder}/`, packages);
    const { name, exports = {} } = JSON.parse(readFileSync(new URL("package.json", root), "utf8")) as Manifest;
    return Object.entries(exports).flatMap(([entry, file]) => {
      if (!file.startsWith("./dist/")) return [];
      const source = file.replace("./dist/", "src/").replace(/\.js$/, ".ts");
      return [{ find: exactly(entry === "." ? name : name + entry.slice(1)), replacement: new URL(source, root).pathname }];
    });
  });
}

function exactly(specifier: string): RegExp {
  return new RegExp(`^${specifier.replaceAll(/[.*+?^${}()|[\]\\/]/g, String.raw`\$&`)}$`);
}

/** The package's own doors to the platform, which here is Node. */
const doors = [
  { find: /^#platform$/, replacement: new URL("packages/sojourn/src/core/platform/node.ts", import.meta.url).pathname },
  { find: /^#sealing$/, replacement: new URL("packages/sojourn/src/sealed/platform/node.ts", import.meta.url).pathname },
];

/** What measures times has the machine to itself, once everything else has ended. */
const alone = "bench/bounds.test.ts";

const config: ViteUserConfig = defineConfig({
  resolve: { alias: [...sources(), ...doors] },
  test: {
    pool: "forks",
    maxWorkers: 2,
    testTimeout: 20_000,
    hookTimeout: 20_000,
    projects: [
      {
        extends: true,
        test: {
          name: "together",
          include: ["packages/**/src/**/*.test.ts", "test/**/*.test.ts", "bench/**/*.test.ts"],
          exclude: ["**/node_modules/**", "**/dist/**", alone],
        },
      },
      { extends: true, test: { name: "alone", include: [alone], maxWorkers: 1, sequence: { groupOrder: 1 } } },
    ],
  },
});

export default config;
