import { isLoopback } from "../host.ts";
import type { StoreAddress } from "../stores/store-address.ts";
import { application, inArea, mechanical, met, notMet, yours, type Rule } from "./rule.ts";
import { spoken } from "../spoken.ts";

const year = 365 * 86_400_000;
/** A clock that is further off than this lets sessions live longer, or end earlier, than was said. */
const clockBound = 60_000;

/** Until when each line of Node has security fixes: the end of that day. */
const maintained: Readonly<Record<number, string>> = { 20: "2026-04-30", 22: "2027-04-30", 24: "2028-04-30", 26: "2029-04-30" };

/** Whether sessions go to the store over a network, which others share. */
function overNetwork(store: StoreAddress): boolean {
  return "hosts" in store && store.hosts.some(({ name }) => !isLoopback(name));
}

/** The server itself: its store, its keys, its machine, its log. */
export const serverRules: readonly Rule[] = [
  ...inArea("Store", [
    {
      id: "Store kept",
      requirement: "Sessions outlive the process.",
      judge: ({ settings: { store } }) =>
        store.engine === "memory"
          ? notMet("The store is memory: every restart logs everybody out.", "Leave store out for the embedded one, or name another.")
          : met(`They rest in ${store.engine}.`),
    },
    {
      id: "Store reached",
      requirement: "The store answers.",
      judge: ({ facts }) =>
        facts.store.reachable ? met("It does.") : notMet("It did not.", "See that it runs, and that its address is right (sojournd config check)."),
    },
    {
      id: "ASVS 12.3.1",
      requirement: "TLS to the store, where the way leads over a network.",
      judge({ settings: { store } }) {
        if (!overNetwork(store)) return met("Sessions leave this machine by no network on their way to the store.");
        if ("tls" in store && store.tls) return met("Its address asks for TLS.");
        return notMet(
          `${store.shown} is reached in clear: whoever reads along has the data of sessions.`,
          "Use rediss://, sslmode=verify-full or tls=on, as its engine calls it.",
        );
      },
    },
    {
      id: "ASVS 13.2.1",
      requirement: "The store asks who comes.",
      judge({ settings: { store } }) {
        if (!overNetwork(store)) return met("It is on this machine, and the system keeps its files and sockets.");
        const proof = "password" in store && (store.password !== undefined || store.user !== undefined || store.parameters.creds !== undefined);
        return proof
          ? met("Its address has credentials.")
          : notMet(`${store.shown} is reached without credentials: whoever reaches it can be anybody.`, "Give it a password, in SOJOURN_STORE.");
      },
    },
    {
      id: "Store clock",
      requirement: "Clocks agree: deadlines and records of events hang on them (ASVS 16.2.2).",
      judge({ settings: { store }, facts }) {
        const { clockOffset } = facts.store;
        if (clockOffset === undefined)
          return overNetwork(store) || store.engine === "file"
            ? yours("The store tells no time of its own: whether the machines that share it agree cannot be seen from one.", "Keep their clocks by NTP.")
            : met("One machine, one clock; jumps of it are not followed.");
        if (Math.abs(clockOffset) <= clockBound) return met(`The store's clock and this machine's differ by ${spoken(Math.abs(Math.round(clockOffset)))}.`);
        return notMet(`The store's clock and this machine's differ by ${spoken(Math.abs(Math.round(clockOffset)))}.`, "Set both by NTP.");
      },
    },
    {
      id: "Store watched",
      requirement: "What other servers end is heard of at once.",
      judge: ({ facts: { store } }) =>
        store.watched
          ? met("The store has a feed; each request asks the store besides.")
          : yours("The store has no feed: there are no events and no webhooks. Ended sessions are refused all the same, for each request asks the store."),
    },
  ]),
  ...inArea("Keys", [
    {
      id: "ASVS 11.1.1",
      requirement: "Keys have a life: none is older than a year, and who has which is known (11.1.2).",
      judge({ facts: { keys, now } }) {
        if (keys === undefined) return yours("The keys could not be read.", 'Look with "sojournd keys list".');
        const old = keys.filter(({ created }) => now - created > year);
        if (old.length === 0) return met(keys.length === 0 ? "None is kept." : `None of ${keys.length} is older than a year; "sojournd keys list" shows them.`);
        const oldest = Math.max(...old.map(({ created }) => Math.floor((now - created) / 86_400_000)));
        return notMet(
          `${old.length} of ${keys.length} application keys are older than a year, the oldest ${oldest} days.`,
          'Make new ones ("sojournd keys new"), give them to their programs, and revoke the old ones ("sojournd keys revoke").',
        );
      },
    },
    {
      id: "Keys least",
      requirement: "Each program has the least that it needs.",
      judge({ facts: { keys } }) {
        const admins = (keys ?? []).filter(({ role }) => role === "admin").length;
        if (admins > 2) return yours(`${admins} keys are of the role admin.`, "Give programs the role app, proxies gateway, people operator or auditor.");
        return yours("Which program has which key, only you know. Roles are app, gateway, operator, auditor and admin.");
      },
    },
    {
      id: "Keys environment",
      requirement: "A key in the environment is known to whoever may read it there.",
      judge: ({ settings: { key } }) =>
        key === undefined
          ? met("SOJOURN_KEY is not set; keys rest hashed in the store.")
          : yours(
              "SOJOURN_KEY is set: it has no date, cannot be revoked while the process runs, and is seen by who sees the process.",
              'Keys by "sojournd keys new" can be revoked at once.',
            ),
    },
    {
      id: "Development mode",
      requirement: "The server is not run as for development.",
      judge({ settings: { dev }, facts: { developmentKey } }) {
        if (dev)
          return notMet(
            "It runs with --dev: a shop for everybody at /demo, and a key with all rights in a file.",
            'Leave out --dev, and make keys with "sojournd keys new".',
          );
        if (developmentKey)
          return notMet(
            "The folder of the data holds application-key, the key of serve --dev, which is an admin's and still good.",
            'Revoke the key named development ("sojournd keys list", "sojournd keys revoke"), and delete the file.',
          );
        return met("Without --dev, and its key is not there.");
      },
    },
  ]),
  ...inArea("Machine", [
    {
      id: "Data folder",
      requirement: "Nobody else on the machine reads or writes the data.",
      judge({ settings, facts: { folder } }) {
        if (folder === undefined) return met("There is no folder yet; it is made for its user alone (0700).");
        const path = "path" in settings.store ? settings.store.path : settings.data;
        const mode = (folder.mode & 0o777).toString(8).padStart(4, "0");
        if ((folder.mode & 0o077) !== 0) return notMet(`${path} has the mode ${mode}: others can get in.`, `chmod 700 ${path}`);
        return folder.own
          ? met(`${path} has the mode ${mode}.`)
          : yours(`${path} belongs to another user than the one who asks.`, "It should be the server's own.");
      },
    },
    {
      id: "Own user",
      requirement: "The server has a user of its own, without rights that it does not need (ASVS 13.2.2).",
      judge: ({ facts: { root } }) =>
        root
          ? yours("This process is the superuser's.", "deploy/sojournd.service and deploy/Dockerfile give the server a user of its own.")
          : met("It is not the superuser's."),
    },
    {
      id: "Node",
      requirement: "What it runs on has security fixes (ASVS 15.2.1).",
      judge({ facts: { node, now } }) {
        const [major = 0, minor = 0] = node.split(".").map(Number);
        if (major < 20 || (major === 20 && minor < 19)) return notMet(`Node ${node} is older than 20.19.`, "Install a line of Node that is maintained.");
        const until = maintained[major];
        if (until === undefined) return yours(`Node ${node} is of a line that this release does not know.`, "Take a line with long-term support.");
        return now <= Date.parse(`${until}T23:59:59Z`)
          ? met(`Node ${node}; its line is maintained until ${until}.`)
          : yours(`Node ${node}: its line was maintained until ${until}.`, "Go to a line that is maintained, unless your distributor mends this one.");
      },
    },
    {
      id: "Host names",
      requirement: "Requests by names that are not the server's are refused (DNS rebinding).",
      judge({ settings: { host, behindTls, allowedHosts } }) {
        if (!behindTls && isLoopback(host)) return met("It goes by names of this machine alone; others are answered 421.");
        return allowedHosts.length > 0
          ? met(`It goes by ${allowedHosts.join(", ")} and its addresses; other names are answered 421.`)
          : yours(
              "allowedHosts is empty: behind a proxy that passes the public name on, every request is answered 421.",
              "Name the public host names in allowedHosts.",
            );
      },
    },
    {
      id: "Webhook targets",
      requirement: "The server cannot be sent to look around inside (SSRF).",
      judge: ({ settings: { policy } }) =>
        policy.webhookHosts.length === 0
          ? met("Webhooks go to public addresses by https alone.")
          : yours(`Webhooks may go to ${policy.webhookHosts.join(", ")} though they are private or in clear: whoever has an admin's key can reach these.`),
    },
  ]),
  ...inArea("Data and log", [
    mechanical(
      "ASVS 1.5.2",
      "What is read back is data, of types on a list.",
      ["values are data alone"],
      "JSON and nothing else; __proto__ and values that JSON does not give back are refused by their path.",
    ),
    {
      id: "ASVS 16.2.5",
      requirement: "Tokens and keys stand nowhere in the log (16.2.1, 16.4.1: one JSON object a line, UTC).",
      judge: ({ settings: { dev } }) =>
        dev
          ? yours("With --dev the log is short lines for a terminal.")
          : met(
              "The log has routes, ids of requests and sessions, never a path as it was sent; JSON escapes what could forge a line (invariant: Log takes no token and no data).",
            ),
    },
    application(
      "ASVS 16.3.1",
      "Log-ins and refusals are logged (16.3.2, 16.3.3), and trouble of what it depends on (16.3.4).",
      "sojournd logs refused requests, log-ins at the console and outages, and tells each session's events (GET /v1/events); log-ins that fail are your application's to log.",
    ),
    application(
      "ASVS 16.4.2",
      "Logs cannot be changed, and go to another system (16.4.3).",
      "sojournd writes to standard output: journald, or what collects it, keeps it.",
    ),
    mechanical(
      "ASVS 16.5.2",
      "When something that it depends on fails, it stays secure (16.5.3: fails closed).",
      ["a store that is down logs nobody in or out"],
      "503 within 2 s, no cookie, nobody logged in.",
    ),
    {
      id: "ASVS 16.5.1",
      requirement: "Errors say nothing of the inside (16.5.4: and none ends the process).",
      judge: () =>
        met(
          "Every error is a problem with a code of the API; unforeseen ones say that they happened, and the log why (invariant: problemOf is the one way out).",
        ),
    },
  ]),
];
