import type { Answer } from "@sojourn/client";
import type { Command } from "commander";
import { onTerminal, printed, styled } from "./output.ts";
import { jsonText, plain } from "./plain.ts";
import { asking, remoteCommand, type RemoteFlags } from "./remote.ts";
import { sessionId } from "./session-id.ts";
import { endingText, type SessionInfo } from "./session-rows.ts";
import { facts } from "./table.ts";
import { iso, relative, withIso } from "./times.ts";

interface Flags extends RemoteFlags {
  readonly reveal?: boolean;
}

/** `sojournd sessions show`. */
export function showSessionCommand(): Command {
  return remoteCommand("show <id>", "tells what is known of a session, for a day also of one that has ended")
    .option("--reveal", "what a live session holds, too; for operators, and the server's log has a line of it")
    .action(show);
}

async function show(given: string, flags: Flags): Promise<void> {
  const id = sessionId(given);
  await asking(flags, async (client) => {
    const session = await client.showSession({ id });
    const revealed = flags.reveal === true ? await client.revealSession({ id }) : undefined;
    if (flags.json === true) {
      printed(jsonText({ ...withIso(session), ...(revealed && { ...revealed, ...(revealed.journal && { journal: revealed.journal.map(withIso) }) }) }));
      return;
    }
    outside(session);
    if (revealed !== undefined) inside(revealed);
  });
}

function outside(session: SessionInfo): void {
  const { id, kind, subject, version, created, seen, expiresAt, authenticatedAt, methods, address, agent, ended } = session;
  facts([
    ["id", plain(id)],
    ["kind", plain(kind)],
    ["subject", subject && plain(subject)],
    ["version", String(version)],
    ["created", whenText(created)],
    ["seen", whenText(seen)],
    ["expires", ended === undefined ? whenText(expiresAt) : undefined],
    ["ended", ended && `${whenText(ended.at)}: ${plain(endingText(ended))}`],
    ["authenticated", authenticatedAt === undefined ? undefined : whenText(authenticatedAt)],
    ["methods", methods.length === 0 ? undefined : plain(methods.join(", "))],
    ["address", address && plain(address)],
    ["agent", agent && plain(agent)],
  ]);
}

function inside({ data, journal = [] }: Answer<"revealSession">): void {
  const fields = Object.entries(data);
  printed("");
  if (fields.length === 0) printed(styled("dim", "It holds nothing."));
  else facts(fields.map(([name, value]) => [plain(name), jsonText(value)]));
  if (journal.length > 0) printed("");
  for (const { at, from, text } of journal)
    printed(`${at === undefined ? "" : `${iso(at)}  `}${from === "person" ? "<" : ">"} ${text === undefined ? "(its text is not kept)" : plain(text)}`);
}

function whenText(at: number): string {
  return onTerminal ? `${iso(at)} (${relative(at)})` : iso(at);
}
