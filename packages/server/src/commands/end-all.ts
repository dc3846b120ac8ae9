import type { Client } from "@sojourn/client";
import type { Command } from "commander";
import { progressLine } from "../progress.ts";
import { confirmed } from "./confirm.ts";
import { CommandFailure, exitCodes } from "./exit-codes.ts";
import { interruptible } from "./interrupt.ts";
import { jsonText, plain } from "./plain.ts";
import { asking, remoteCommand, type RemoteFlags } from "./remote.ts";
import { iso, momentOf, withIso } from "./times.ts";
import { untilLost } from "./until-lost.ts";

interface Flags extends RemoteFlags {
  readonly issuedBefore?: string;
  readonly yes?: boolean;
}

/** `sojournd sessions end-all`. */
export function endAllCommand(): Command {
  return remoteCommand(
    "end-all",
    "ends every session of the key's tenant that was issued before a moment",
    `Nobody is logged in any more from the first moment on. Then the sessions are ended one by one, which takes its time and which the server does by itself: ^C
stops the counting, and nothing else.`,
  )
    .option("--issued-before <time>", "a moment such as 2026-05-04T10:00:00Z, or how long ago, such as 2h (default now)")
    .option("--yes", "asks nobody whether that is meant")
    .action(endAll);
}

async function endAll(flags: Flags): Promise<void> {
  const issuedBefore = flags.issuedBefore === undefined ? undefined : momentOf(flags.issuedBefore, "--issued-before");
  await asking(flags, async (client) => {
    if (flags.yes !== true) {
      const { tenant } = await client.status({});
      const since = issuedBefore === undefined ? "" : ` that was issued before ${iso(issuedBefore)}`;
      await confirmed(`This ends every session of the tenant ${plain(tenant)}${since}, for everybody.`, plain(tenant));
    }
    await end(client, issuedBefore, flags.json === true);
  });
}

async function end(client: Client, issuedBefore: number | undefined, json: boolean): Promise<void> {
  const progress = progressLine(json);
  let floor: number | undefined;
  let ended = 0;
  let done = false;
  try {
    await interruptible(
      async (signal) => {
        for await (const message of untilLost(client.revokeEverything({ issuedBefore }, { signal }))) {
          if (json) console.log(jsonText(withIso(message)));
          if ("issuedBefore" in message) floor = message.issuedBefore;
          else ended = message.ended;
          done = "done" in message;
          progress.show("Ending sessions", ended, 0);
        }
      },
      () => {
        progress.clear();
        console.error(
          floor === undefined
            ? "It was interrupted before the server said that it has begun. Run it again to be sure."
            : `Nothing that was issued before ${iso(floor)} is good any more. The server goes on ending sessions one by one; ${ended} were ended so far.`,
        );
      },
    );
  } finally {
    progress.clear();
  }
  if (process.exitCode === exitCodes.interrupted) return;
  if (!done)
    throw new CommandFailure(
      floor === undefined
        ? "The server stopped answering before it said that it has begun. Run it again to be sure."
        : `The server stopped answering. Nothing that was issued before ${iso(floor)} is good any more; ${ended} sessions were ended one by one so far.`,
      exitCodes.unreached,
    );
  if (!json) console.log(`${ended} sessions were ended; nothing that was issued before ${iso(floor ?? Date.now())} is good any more.`);
}
