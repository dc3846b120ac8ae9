import { codeOf, StartFailure } from "../start-failure.ts";
import type { NetworkAddress } from "./network-address.ts";

/**
 * The client of an engine, which is installed only where it is used.
 * @param packages what the engine needs, as npm takes it, such as `redis@6`.
 * @throws {StartFailure} with the command that installs them
 */
export async function clientPackage<T>(address: NetworkAddress, packages: readonly string[], load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (error) {
    const names = packages.map((each) => each.replace(/(?<=.)@.*$/, ""));
    const missing = codeOf(error) === "ERR_MODULE_NOT_FOUND" ? names.find((name) => (error as Error).message.includes(`'${name}'`)) : undefined;
    if (missing === undefined) throw error;
    throw new StartFailure(
      `${address.setting} (${address.shown}) needs the package ${missing}, which is not installed. Install it where sojournd is: npm install ${packages.join(" ")}`,
      { cause: error },
    );
  }
}
