import { openApi } from "@sojourn/client/openapi";
import { operations, pathOf, type Operation, type OperationName } from "@sojourn/client/operations";
import { isDeepStrictEqual } from "node:util";

interface Answered {
  readonly method: string;
  readonly url: string;
  readonly status: number;
  readonly text: string;
}

const described = openApi("0").paths as Readonly<Record<string, Readonly<Record<string, { readonly responses: Readonly<Record<string, unknown>> }>>>>;
const problemFields = new Set(["title", "status", "code", "detail", "field"]);

/** Answered before anybody knows what is asked, and so said of no operation: 405, 408, 421, 431. */
const ofAny = new Set([405, 408, 421, 431]);

/** The operation that a request asks for, if it is one. */
function operationOf(method: string, url: string): OperationName | undefined {
  const { pathname } = new URL(url);
  return (Object.keys(operations) as OperationName[]).find((name) => {
    const at = pathOf(name);
    return at.method === method && new RegExp(`^${at.path.replaceAll(/\{\w+\}/g, "[^/]+").replaceAll(".", String.raw`\.`)}$`).test(pathname);
  });
}

/** @throws {Error} when the answer is not what the OpenAPI document says of the operation */
export function checkDescribed({ method, url, status, text }: Answered): void {
  const name = operationOf(method, url);
  if (name === undefined || ofAny.has(status)) return;
  const { path } = pathOf(name);
  const operation: Operation = operations[name];
  const wrong = (why: string): Error => new Error(`${name} answered ${status} ${text.slice(0, 500)}: ${why}.`);
  if (described[path]?.[method.toLowerCase()]?.responses[status] === undefined) throw wrong("the document has no such answer");
  if (status !== operation.status) {
    const problem = JSON.parse(text) as Record<string, unknown>;
    if (!Object.keys(problem).every((field) => problemFields.has(field)) || problem["status"] !== status) throw wrong("it is no problem");
  } else if (operation.stream !== undefined) {
    for (const [, data = ""] of text.matchAll(/^data: (.*)\n\n/gm)) {
      const message: unknown = JSON.parse(data);
      if (!isDeepStrictEqual(operation.stream.parse(message), message)) throw wrong("a message has more than the document says");
    }
  } else if (operation.plain !== undefined) {
    if (text === "") throw wrong("it should be a text");
  } else if (operation.answer === undefined) {
    if (text !== "") throw wrong("it should be empty");
  } else {
    const body: unknown = JSON.parse(text);
    // What a schema does not know it leaves out.
    if (!isDeepStrictEqual(operation.answer.parse(body), body)) throw wrong("it has more than the document says");
  }
}
