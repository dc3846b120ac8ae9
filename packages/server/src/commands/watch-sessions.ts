import type { Client, Message } from "@sojourn/client";
import type { Command } from "commander";
import { interruptible } from "./interrupt.ts";
import { printed, styled, type Style } from "./output.ts";
import { jsonText, plain } from "./plain.ts";
import { asking, remoteCommand, type RemoteFlags } from "./remote.ts";
import { endingText } from "./session-rows.ts";
import { withIso } from "./times.ts";

interface Flags extends RemoteFlags {
  readonly kind?: string;
  readonly after?: string;
}

/** `sojournd sessions watch`. */
export function watchSessionsCommand(): Command {
  return remoteCommand(
    "watch",
    "tells what happens to sessions, a line an event, until ^C",
    "It begins with what happens from now on. With --json each line has the event's id, eventId, after which --after goes on: no ending is missed. A connection that is lost is\nasked for again.",
  )
    .option("--kind <kind>", "only of this kind")
    .option("--after <event>", "goes on after the event with this id")
    .action(watch);
}

async function watch(flags: Flags): Promise<void> {
  const json = flags.json === true;
  let last: string | undefined;
  let open = false;
  const goOn = (): void => {
    if (last !== undefined) console.error(`To go on from here: --after ${plain(last)}`);
  };
  // The client asks again by itself, for as long as it takes. Whoever watches would take an outage for quiet.
  let lost = false;
  const asked = (): void => {
    if (open) console.error("The connection is lost. It is asked for again, from where it was, until ^C.");
    lost = lost || open;
    open = false;
  };
  const opened = (): void => {
    if (lost) console.error("It is there again.");
    lost = false;
    open = true;
  };
  const listen = async (client: Client, signal: AbortSignal): Promise<void> => {
    try {
      for await (const event of client.events({ kind: flags.kind, after: flags.after }, { signal, opened })) {
        last = event.eventId ?? last;
        printed(json ? jsonText(withIso(event)) : lineOf(event));
      }
    } catch (error) {
      goOn();
      throw error;
    }
  };
  await asking(flags, (client) => interruptible((signal) => listen(client, signal), goOn), asked);
}

const styles: Readonly<Record<string, Style>> = { created: "green", changed: "dim", ended: "red" };

function lineOf({ type, id, kind, subject, ended }: Message<"events">): string {
  const cells = [styled(styles[type] ?? "dim", type.padEnd("created".length)), plain(id), plain(kind), plain(subject ?? "-")];
  return [...cells, ...(ended === undefined ? [] : [plain(endingText(ended))])].join("  ");
}
