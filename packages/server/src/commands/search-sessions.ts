import type { Client, Input } from "@sojourn/client";
import { Option, type Command } from "commander";
import { progressLine } from "../progress.ts";
import { CommandFailure, exitCodes } from "./exit-codes.ts";
import { interruptible } from "./interrupt.ts";
import { checkWhich } from "./list-sessions.ts";
import { printed } from "./output.ts";
import { jsonText, plain } from "./plain.ts";
import { asking, remoteCommand, type RemoteFlags } from "./remote.ts";
import { sessionColumns, sessionRow } from "./session-rows.ts";
import { table } from "./table.ts";
import { momentOf, withIso } from "./times.ts";
import { untilLost } from "./until-lost.ts";

interface Flags extends RemoteFlags {
  readonly subject?: string;
  readonly kind?: string;
  readonly deviceAddress?: string;
  readonly agent?: string;
  readonly createdAfter?: string;
  readonly createdBefore?: string;
  readonly live?: boolean;
  readonly ended?: boolean;
}

/** `sojournd sessions search`. */
export function searchSessionsCommand(): Command {
  return remoteCommand(
    "search",
    "searches the sessions of a subject or of a kind by what no index has",
    "The server reads them all and says how far it is; ^C stops it. What was found stands there as soon as it is found.",
  )
    .option("--subject <subject>", "whose")
    .option("--kind <kind>", 'of which kind, such as "web"')
    .option("--device-address <part>", "a part of the address of the client")
    .option("--agent <part>", "a part of the client's name, in whatever case")
    .option("--created-after <time>", "a moment such as 2026-05-04T10:00:00Z, or how long ago, such as 2h")
    .option("--created-before <time>", "the same")
    .addOption(new Option("--live", "only those that have not ended").conflicts("ended"))
    .option("--ended", "only those that have")
    .action(search);
}

async function search(flags: Flags): Promise<void> {
  checkWhich(flags);
  const { subject, kind, deviceAddress: address, agent, createdAfter, createdBefore } = flags;
  const wanted: Input<"searchSessions"> = {
    subject,
    kind,
    address,
    agent,
    createdAfter: createdAfter === undefined ? undefined : momentOf(createdAfter, "--created-after"),
    createdBefore: createdBefore === undefined ? undefined : momentOf(createdBefore, "--created-before"),
    live: flags.live === true ? "true" : flags.ended === true ? "false" : undefined,
  };
  await asking(flags, (client) => found(client, wanted, flags.json === true));
}

async function found(client: Client, wanted: Input<"searchSessions">, json: boolean): Promise<void> {
  const progress = progressLine(json);
  const rows = table([...sessionColumns, { name: "address" }, { name: "agent" }]);
  let looked = 0;
  let count = 0;
  let done = false;
  let more = false;
  const so = (): string => `${looked} were looked at, ${count} were found.`;
  try {
    await interruptible(
      async (signal) => {
        for await (const message of untilLost(client.searchSessions(wanted, { signal }))) {
          if ("session" in message) {
            count += 1;
            progress.clear();
            const { session } = message;
            if (json) printed(jsonText(withIso(session)));
            else rows.add([[...sessionRow(session), plain(session.address ?? "-"), plain(session.agent ?? "-")]]);
          } else {
            looked = message.looked;
            done = "done" in message;
            more = "more" in message;
            progress.show("Looking through sessions", looked, 0);
          }
        }
      },
      () => {
        progress.clear();
        console.error(`It was interrupted: ${so()}`);
      },
    );
  } finally {
    progress.clear();
  }
  if (process.exitCode === exitCodes.interrupted) return;
  if (!done) throw new CommandFailure(`The server stopped answering before it was through: ${so()}`, exitCodes.unreached);
  if (more) console.error(`${so()} There may be more: ask for something narrower.`);
  else if (!json) console.error(so());
}
