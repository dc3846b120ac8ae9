import { z } from "zod";
import { Problem } from "../problem.ts";
import { kind, subject } from "../schemas.ts";
import { validated } from "../validate.ts";
import { infoView } from "../views.ts";
import { json, type Api, type Route } from "./route.ts";

const aLimit = "a whole number from 1 to 1000";
const query = z.strictObject({
  subject: subject.optional(),
  kind: kind.optional(),
  after: z
    .string()
    .regex(/^[!-~]{1,200}$/, "the next of an earlier answer")
    .optional(),
  limit: z
    .string()
    .regex(/^([1-9]\d{0,2}|1000)$/, aLimit)
    .optional(),
});

/**
 * `GET /v1/sessions?subject=&kind=&after=&limit=`: a subject's live sessions, or all of a kind, ended ones too, a page at a time.
 * `next` is absent on the last page; a page may be short without being the last.
 */
export function listSessions({ sessions }: Api): Route {
  return {
    method: "GET",
    path: "/v1/sessions",
    async answer(ask) {
      const { subject: whose, kind: sort, after, limit } = validated(query, single(ask.req.queries()), "parameter");
      if (whose === undefined && sort === undefined)
        throw new Problem(400, "invalid_request", "Say whose sessions, with subject=, or of which kind, with kind=.", { field: "subject" });
      const page = { after, limit: limit === undefined ? undefined : Number(limit) };
      const found = await sessions.page(whose === undefined ? { kind: sort ?? "" } : { subject: whose }, page);
      const listed = found.sessions.filter((info) => sort === undefined || info.kind === sort);
      return json({ sessions: listed.map(infoView), next: found.next });
    },
  };
}

/** A parameter that comes twice has no one meaning. */
function single(queries: Readonly<Record<string, readonly string[]>>): Record<string, string | undefined> {
  const values: Record<string, string | undefined> = {};
  for (const [name, [value, ...more]] of Object.entries(queries)) {
    if (more.length > 0) throw new Problem(400, "invalid_request", `${name} comes more than once. Give it once.`, { field: name });
    values[name] = value;
  }
  return values;
}
