import type { ServerResponse } from "node:http";
import { eachHeader, type HeadArgument } from "./answer-head.ts";
import type { ResponseMethods } from "./response-methods.ts";

/**
 * An answer that has begun for the handler and not yet for the client. To the handler the response looks as it would after its first byte:
 * `headersSent` is true, headers cannot be changed, a status set now changes nothing, `write` says that the buffer is full, and a wrong argument throws.
 */
export interface Held {
  head(status: number, reason: string | undefined, headers: HeadArgument): void;
  call(verb: Verb, args: readonly unknown[]): void;
  /** Lets the response be changed again, for what is now sent in truth. */
  letGo(): void;
  /** Does what was asked for meanwhile, in order, by these methods: whoever wrapped the response around them has seen it already. */
  replay(by: ResponseMethods): void;
  /** Tells those who wait for what was asked for that it was not sent. */
  drop(error: unknown): void;
}
export type Verb = "write" | "end" | "flushHeaders";

const begun = { value: true, configurable: true };

/** Begins to hold. */
export function hold(response: ServerResponse): Held {
  const { setHeader, appendHeader, removeHeader, statusCode } = response;
  const phrase = phraseOf(response);
  const calls: { readonly verb: Verb; readonly args: readonly unknown[] }[] = [];
  let head: { readonly status: number; readonly reason: string | undefined } | undefined;

  Object.defineProperty(response, "headersSent", begun);
  response.setHeader = refuseToSet;
  response.appendHeader = refuseToAppend;
  response.removeHeader = refuseToRemove;

  return {
    head(status, reason, headers) {
      // Not kept for later: what is wrong with them must throw where the handler can see it.
      head = { status: checked(status), reason };
      eachHeader(headers, (name, value) => setHeader.call(response, name, value as string));
    },
    call(verb, args) {
      if (verb !== "flushHeaders") checkChunk(verb, args[0]);
      if (verb === "end") Object.defineProperty(response, "writableEnded", begun);
      calls.push({ verb, args });
    },
    letGo() {
      // Who wrapped the response writes the head only where none was sent.
      Reflect.deleteProperty(response, "headersSent");
      response.setHeader = setHeader;
      response.appendHeader = appendHeader;
      response.removeHeader = removeHeader;
    },
    replay(by) {
      if (response.statusCode !== statusCode) response.statusCode = statusCode;
      if (phraseOf(response) !== phrase) response.statusMessage = phrase ?? "";
      let full = false;
      let wrote = false;
      try {
        if (head?.reason !== undefined) Reflect.apply(by.writeHead, response, [head.status, head.reason]);
        else if (head !== undefined) Reflect.apply(by.writeHead, response, [head.status]);
        for (const { verb, args } of calls) {
          const result: unknown = Reflect.apply(by[verb], response, args);
          if (verb === "write") [wrote, full] = [true, result === false];
        }
      } catch (error) {
        response.destroy(error as Error);
      }
      // Those who were told that the buffer is full wait for this; when it is really full, Node says so later.
      if (wrote && !full) process.nextTick(() => void response.emit("drain"));
    },
    drop(error) {
      for (const { args } of calls) tell(args, error);
    },
  };
}

/** The reason phrase that the application set. HTTP/2 has none, and to look at it there causes a warning: there it is no property of the response itself. */
export function phraseOf(response: ServerResponse): string | undefined {
  return Object.hasOwn(response, "statusMessage") ? response.statusMessage : undefined;
}

/** Calls the callback among the arguments of a write that came to nothing. */
export function tell(args: readonly unknown[], error: unknown): void {
  const callback = args.find((arg): arg is (error: unknown) => void => typeof arg === "function");
  if (callback !== undefined) process.nextTick(callback, error);
}

/** As Node's own. */
export function headersSent(verb: string): Error {
  return Object.assign(new Error(`Cannot ${verb} headers after they are sent to the client`), { code: "ERR_HTTP_HEADERS_SENT" });
}

function refuseToSet(): never {
  throw headersSent("set");
}

function refuseToAppend(): never {
  throw headersSent("append");
}

function refuseToRemove(): never {
  throw headersSent("remove");
}

function checked(status: number): number {
  if (Number.isInteger(status) && status >= 100 && status <= 999) return status;
  throw Object.assign(new RangeError(`Invalid status code: ${String(status)}`), { code: "ERR_HTTP_INVALID_STATUS_CODE" });
}

function checkChunk(verb: Verb, chunk: unknown): void {
  if (typeof chunk === "string" || chunk instanceof Uint8Array) return;
  if (verb === "end" && (chunk === undefined || chunk === null || typeof chunk === "function")) return;
  throw Object.assign(new TypeError("The chunk must be a string, a Buffer or a Uint8Array."), { code: "ERR_INVALID_ARG_TYPE" });
}
