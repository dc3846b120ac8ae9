import { Command } from "commander";
import { confirmed } from "./confirm.ts";
import { jsonText, plain } from "./plain.ts";
import { asking, remoteCommand, type RemoteFlags } from "./remote.ts";

interface Flags extends RemoteFlags {
  readonly yes?: boolean;
}

/** `sojournd subjects end`. */
export function subjectsCommand(): Command {
  const end = remoteCommand(
    "end <subject>",
    "ends all sessions of a subject, a log-in under way too",
    "On a terminal it asks whether that is meant. A subject that begins with a hyphen comes after --: sojournd subjects end --yes -- -x",
  )
    .option("--yes", "asks nobody whether that is meant")
    .action(endSubject);
  return new Command("subjects").addCommand(end);
}

async function endSubject(subject: string, flags: Flags): Promise<void> {
  await asking(flags, async (client) => {
    if (flags.yes !== true) await confirmed(`This ends every session of ${plain(subject)}.`, "yes");
    const { ended } = await client.revokeSubject({ subject });
    console.log(flags.json === true ? jsonText({ subject, ended }) : `${ended} ${ended === 1 ? "session" : "sessions"} of ${plain(subject)} ended.`);
  });
}
