import type { ServeFlags } from "../config.ts";
import { StartFailure } from "../start-failure.ts";
import { readConfigFile } from "./read-config-file.ts";
import type { Setting } from "./settings.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

/** From where a value came. */
export type Origin = "flag" | "environment" | "file" | "default";

/** A value that somebody gave. */
export interface Given<T> {
  readonly value: T;
  readonly origin: Exclude<Origin, "default">;
  /** Such as `--port`, `SOJOURN_PORT`, or `port in /etc/sojournd.json`. */
  readonly where: string;
}

/** What was given of each setting. */
export interface Sources {
  /** The configuration file's absolute path. */
  readonly file: string | undefined;
  /** @throws {StartFailure} naming where the value stands and what it must be, not the value */
  of<T>(setting: Setting<T>): Given<T> | undefined;
}

/** Looks in options, the environment and the file, in this order; empty in the environment is not given. @throws {StartFailure} for a file that cannot be taken */
export function sourcesOf(flags: ServeFlags, environment: Environment): Sources {
  const named = flags.config ?? inEnvironment(environment, "SOJOURN_CONFIG");
  const file = named === undefined ? undefined : readConfigFile(named, flags.config === undefined ? "SOJOURN_CONFIG" : "--config");
  return {
    file: file?.path,
    of(setting) {
      const flag = setting.inFlags(flags);
      if (flag !== undefined) {
        const where = setting.option ?? setting.name;
        return { value: checked(setting, typeof flag === "string" ? setting.read(flag) : flag, where), origin: "flag", where };
      }
      const text = inEnvironment(environment, setting.variable);
      if (text !== undefined) return { value: checked(setting, setting.read(text), setting.variable), origin: "environment", where: setting.variable };
      const value = file === undefined ? undefined : setting.inFile(file.values);
      return value === undefined ? undefined : { value, origin: "file", where: `${setting.name} in ${file?.path}` };
    },
  };
}

/** A variable's text; `undefined` when it is empty. */
export function inEnvironment(environment: Environment, name: string): string | undefined {
  const value = environment[name];
  return value === "" ? undefined : value;
}

function checked<T>({ schema }: Setting<T>, value: unknown, where: string): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const at = (result.error.issues[0]?.path ?? []).map((part) => `[${String(part)}]`).join("");
  throw new StartFailure(`${where}${at} must be ${result.error.issues[0]?.message}.`);
}
