import { readFileSync } from "node:fs";
import { codeOf, StartFailure } from "../start-failure.ts";
import type { NetworkAddress } from "./network-address.ts";

/** What a client is told of TLS; `undefined` without it. Certificates are always checked. @throws {StartFailure} when the file of the authority cannot be read */
export function tlsOptions({ tls, parameters: { ca }, setting }: NetworkAddress): { readonly ca?: string } | undefined {
  if (!tls) return undefined;
  return ca === undefined ? {} : { ca: readNamed(ca, "ca", setting) };
}

/** The text of a file that a parameter of the address names. */
export function readNamed(path: string, parameter: string, setting: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw new StartFailure(`${setting} names with ${parameter} a file that cannot be read (${codeOf(error) ?? "unknown"}): ${path}. Correct the path.`, {
      cause: error,
    });
  }
}
