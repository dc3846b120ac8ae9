/** What can be typed. */
export const commandsText: string = `  any text           the handset sends it to the number that wrote last
  @2 text            … to the second number of the pool (or "@" and the number itself)
  /start name {…}    a dialogue begins, with arguments in JSON
  /list              which dialogues are open
  /later 3d          lets time go by (30s, 15m, 12h, 3d): reminders and time-outs come as they are due
  /help              these lines
  /quit              ends it, as Ctrl+C and the end of the input do`;

/** The page of `sojournd sms simulate --help`, behind what the command takes. */
export const helpPage: string = `
What can be typed, one line each; the same through a pipe:

${commandsText}

A text that begins with "/" or "@" is sent as "@1 /text". STOP, START and HELP are heard as they are over a real network.

The file is a module of JavaScript. Without one there is a demo: booking, survey and code.

  import { dialogue } from "@sojourn/gateways/sms";
  const order = dialogue("order", async (talk, { words = [] }) => {
    const size = await talk.menu("Which size?", { s: "Small", l: "Large" }, { timeout: "1d", remind: "2h" });
    await talk.say("Thank you.");
    return { size, words };
  });
  export const dialogues = [order];
  export const keywords = { ORDER: "order" };        // optional: words that begin a dialogue
  export const exhausted = "refuse";                 // optional: "queue" (default), "refuse" or "oldest-yields"
  export const replies = { stop: "…", help: "…" };   // optional: what is said to STOP, START and HELP

Dialogues are kept in the data folder and outlive kill -9: start it again, with the same file, and go on. A message that was on its way at that moment
comes once more, or half a minute later. They are of the tenant "simulation", so that servers on the same folder do not see them. The clock, which
/later moves, is kept in sms-simulation.json beside the sessions; only the simulation goes by it.

  printf '%s\\n' '/start booking' '/later 1d' 1 | sojournd sms simulate --memory

Exit codes: 0 ended, 1 did not start, 2 wrong usage.`;
