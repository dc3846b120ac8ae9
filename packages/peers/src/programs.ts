import { accessSync, constants, existsSync, readdirSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { join } from "node:path";

/** Where Debian keeps PostgreSQL's programs, which are not on the PATH. */
const postgresFolders: readonly string[] = existsSync("/usr/lib/postgresql")
  ? readdirSync("/usr/lib/postgresql").map((version) => `/usr/lib/postgresql/${version}/bin`)
  : [];

/** The absolute path of a program of this machine, or `undefined` when it is not installed. */
export function findProgram(name: string): string | undefined {
  const folders = [...postgresFolders, ...(process.env["PATH"] ?? "").split(":"), "/usr/sbin", "/sbin"];
  return folders
    .map((folder) => join(folder, name))
    .find((path) => {
      try {
        accessSync(path, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

/** What stands against running these programs here, as the reason of a skip; `undefined` when all are there. */
export function missing(debian: string, ...names: readonly string[]): string | undefined {
  const absent = names.filter((name) => findProgram(name) === undefined);
  return absent.length === 0 ? undefined : `needs ${absent.join(", ")} (apt-get install ${debian})`;
}

/** A port of 127.0.0.1, up to `highest`, that nobody listens on at this moment. Another may take it before you do: start again then. */
export async function freePort(highest: number = 65_535): Promise<number> {
  for (;;) {
    const server = createServer().listen(0, "127.0.0.1");
    await new Promise((done) => server.once("listening", done));
    const { port } = server.address() as AddressInfo;
    await new Promise((done) => server.close(done));
    if (port <= highest) return port;
  }
}
