import type { Answer, Client } from "@sojourn/client";
import { Command } from "commander";
import { printed, styled, type Style } from "./output.ts";
import { jsonText, plain } from "./plain.ts";
import { asking, remoteCommand, type RemoteFlags } from "./remote.ts";
import { sessionId } from "./session-id.ts";
import { momentText } from "./session-rows.ts";
import { table } from "./table.ts";
import { withIso } from "./times.ts";

interface Flags extends RemoteFlags {
  readonly reveal?: boolean;
}

/** `sojournd checkpoints list | diff | create | restore | drop`. */
export function checkpointsCommand(): Command {
  return new Command("checkpoints")
    .addCommand(remoteCommand("list <id>", "lists the checkpoints that can be restored in a session, the newest first").action(list))
    .addCommand(
      remoteCommand(
        "diff <id> <name>",
        "tells what restoring a checkpoint would change in a session",
        `A line a field: "+ cart" would be added, "- cart" taken away, "~ cart" changed. Fields that would stay have no line.`,
      )
        .option("--reveal", "with the values; for operators, and the server's log has a line of it")
        .action(diff),
    )
    .addCommand(remoteCommand("create <id> <name>", "keeps a copy of what a session holds under a name").action(create))
    .addCommand(remoteCommand("restore <id> <name>", "gives a session what a checkpoint holds, and takes away what it does not").action(restore))
    .addCommand(remoteCommand("drop <id> <name>", "takes a checkpoint away").action(drop));
}

async function list(id: string, flags: RemoteFlags): Promise<void> {
  await of(id, flags, async (client, session) => {
    const { checkpoints } = await client.listCheckpoints({ id: session });
    if (flags.json === true) for (const checkpoint of checkpoints) printed(jsonText(withIso(checkpoint)));
    else {
      table([{ name: "name", style: "bold" }, { name: "made" }, { name: "until" }, { name: "in session" }, { name: "fields" }]).add(
        checkpoints.map(({ name, at, until, session: from, fields }) => [
          plain(name),
          momentText(at),
          momentText(until),
          plain(from),
          plain(fields.join(", ")),
        ]),
      );
    }
  });
}

async function diff(id: string, name: string, flags: Flags): Promise<void> {
  await of(id, flags, async (client, session) => {
    const difference = await (flags.reveal === true ? client.revealCheckpoint({ id: session, name }) : client.compareCheckpoint({ id: session, name }));
    if (flags.json === true) return printed(jsonText(withIso(difference)));
    for (const field of difference.fields) if (field.change !== "same") printed(changeLine(field));
  });
}

const signs = { added: ["+", "green"], removed: ["-", "red"], changed: ["~", "yellow"] } as const satisfies Readonly<Record<string, readonly [string, Style]>>;

function changeLine({ name, change, now, kept }: Answer<"revealCheckpoint">["fields"][number]): string {
  const [sign, style] = signs[change as keyof typeof signs];
  const values = [now, kept].filter((value) => value !== undefined).map(jsonText);
  return styled(style, [`${sign} ${plain(name)}`, ...(values.length === 0 ? [] : [values.join(" -> ")])].join("  "));
}

async function create(id: string, name: string, flags: RemoteFlags): Promise<void> {
  await of(id, flags, async (client, session) => {
    const made = await client.createCheckpoint({ id: session, name });
    console.log(
      flags.json === true
        ? jsonText(withIso(made))
        : `${plain(made.name)} is kept until ${momentText(made.until)}: ${plain(made.fields.join(", ")) || "nothing"}.`,
    );
  });
}

async function restore(id: string, name: string, flags: RemoteFlags): Promise<void> {
  await of(id, flags, async (client, session) => {
    const { version } = await client.restoreCheckpoint({ id: session, name });
    console.log(flags.json === true ? jsonText({ id: session, name, version }) : `${session} holds what ${plain(name)} does. It is at version ${version} now.`);
  });
}

async function drop(id: string, name: string, flags: RemoteFlags): Promise<void> {
  await of(id, flags, async (client, session) => {
    await client.dropCheckpoint({ id: session, name });
    console.log(flags.json === true ? jsonText({ id: session, name, dropped: true }) : `${plain(name)} is gone.`);
  });
}

async function of(given: string, flags: RemoteFlags, act: (client: Client, session: string) => Promise<void>): Promise<void> {
  const session = sessionId(given);
  await asking(flags, (client) => act(client, session));
}
