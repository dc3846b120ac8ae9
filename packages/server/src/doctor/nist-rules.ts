import { application, inArea, mechanical, met, notMet, yours, type Case, type Judgement, type Rule } from "./rule.ts";
import { spoken } from "../spoken.ts";

const hour = 3_600_000;
const day = 24 * hour;

function atMost(what: "idle" | "absolute", most: number, level: string): (found: Case) => Judgement {
  return ({ settings: { policy } }) => {
    const name = `sessions.${what}`;
    if (policy[what] <= most) return met(`${name} is ${spoken(policy[what])}.`);
    return notMet(
      `${name} is ${spoken(policy[what])}, and ${level} asks for ${spoken(most)} at most.`,
      `Set ${name} to "${spoken(most).replace(" min", "m").replace(" ", "")}" or less; what is to last longer says so when it begins.`,
    );
  };
}

/** Of the highest level, which few claim. */
function forAal3(what: "idle" | "absolute", most: number): (found: Case) => Judgement {
  return (found) => {
    const { verdict, why, fix } = atMost(what, most, "AAL3")(found);
    return verdict === "met" ? met(why) : yours(`${why} It counts where you claim AAL3.`, fix);
  };
}

/** NIST SP 800-63B-4: sessions (§5), and how often people prove again who they are (§2.1.3, 2.2.3, 2.3.3). */
export const nistRules: readonly Rule[] = inArea("NIST SP 800-63B-4", [
  {
    id: "NIST 63B AAL1 overall",
    requirement: "At AAL1 people log in anew after a definite time, at most 30 days.",
    judge: atMost("absolute", 30 * day, "AAL1"),
  },
  { id: "NIST 63B AAL2 overall", requirement: "At AAL2 after at most 24 hours.", judge: atMost("absolute", day, "AAL2") },
  { id: "NIST 63B AAL2 idle", requirement: "At AAL2 after at most 1 hour without activity.", judge: atMost("idle", hour, "AAL2") },
  { id: "NIST 63B AAL3 overall", requirement: "At AAL3 after at most 12 hours.", judge: forAal3("absolute", 12 * hour) },
  { id: "NIST 63B AAL3 idle", requirement: "At AAL3 after at most 15 minutes without activity.", judge: forAal3("idle", hour / 4) },
  mechanical(
    "NIST 63B 5.2 end",
    "Whichever time-out comes first ends the session; activity puts off the idle one alone.",
    ["idle sessions end", "activity moves no absolute deadline"],
    "Two deadlines, both judged at every read.",
  ),
  mechanical(
    "NIST 63B 5.2 anew",
    "A new proof of identity begins both times anew.",
    ["a log-in replaces the token", "a proof of identity ages"],
    "authenticate sets both deadlines from that moment.",
  ),
  mechanical(
    "NIST 63B 5.1 secret",
    "A session's secret comes from an approved generator, with 64 bits at least, at the log-in.",
    ["tokens are long and random", "a log-in replaces the token"],
    "192 bits, new at every log-in.",
  ),
  mechanical("NIST 63B 5.1 log-out", "A secret is worthless after the log-out.", ["an ended session stays ended"], "Ended is final, in the store itself."),
  mechanical(
    "NIST 63B 5.1 limits",
    "Who has the secret cannot stretch the limits with it.",
    ["activity moves no absolute deadline"],
    "Neither use nor rotation moves the absolute deadline.",
  ),
  application(
    "NIST 63B 5.1 level",
    "A session counts for no more than the log-in that began it.",
    "session.levels are what you gave at authenticate and elevate; no checkpoint brings them back.",
  ),
  application(
    "NIST 63B 5.1 persistence",
    'Secrets that bear a session are not kept over a restart of the browser; "remember me" is no log-in.',
    "Cookies end with the browser unless you say persistent.",
  ),
  application("NIST 63B 5.1 log-off", "People find the way to end their session.", "The console shows it; your pages are yours."),
]);
