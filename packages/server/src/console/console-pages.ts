import { readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, extname, join } from "node:path";
import { gzipSync } from "node:zlib";
import type { Annex } from "../app.ts";
import { Problem } from "../problem.ts";

/** Where the console is. */
export const consolePath = "/console";

/**
 * What the console's pages may do (Content Security Policy Level 3): load what this server has, ask this server, and nothing else. No script and no style stands in a page,
 * and no text becomes markup.
 */
const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "font-src 'self'",
  "manifest-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join("; ");

const headers: Readonly<Record<string, string>> = {
  "Content-Security-Policy": policy,
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Resource-Policy": "same-origin",
  "Referrer-Policy": "no-referrer",
  "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
  "X-Frame-Options": "DENY",
};

const types: Readonly<Record<string, string>> = {
  ".css": "text/css; charset=utf-8",
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".json": "application/json",
  ".png": "image/png",
  ".svg": "image/svg+xml",
  ".webmanifest": "application/manifest+json",
  ".woff2": "font/woff2",
};

interface Kept {
  readonly type: string;
  readonly plain: Uint8Array<ArrayBuffer>;
  readonly gzip: Uint8Array<ArrayBuffer>;
  /** Its name has a digest of what is in it: it never changes. */
  readonly forever: boolean;
}

/**
 * The pages of the console, as they were built: a handful of small files, read and compressed at the first request. A path that is no file is a page of the application,
 * which finds its own way.
 */
export function consolePages(): Annex {
  let files: ReadonlyMap<string, Kept> | undefined;
  return {
    path: consolePath,
    fetch(request) {
      if (request.method !== "GET" && request.method !== "HEAD")
        throw new Problem(405, "method_not_allowed", `${request.method} is not something that the console's pages know. They know GET, HEAD.`, {
          headers: { Allow: "GET, HEAD" },
        });
      const { pathname } = new URL(request.url);
      if (pathname === consolePath) return new Response(null, { status: 308, headers: { Location: `${consolePath}/` } });
      files ??= readFiles(builtFolder());
      const name = pathname.slice(consolePath.length + 1);
      const file = files.get(name) ?? (name.startsWith("assets/") ? undefined : files.get("index.html"));
      if (file === undefined) throw new Problem(404, "not_found", "The console has no such file.");
      return answer(file, request);
    },
  };
}

function answer({ type, plain, gzip, forever }: Kept, request: Request): Response {
  const zipped = /\bgzip\b/.test(request.headers.get("accept-encoding") ?? "");
  const body = zipped ? gzip : plain;
  return new Response(request.method === "HEAD" ? null : body, {
    headers: {
      ...headers,
      "Content-Type": type,
      "Content-Length": String(body.length),
      "Cache-Control": forever ? "public, max-age=31536000, immutable" : "no-cache",
      Vary: "Accept-Encoding",
      ...(zipped && { "Content-Encoding": "gzip" }),
    },
  });
}

/** @throws {Problem} 503 where the console was not built */
function builtFolder(): string {
  const manifest = createRequire(import.meta.url).resolve("@sojourn/console/package.json");
  return join(dirname(manifest), "dist");
}

function readFiles(folder: string): ReadonlyMap<string, Kept> {
  const names = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) => Object.hasOwn(types, extname(name)));
  return new Map(
    names.map((name) => {
      const plain = Uint8Array.from(readFileSync(join(folder, name)));
      const type = types[extname(name)] as string;
      return [name.replaceAll("\\", "/"), { type, plain, gzip: Uint8Array.from(gzipSync(plain)), forever: name.startsWith("assets") }];
    }),
  );
}
