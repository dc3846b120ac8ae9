import { lookup, promises, type LookupAddress } from "node:dns";
import { isIP, type LookupFunction } from "node:net";
import { Problem } from "../problem.ts";
import { isPublicAddress } from "./public-address.ts";

/** Where a webhook goes, judged as far as the URL tells. */
export interface Target {
  readonly url: URL;
  /** Whether the host was named in the settings: it may then be private, and be called by plain http. */
  readonly named: boolean;
}

/** A target that no webhook may have. */
export class RefusedTarget extends Error {
  override readonly name = "RefusedTarget";
}

const notPublic = "is not an address that the Internet reaches. Give a public one, or name the host in the server's webhookHosts.";

/**
 * The spelling of an address does not matter: a URL has one for each (WHATWG URL, host parsing).
 * @throws {RefusedTarget} when it is plain http, or an address that is not public, and the host is not one of those named
 */
export function targetOf(text: string, hosts: readonly string[]): Target {
  const url = new URL(text);
  if (hosts.some((host) => hostOf(host) === url.hostname)) return { url, named: true };
  if (url.protocol !== "https:") throw new RefusedTarget("It is plain http, which anybody on the way reads and changes. Use https.");
  const host = bare(url.hostname);
  if (isIP(host) !== 0 && !isPublicAddress(host)) throw new RefusedTarget(`The host ${notPublic}`);
  return { url, named: false };
}

/** The same when a webhook is made, and what the name resolves to at this moment; each connection looks again. @throws {Problem} 400 */
export async function checkTarget(text: string, hosts: readonly string[]): Promise<void> {
  try {
    const { url, named } = targetOf(text, hosts);
    if (!named && isIP(bare(url.hostname)) === 0) checkAddresses(await resolved(url.hostname));
  } catch (error) {
    if (error instanceof RefusedTarget) throw new Problem(400, "invalid_request", `url: ${error.message}`, { field: "url" });
    throw error;
  }
}

/** Resolves a name when a connection is made, so that no name leads elsewhere than it was judged (DNS rebinding). Fails with a {@link RefusedTarget}. */
export const publicLookup: LookupFunction = (host, options, callback) => {
  lookup(host, { ...options, all: true }, (error, addresses) => {
    if (error !== null) return callback(error, "");
    try {
      checkAddresses(addresses);
    } catch (refusal) {
      return callback(refusal as Error, "");
    }
    const [first] = addresses;
    if (options.all === true) callback(null, addresses);
    else callback(null, first?.address ?? "", first?.family);
  });
};

/** One private address among public ones is enough: which of them is taken is not for us to say. */
function checkAddresses(addresses: readonly LookupAddress[]): void {
  if (!addresses.every(({ address }) => isPublicAddress(address))) throw new RefusedTarget(`What the host's name resolves to ${notPublic}`);
}

/** What cannot be resolved now may be later. */
async function resolved(host: string): Promise<readonly LookupAddress[]> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<readonly LookupAddress[]>((resolve) => (timer = setTimeout(resolve, 2_000, [])));
  try {
    return await Promise.race([promises.lookup(host, { all: true }), late]);
  } catch {
    return [];
  } finally {
    clearTimeout(timer);
  }
}

/** As a URL has it. */
function hostOf(name: string): string | undefined {
  const text = `http://${isIP(name) === 6 ? `[${name}]` : name}`;
  return URL.canParse(text) ? new URL(text).hostname : undefined;
}

function bare(hostname: string): string {
  return hostname.startsWith("[") ? hostname.slice(1, -1) : hostname;
}
