#!/usr/bin/env node
// Node opens the files of all modules of one depth at once. The largest family comes first and alone, so that a server which may hold few files open starts.
await import("zod");
await import("../dist/cli.js");
