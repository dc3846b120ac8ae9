import type { Command } from "commander";
import { wrongUsage } from "./exit-codes.ts";
import { printed } from "./output.ts";
import { jsonText } from "./plain.ts";
import { asking, remoteCommand, type RemoteFlags } from "./remote.ts";
import { sessionColumns, sessionRow } from "./session-rows.ts";
import { table } from "./table.ts";
import { withIso } from "./times.ts";

interface Flags extends RemoteFlags {
  readonly subject?: string;
  readonly kind?: string;
  readonly limit?: string;
  readonly all?: boolean;
}

/** Sessions that the server is asked for at a time. */
const most = 1_000;

/** `sojournd sessions list`. */
export function listSessionsCommand(): Command {
  return remoteCommand("list", "lists a subject's live sessions, or all of a kind, ended ones too while they are kept")
    .option("--subject <subject>", "whose")
    .option("--kind <kind>", 'of which kind, such as "web"')
    .option("--limit <number>", "how many at most (default 100)")
    .option("--all", "as many as there are")
    .action(list);
}

async function list(flags: Flags): Promise<void> {
  checkWhich(flags);
  const limit = limitOf(flags);
  await asking(flags, async (client) => {
    const rows = table(sessionColumns);
    let left = limit;
    let after: string | undefined;
    do {
      const { sessions, next } = await client.listSessions({ subject: flags.subject, kind: flags.kind, after, limit: Math.min(left, most) });
      left -= sessions.length;
      after = next;
      if (flags.json === true) for (const session of sessions) printed(jsonText(withIso(session)));
      else rows.add(sessions.map(sessionRow));
    } while (after !== undefined && left > 0);
    if (after !== undefined) console.error(`There may be more than these ${limit}: say --all, or another --limit.`);
  });
}

/** @throws {CommandFailure} unless it is said which sessions are meant */
export function checkWhich({ subject, kind }: Flags): void {
  if (subject === undefined && kind === undefined) throw wrongUsage("Whose sessions, or which? Say --subject, --kind, or both.");
}

function limitOf({ limit, all }: Flags): number {
  if (limit === undefined) return all === true ? Infinity : 100;
  if (all === true) throw wrongUsage("--limit and --all cannot both be meant. Leave one out.");
  if (/^[1-9]\d{0,9}$/.test(limit)) return Number(limit);
  throw wrongUsage(`--limit is ${JSON.stringify(limit)}. Give a whole number from 1, or say --all.`);
}
