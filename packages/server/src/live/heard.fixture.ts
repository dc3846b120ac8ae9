import { request, type IncomingMessage } from "node:http";
import { later } from "../clean-up.fixture.ts";
import type { TestServer } from "../server.fixture.ts";

/** A stream of events as it came, byte for byte. */
export interface Heard {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  readonly text: string;
  /** The data of the messages so far. */
  readonly messages: readonly Record<string, unknown>[];
  /** How many comments came so far. */
  readonly comments: number;
  /** The `id:` of the last message that had one. */
  readonly lastId: string | undefined;
  /** Resolves when the server has ended it. */
  readonly over: Promise<void>;
  /** Resolves when there are so many messages. */
  until(count: number): Promise<void>;
  close(): void;
}

/** Asks for a stream, and reads it until it is closed. Resolves with its head. */
export function listen(server: Pick<TestServer, "address" | "authorization">, path: string, headers: Record<string, string> = {}): Promise<Heard> {
  return new Promise((resolve, reject) => {
    const asked = request(server.address + path, { headers: { Authorization: server.authorization, ...headers } }, (response) => {
      const waiting = new Set<() => void>();
      let text = "";
      const over = new Promise<void>((done) => response.once("close", done));
      response.setEncoding("utf8").on("data", (part: string) => {
        text += part;
        for (const look of waiting) look();
      });
      response.on("error", () => undefined);
      const blocks = (): string[] => text.split("\n\n").slice(0, -1);
      const heard: Heard = {
        status: response.statusCode ?? 0,
        headers: response.headers,
        get text() {
          return text;
        },
        get messages() {
          return blocks().flatMap((block) => {
            // Not by a regular expression: to those U+2028 ends a line, to event streams it does not.
            const data = block
              .split("\n")
              .find((line) => line.startsWith("data: "))
              ?.slice(6);
            return data === undefined ? [] : [JSON.parse(data) as Record<string, unknown>];
          });
        },
        get comments() {
          return blocks().filter((block) => block.startsWith(":")).length;
        },
        get lastId() {
          return [...text.matchAll(/^id: (.*)$/gm)].at(-1)?.[1];
        },
        over,
        until: (count) =>
          new Promise((done, late) => {
            const look = (): void => {
              if (heard.messages.length < count) return;
              waiting.delete(look);
              clearTimeout(timer);
              done();
            };
            const timer = setTimeout(() => late(new Error(`${heard.messages.length} of ${count} messages came: ${text.slice(-300)}`)), 10_000);
            waiting.add(look);
            look();
          }),
        close: () => void response.destroy(),
      };
      later(heard.close);
      resolve(heard);
    });
    asked.on("error", reject).end();
  });
}
