/** A secret by its name in the story. `severed`: replaced at once, by a log-in or an elevation, so that it has no grace. */
interface Issued {
  readonly name: string;
  readonly is: "offered" | "current" | "old";
  readonly severed: boolean;
}

/** The secrets of one session, newest first. */
export interface Secrets {
  readonly issued: readonly Issued[];
  /** When the current one was first shown. */
  readonly since: number;
  /** When the newest was issued. */
  readonly last: number;
}

export type Shown = "current" | "successor" | "grace" | "replaced" | "reuse" | "unknown";

export function first(name: string, now: number): Secrets {
  return { issued: [{ name, is: "current", severed: false }], since: now, last: now };
}

/** What it means that somebody shows this secret. */
export function judge({ issued, since }: Secrets, name: string, now: number, grace: number): Shown {
  const secret = issued.find((one) => one.name === name);
  if (secret === undefined) return "unknown";
  if (secret.is === "current") return "current";
  if (secret.is === "offered") return "successor";
  if (now > since + grace) return "reuse";
  return secret.severed ? "replaced" : "grace";
}

/** A successor: the current one stays good. Two can be open; an earlier one that nobody ever showed is forgotten. */
export function offer(secrets: Secrets, name: string, now: number): Secrets {
  const open = secrets.issued.filter((one) => one.is === "offered").slice(0, 1);
  return trimmed({
    ...secrets,
    issued: [{ name, is: "offered", severed: false }, ...open, ...secrets.issued.filter((one) => one.is !== "offered")],
    last: now,
  });
}

/** The successor was shown: what was issued before it is old. */
export function arrived(secrets: Secrets, name: string, now: number): Secrets {
  const at = secrets.issued.findIndex((one) => one.name === name);
  const issued = secrets.issued.map((one, i): Issued => (i < at ? one : { ...one, is: i === at ? "current" : "old" }));
  return trimmed({ ...secrets, issued, since: now });
}

/** Replaced at once: nothing that was issued before is good any more. */
export function sever(secrets: Secrets, name: string, now: number): Secrets {
  const old = secrets.issued.map((one): Issued => ({ name: one.name, is: "old", severed: true }));
  return trimmed({ issued: [{ name, is: "current", severed: false }, ...old], since: now, last: now });
}

export function isSevered({ issued }: Secrets, name: string): boolean {
  return issued.find((one) => one.name === name)?.severed ?? true;
}

/** The last three are remembered. */
function trimmed(secrets: Secrets): Secrets {
  const old = secrets.issued.filter((one) => one.is === "old").slice(0, 3);
  return { ...secrets, issued: [...secrets.issued.filter((one) => one.is !== "old"), ...old] };
}
