import { Command } from "commander";
import { endAllCommand } from "./end-all.ts";
import { endSessionsCommand } from "./end-sessions.ts";
import { listSessionsCommand } from "./list-sessions.ts";
import { searchSessionsCommand } from "./search-sessions.ts";
import { showSessionCommand } from "./show-session.ts";
import { watchSessionsCommand } from "./watch-sessions.ts";

/** `sojournd sessions list | show | search | watch | end | end-all`. */
export function sessionsCommand(): Command {
  const sessions = new Command("sessions");
  for (const command of [listSessionsCommand(), showSessionCommand(), searchSessionsCommand(), watchSessionsCommand(), endSessionsCommand(), endAllCommand()])
    sessions.addCommand(command);
  return sessions;
}
