import { Command, Option } from "commander";
import { printed } from "./output.ts";
import { jsonText, plain } from "./plain.ts";
import { asking, remoteCommand, type RemoteFlags } from "./remote.ts";
import { momentText } from "./session-rows.ts";
import { table } from "./table.ts";
import { withIso } from "./times.ts";

interface AddFlags extends RemoteFlags {
  readonly event?: readonly ("created" | "changed" | "ended")[];
  readonly kind?: readonly string[];
}

/** `sojournd webhooks list | add | remove`. */
export function webhooksCommand(): Command {
  return new Command("webhooks")
    .addCommand(remoteCommand("list", "lists the webhooks, and how each last went").action(list))
    .addCommand(
      remoteCommand(
        "add <url>",
        "sends events to a URL from now on",
        "What is printed is the secret by which deliveries are signed, this once; its id stands on standard error.",
      )
        .addOption(new Option("--event <event...>", "which (default created and ended)").choices(["created", "changed", "ended"]))
        .option("--kind <kind...>", "of which kinds of sessions (default all)")
        .action(add),
    )
    .addCommand(remoteCommand("remove <id>", "sends no more events there").action(remove));
}

async function list(flags: RemoteFlags): Promise<void> {
  await asking(flags, async (client) => {
    const { webhooks } = await client.listWebhooks({});
    if (flags.json === true) for (const webhook of webhooks) printed(jsonText(withIso(webhook)));
    else {
      table([{ name: "id" }, { name: "url" }, { name: "events" }, { name: "kinds" }, { name: "last" }]).add(
        webhooks.map(({ id, url, events, kinds, last }) => [
          plain(id),
          plain(url),
          events.join(","),
          kinds === undefined ? "all" : plain(kinds.join(",")),
          last === undefined
            ? "-"
            : `${momentText(last.at)}: ${last.ok ? "ok" : `${plain(last.why ?? String(last.status ?? "failed"))}, ${last.failures} in a row`}`,
        ]),
      );
    }
  });
}

async function add(url: string, flags: AddFlags): Promise<void> {
  await asking(flags, async (client) => {
    const made = await client.createWebhook({
      url,
      ...(flags.event && { events: [...flags.event] }),
      ...(flags.kind && { kinds: [...flags.kind] }),
    });
    if (flags.json === true) return console.log(jsonText(withIso(made)));
    console.error(`${plain(made.id)} sends ${made.events.join(" and ")} to ${plain(made.url)}. Its secret:`);
    console.log(plain(made.secret));
  });
}

async function remove(id: string, flags: RemoteFlags): Promise<void> {
  await asking(flags, async (client) => {
    await client.deleteWebhook({ id });
    console.log(flags.json === true ? jsonText({ id, removed: true }) : `${plain(id)} is removed.`);
  });
}
