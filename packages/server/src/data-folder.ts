import { accessSync, constants, mkdirSync } from "node:fs";
import { codeOf, StartFailure } from "./start-failure.ts";

/** Makes a folder in which things are kept, for this user only. @param setting where it was named @throws {StartFailure} naming it and the fix */
export function makeDataFolder(folder: string, setting = "--data or SOJOURN_DATA"): void {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    accessSync(folder, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    throw new StartFailure(
      `The data folder ${folder} cannot be ${codeOf(error) === "EEXIST" ? "one: a file is in its place" : `written (${codeOf(error) ?? "unknown"})`}. Give this user a folder of its own with ${setting}.`,
      { cause: error },
    );
  }
}
