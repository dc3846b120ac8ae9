import { planned, type AnswerPlan } from "./page-answer.ts";
import { pageBody } from "./page-body.ts";
import type { HtmlRewriter, PageToken } from "./page-rewriter.ts";

/** A response of ours, changed as the plan says: its head, and the body of a page as it streams. */
export function changed(response: Response, method: string, rewriter: HtmlRewriter | undefined, plan: AnswerPlan): Response {
  // A network error, or a change of protocol.
  if (response.status < 200) return response;
  const { headers } = response;
  const fields = {
    get: (name: string) => headers.get(name) ?? undefined,
    set: (name: string, value: string) => headers.set(name, value),
    remove: (name: string) => headers.delete(name),
  };
  const page = planned(response.status, fields, plan);
  if (!page || rewriter === undefined || plan.token === undefined || method === "HEAD" || response.body === null) return response;
  const body = response.body.pipeThrough(rewriting(rewriter, plan.token));
  return new Response(body, response);
}

function rewriting(rewriter: HtmlRewriter, token: PageToken): TransformStream<Uint8Array, Uint8Array> {
  const page = pageBody(rewriter, token);
  const encoder = new TextEncoder();
  const send = (text: string, to: TransformStreamDefaultController<Uint8Array>): void => {
    if (text !== "") to.enqueue(encoder.encode(text));
  };
  return new TransformStream({
    transform(part, to) {
      send(page.write(part), to);
    },
    flush: (to) =>
      new Promise((resolve) => {
        page.end(undefined, (rest) => resolve(send(rest, to)));
      }),
  });
}
