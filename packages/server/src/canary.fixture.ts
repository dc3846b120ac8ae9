import { pathOf, type OperationName } from "@sojourn/client/operations";
import { expect } from "vitest";

/** A text that must stand in no output but the answers that are meant to hold it. */
interface Secret {
  readonly what: string;
  readonly text: string;
  /** Labels of outputs that may have it. */
  readonly meant: (where: string) => boolean;
  /** Whether the store keeps it as it is: data, and the secret by which a webhook is signed. */
  readonly kept: boolean;
}

/** Something that the server gave out. */
interface Output {
  /** An operation with a number, `stdout`, `stderr`, `webhook`, `data.mdb`, … */
  readonly where: string;
  readonly text: string;
}

/** How an operation is asked. What is absent is not sent. */
export interface Asked {
  readonly key?: string;
  readonly token?: string;
  readonly cookie?: string;
  /** The `{name}`s of its path. */
  readonly at?: Readonly<Record<string, string>>;
  readonly query?: string;
  /** Sent as JSON; a text as it is. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Told {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
  readonly headers: Headers;
}

/** Keeps what a server gives out, and what must not be in it. */
export interface Canaries {
  /** Operations that have answered with what they are for. */
  readonly reached: ReadonlySet<OperationName>;
  /** Something that nothing may give out, or only outputs whose label matches. */
  hide(what: string, text: string, meant?: (where: string) => boolean): string;
  /** Field data: sessions' holders, and operators who asked for it, see it. */
  hideData(text: string): string;
  ask(name: OperationName, asked: Asked): Promise<Told>;
  note(where: string, text: string): void;
  /** Every secret that is where it should not be. */
  leaks(): readonly string[];
  /** How much of what was searched. */
  searched(): string;
}

/** Whose answers are meant to hold a session's data. */
const holdData = /^(createSession|readSession|changeSession|authenticate|rotate|revealSession|revealCheckpoint) /;

/** Streams may never end: for so many ms they are read. */
const streamed = 300;

export function canaries(address: () => string): Canaries {
  const secrets: Secret[] = [];
  const outputs: Output[] = [];
  const reached = new Set<OperationName>();
  let asks = 0;

  function hide(what: string, text: string, meant: Secret["meant"] = () => false, kept = false): string {
    expect(text.length, what).toBeGreaterThan(15);
    secrets.push({ what, text, meant, kept });
    return text;
  }

  /** What an answer hands out is a secret from then on, for that answer alone. */
  function hideIssued(where: string, body: Told["body"], headers: Headers): void {
    const here = (place: string): boolean => place === where;
    if (typeof body["token"] === "string") hide("token", body["token"].slice(27), here);
    if (typeof body["key"] === "string") hide("application key", body["key"], here);
    if (typeof body["secret"] === "string") hide("webhook secret", body["secret"], here, true);
    for (const cookie of headers.getSetCookie()) {
      const secret = /^[^=]+=[^.;]{26}\.([\w-]{32})/.exec(cookie)?.[1];
      if (secret !== undefined) hide("token in a cookie", secret, here);
    }
  }

  return {
    reached,
    hide,
    hideData: (text) => hide("data", text, (where) => holdData.test(where), true),
    async ask(name, { key, token, cookie, at = {}, query, body, headers }) {
      const { method, path } = pathOf(name);
      const filled = path.replaceAll(/\{(\w+)\}/g, (_, part: string) => encodeURIComponent(at[part] ?? "nobody"));
      const response = await fetch(`${address()}${filled}${query === undefined ? "" : `?${query}`}`, {
        method,
        headers: {
          ...(key !== undefined && { Authorization: `Bearer ${key}` }),
          ...(token !== undefined && { "Sojourn-Session": token }),
          ...(cookie !== undefined && { Cookie: cookie }),
          ...(body !== undefined && { "Content-Type": "application/json" }),
          ...headers,
        },
        ...(body !== undefined && { body: typeof body === "string" ? body : JSON.stringify(body) }),
      });
      const text = await textOf(response);
      const where = `${name} #${++asks}`;
      const parsed: unknown = text.startsWith("{") ? JSON.parse(text) : {};
      hideIssued(where, parsed as Told["body"], response.headers);
      outputs.push({ where, text: `${JSON.stringify([...response.headers])}\n${text}` });
      if (response.ok) reached.add(name);
      return { status: response.status, body: parsed as Told["body"], headers: response.headers };
    },
    note: (where, text) => void outputs.push({ where, text }),
    leaks: () =>
      secrets.flatMap(({ what, text, meant, kept }) =>
        outputs
          .filter((output) => output.text.includes(text) && !meant(output.where) && !(kept && output.where === "data.mdb"))
          .map(({ where }) => `${what} in ${where}`),
      ),
    searched() {
      const count = (named: readonly string[]): string =>
        [...new Set(named)].map((name) => `${named.filter((other) => other === name).length} ${name}`).join(", ");
      return `Searched for ${count(secrets.map(({ what }) => what))}; in ${count(outputs.map(({ where }) => where.replace(/ #\d+$/, "")))}.`;
    },
  };
}

async function textOf(response: Response): Promise<string> {
  if (response.headers.get("content-type")?.startsWith("text/event-stream") !== true || response.body === null) return response.text();
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  const timer = setTimeout(() => void reader.cancel(), streamed);
  let text = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    text += value;
  }
  clearTimeout(timer);
  return text;
}
