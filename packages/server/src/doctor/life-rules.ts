import { application, held, inArea, mechanical, met, notMet, yours, type Rule } from "./rule.ts";
import { spoken } from "../spoken.ts";

const hour = 3_600_000;
const day = 24 * hour;
/** The bounds of NIST SP 800-63B-4 §2.2.3, that ASVS 7.1.1 measures by. */
const aal2 = { idle: hour, absolute: day };

/** How long sessions last, and how they end: ASVS V7.1 to V7.4, and the OWASP cheat sheet on sessions. */
export const lifeRules: readonly Rule[] = [
  ...inArea("Policy", [
    {
      id: "ASVS 7.1.1",
      requirement: "Idle and absolute time-outs are written down, fit the risk, and say why where they exceed NIST SP 800-63B.",
      judge({ settings: { policy } }) {
        const text = `sessions.idle is ${spoken(policy.idle)}, sessions.absolute ${spoken(policy.absolute)}`;
        if (policy.idle <= aal2.idle && policy.absolute <= aal2.absolute)
          return met(`${text}: within what NIST asks at AAL2. "sojournd config check" prints them.`);
        return yours(`${text}: longer than NIST asks at AAL2 (1 h, 24 h). Write down why that fits your risk.`);
      },
    },
    {
      id: "ASVS 7.1.2",
      requirement: "How many sessions an account may have at once is written down, and what happens to the one too many.",
      judge({ settings: { policy }, facts }) {
        if (policy.perSubject === undefined)
          return yours("sessions.perSubject sets no limit: an account may have any number.", "Set sessions.perSubject, if that is not what you mean.");
        const then = policy.whenFull === "refuse" ? "the new one is refused" : "the oldest ends";
        return held(facts, ["limits hold"]) ?? met(`sessions.perSubject is ${policy.perSubject}; then ${then}. Parallel log-ins do not exceed it.`);
      },
    },
    {
      id: "ASVS 7.1.3",
      requirement: "Systems that share log-ins are listed, with how the lives of their sessions depend on each other.",
      judge: ({ settings: { oidc } }) =>
        oidc === undefined
          ? yours("The server takes part in no federation by itself; list the identity providers that your application trusts.")
          : yours(
              `The console trusts ${oidc.issuer}, and nobody else; its sessions end by themselves (idle 15 min, absolute 12 h). List those that your application trusts.`,
            ),
    },
  ]),
  ...inArea("Tokens", [
    mechanical(
      "ASVS 7.2.1",
      "Tokens are judged by a trusted back end alone.",
      ["a changed token is nobody's"],
      "Every token is compared, in constant time, with the hash that the store has; a changed one is nobody's.",
    ),
    mechanical(
      "ASVS 7.2.2",
      "Sessions have tokens made for them, and no fixed keys.",
      ["tokens are long and random", "a log-in replaces the token"],
      "Each session has a token of its own, and each log-in a new one. Application keys are for programs, and are nobody's session.",
    ),
    mechanical(
      "ASVS 7.2.3",
      "Tokens are unique, from a cryptographic generator, with 128 bits at least.",
      ["tokens are long and random"],
      "A secret is 192 bits from the platform's cryptographic generator.",
    ),
    mechanical(
      "ASVS 7.2.4",
      "A log-in, also a repeated one, makes a new token and ends the old one.",
      ["a log-in replaces the token"],
      "authenticate, elevate and a change of subject replace the secret at once.",
    ),
    mechanical(
      "ASVS 11.5.1",
      "What is not to be guessed has 128 random bits at least; UUIDs have not.",
      ["tokens are long and random"],
      "Secrets have 192 bits, application keys 256, ids of sessions prove nothing.",
    ),
    mechanical(
      "OWASP CS strict",
      "An id that the server did not give out is never taken over.",
      ["an unknown token begins no session"],
      "An unknown token resumes nothing, and what begins then has an id and a secret of its own.",
    ),
    mechanical(
      "OWASP CS input",
      "An id from outside is checked before anything is done with it.",
      ["a malformed token asks no store"],
      "A text that has not the shape of a token causes no call of the store.",
    ),
    mechanical(
      "OWASP CS at rest",
      "Stores cannot give tokens away.",
      ["stores hold no secret"],
      "The store has the SHA-256 of each secret, and nobody has the secret but the client.",
    ),
    mechanical(
      "ASVS 14.2.1",
      "Tokens and keys stand in headers or bodies, never in URLs; a token counts only where it was configured to come from.",
      ["a token counts in its own place alone"],
      "The API reads keys from Authorization and tokens from Sojourn-Session or a cookie; a parameter that it does not know is refused.",
    ),
  ]),
  ...inArea("Time-outs", [
    {
      id: "ASVS 7.3.1",
      requirement: "Sessions end after a time without activity.",
      judge({ settings: { policy }, facts }) {
        if (policy.idle > 30 * day)
          return notMet(`sessions.idle is ${spoken(policy.idle)}: hardly anybody is away that long.`, "Set sessions.idle to 1 h or less, 30 d at most.");
        return held(facts, ["idle sessions end"]) ?? met(`After ${spoken(policy.idle)} (sessions.idle), judged at every read.`);
      },
    },
    {
      id: "ASVS 7.3.2",
      requirement: "Sessions end after a time whatever happens.",
      judge({ settings: { policy }, facts }) {
        if (policy.absolute > 90 * day)
          return notMet(
            `sessions.absolute is ${spoken(policy.absolute)}: a stolen token is good for as long.`,
            "Set sessions.absolute to 24 h or less, 30 d at most; log-ins that are to last say so themselves.",
          );
        return held(facts, ["activity moves no absolute deadline"]) ?? met(`After ${spoken(policy.absolute)} (sessions.absolute); activity does not move it.`);
      },
    },
    mechanical(
      "OWASP CS renewal",
      "Secrets are replaced while a session lives, with a short overlap.",
      ["secrets rotate, and a replaced one that shows itself ends the session"],
      "Cookies are offered a new secret every hour; the old one is good until the new one was seen, and 30 s longer.",
    ),
  ]),
  ...inArea("Ending sessions", [
    mechanical(
      "ASVS 7.4.1",
      "What has ended, by a log-out or its time, is of no more use.",
      ["an ended session stays ended", "idle sessions end"],
      "Ended is final: the store itself refuses every later write, and no read finds it alive.",
    ),
    mechanical(
      "ASVS 7.4.2",
      "When an account is disabled or deleted, all its sessions end.",
      ["all sessions of a subject can be ended"],
      "DELETE /v1/subjects/{subject}/sessions ends all of them, and log-ins that race with it. Call it where you disable accounts.",
    ),
    mechanical(
      "ASVS 7.4.3",
      "After a change of a factor, people can end all their other sessions.",
      ["all sessions of a subject can be ended"],
      "endAll({ subject, except }) does; offer it where people change a password.",
    ),
    application(
      "ASVS 7.4.4",
      "Every page that needs a log-in shows the way to log out.",
      "The console does; your pages are yours. DELETE /v1/session is what to call.",
    ),
    mechanical(
      "ASVS 7.4.5",
      "Administrators can end one user's sessions, or everybody's.",
      ["all sessions of a subject can be ended", "everybody's sessions can be ended"],
      'The API, the console and "sojournd sessions end" do, for operators and admins.',
    ),
    mechanical(
      "OWASP CS outage",
      "Where sessions cannot be looked up, nobody is logged in or out by it.",
      ["a store that is down logs nobody in or out"],
      "A store that is down is an error (503), with no cookie.",
    ),
  ]),
  ...inArea("Against abuse", [
    application(
      "ASVS 7.5.1",
      "Before a change of what logs people in (e-mail, phone, factors), they prove again who they are.",
      "Ask session.isFresh() before such acts, and authenticate again. The console asks so before what destroys.",
    ),
    mechanical(
      "ASVS 7.5.2",
      "People see their sessions and, after a new proof, end them; nobody another's.",
      ["somebody else's session is missing", "a proof of identity ages"],
      "Lists are of one subject; somebody else's id is missing. The page that shows them, and asks for the proof, is yours.",
    ),
    application(
      "ASVS 7.5.3",
      "Highly sensitive acts ask for a further proof.",
      "session.elevate records one, and session.isFresh says how old it is; which acts need it is yours to say.",
    ),
    {
      id: "OWASP CS detection",
      requirement: "Guessing and hammering are noticed and slowed down.",
      judge: ({ settings: { policy } }) =>
        policy.rate === undefined
          ? yours(
              "Wrong keys and log-ins at the console are counted by address and held off; who has a good key may ask as often as it likes (rate is false).",
              "Set rate, such as { perSecond: 2000, burst: 4000 }, if not all who have keys are yours.",
            )
          : met(
              `A key may ask ${policy.rate.perSecond} times a second, ${policy.rate.burst} at once; wrong keys are counted by address, and a replaced token that shows itself ends its session (reuse).`,
            ),
    },
  ]),
  ...inArea("Federation", [
    application(
      "ASVS 7.6.1",
      "Sessions here and at an identity provider end as was written down.",
      "Begin sessions with the absolute time that the provider allows, and end them when it tells of a log-out.",
    ),
    application(
      "ASVS 7.6.2",
      "No session of somebody begins without an act of theirs.",
      "Asking for a session creates none, and unsafe requests from other sites are refused; what begins one is your log-in.",
    ),
    application(
      "OIDC back-channel",
      "Log-outs that an OpenID provider sends are heeded (ASVS 10.5.5), and none can be forced (10.6.2).",
      "sojournd takes no logout tokens yet: end by subject, or by a field with the provider's sid, where you receive them.",
    ),
    application(
      "CAEP",
      "Signals between systems (Shared Signals, CAEP, Global Token Revocation) are sent and heeded.",
      "Not part of this release; webhooks tell of endings, and subjects are ended over the API.",
    ),
    application(
      "DBSC",
      "Sessions may be bound to a device's key (Device Bound Session Credentials).",
      "Not part of this release; rotation with detection of reuse is what limits a stolen cookie.",
    ),
  ]),
];
