import { SojournProblem } from "@sojourn/client";
import type { Command } from "commander";
import { exitCodes } from "./exit-codes.ts";
import { jsonText } from "./plain.ts";
import { asking, remoteCommand, type RemoteFlags } from "./remote.ts";
import { sessionId } from "./session-id.ts";

/** `sojournd sessions end`. */
export function endSessionsCommand(): Command {
  return remoteCommand(
    "end <id...>",
    "ends sessions, one after the other",
    "What became of each is a line. One that has ended already is as good as missing; the others are ended all the same.",
  ).action(end);
}

async function end(given: readonly string[], flags: RemoteFlags): Promise<void> {
  // All are looked at before one is ended.
  const ids = [...new Set(given.map(sessionId))];
  await asking(flags, async (client) => {
    for (const id of ids) {
      let ended = true;
      try {
        await client.revokeSession({ id });
      } catch (error) {
        if (!(error instanceof SojournProblem && error.code === "session_missing")) throw error;
        ended = false;
        process.exitCode = exitCodes.failed;
      }
      // Not `printed`: whoever stops reading does not stop this.
      console.log(flags.json === true ? jsonText({ id, ended }) : `${id} ${ended ? "is ended." : "is missing, or had ended already."}`);
    }
  });
}
