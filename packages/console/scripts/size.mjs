// Says in one line what a browser loads, compressed; above the bound file by file, and fails.
import { readdirSync, readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

const bound = 120_000;
const folder = new URL("../dist/", import.meta.url);
const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) => /\.(js|css)$/.test(name));
const sizes = files.map((name) => ({ name, bytes: gzipSync(readFileSync(new URL(name, folder)), { level: 9 }).length }));
const total = sizes.reduce((sum, { bytes }) => sum + bytes, 0);
const fits = files.length > 0 && total <= bound;
if (!fits) for (const { name, bytes } of sizes) process.stdout.write(`${String(bytes).padStart(8)} ${name}\n`);
process.stdout.write(`The console is ${total.toLocaleString("en-US")} bytes (gzip); it may have ${bound.toLocaleString("en-US")}.\n`);
if (!fits) process.exitCode = 1;
