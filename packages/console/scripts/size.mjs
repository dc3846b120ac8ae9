// Prints what a browser loads, compressed, and fails above the bound.
import { readdirSync, readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

const bound = 120_000;
const folder = new URL("../dist/", import.meta.url);
const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) => /\.(js|css)$/.test(name));
const sizes = files.map((name) => ({ name, bytes: gzipSync(readFileSync(new URL(name, folder)), { level: 9 }).length }));
const total = sizes.reduce((sum, { bytes }) => sum + bytes, 0);
for (const { name, bytes } of sizes) process.stdout.write(`${String(bytes).padStart(8)} ${name}\n`);
process.stdout.write(`${String(total).padStart(8)} bytes gzip in all, of ${bound}\n`);
if (files.length === 0 || total > bound) process.exitCode = 1;
