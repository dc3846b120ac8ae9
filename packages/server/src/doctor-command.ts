import { existsSync } from "node:fs";
import { join } from "node:path";
import { Command } from "commander";
import { SojournError } from "sojourn";
import { asking } from "./commands/remote.ts";
import { jsonText, plain } from "./commands/plain.ts";
import { serveSettings, type ServeFlags, type ServeSettings } from "./config.ts";
import { examine } from "./doctor/examine.ts";
import type { Facts } from "./doctor/facts.ts";
import { gather } from "./doctor/gather.ts";
import { report } from "./doctor/report.ts";
import type { Finding } from "./doctor/rule.ts";
import { keysOf } from "./keys.ts";
import { sessionsFolder } from "./open-store.ts";
import { serveOptions } from "./serve-options.ts";
import { StartFailure } from "./start-failure.ts";
import { jsonOption } from "./store-command.ts";
import { storeInTime } from "./stores/in-time.ts";
import { openSetting } from "./stores/open-setting.ts";

interface Flags extends ServeFlags {
  readonly address?: string;
  readonly keyFile?: string;
  readonly data?: string;
  readonly json?: boolean;
}

/** `sojournd doctor`: judges the settings as `serve` would take them on this machine, or with `--address` a server that runs. */
export function doctorCommand(): Command {
  return serveOptions(new Command("doctor"))
    .option("--address <url>", "asks the server that runs there, instead of looking at the settings here")
    .option("--key-file <path>", "with --address: a file with a key of the role operator, auditor or admin (or the key in SOJOURN_KEY)")
    .option(...jsonOption)
    .addHelpText(
      "after",
      '\nExit codes: 0 nothing is "not met"; 1 something is, or it could not be found out; with --address also 2, 3 and 4, as the other commands that ask a server.',
    )
    .action(async (flags: Flags) => {
      const findings = flags.address === undefined ? await here(serveSettings(flags, process.env)) : await there(flags);
      const clean = findings.map((finding) => ({ ...finding, why: plain(finding.why), ...(finding.fix !== undefined && { fix: plain(finding.fix) }) }));
      console.log(flags.json === true ? jsonText({ findings }) : report(clean));
      process.exitCode = findings.some(({ verdict }) => verdict === "not met") ? 1 : 0;
    });
}

async function there({ address, keyFile, data, config: _config }: Flags): Promise<readonly Finding[]> {
  let found: readonly Finding[] = [];
  const remote = { ...(address !== undefined && { address }), ...(keyFile !== undefined && { keyFile }), ...(data !== undefined && { data }) };
  await asking(remote, async (client) => {
    found = (await client.doctor()).findings;
  });
  return found;
}

async function here(settings: ServeSettings): Promise<readonly Finding[]> {
  return examine(settings, await factsHere(settings));
}

/** To look must not make what is not there yet. */
function isThere({ store }: ServeSettings): boolean {
  if (store.engine === "lmdb") return existsSync(join(sessionsFolder(store.path), "data.mdb"));
  return store.engine === "file" ? existsSync(store.path) : store.engine !== "memory";
}

async function factsHere(settings: ServeSettings): Promise<Facts> {
  if (!isThere(settings)) return gather(settings, { store: undefined, reachable: true, keys: [] });
  try {
    const { store, close } = await openSetting(settings);
    try {
      const keys = await keysOf(storeInTime(store, 5_000)).list();
      return await gather(settings, { store, reachable: true, keys });
    } finally {
      await close();
    }
  } catch (error) {
    // It is told as a finding, beside all others.
    if (error instanceof StartFailure || error instanceof SojournError) return gather(settings, { store: undefined, reachable: false, keys: undefined });
    throw error;
  }
}
