import { z } from "zod";
import { problem } from "./answers.ts";
import type { Operation } from "./operation.ts";
import { operations } from "./operations.ts";
import { pathOf, type OperationName } from "./paths.ts";
import { isForPeople } from "./roles.ts";

type Json = Record<string, unknown>;

/** Problems that any operation with a key may answer, and that any may. */
const ofKeys: Readonly<Record<number, readonly string[]>> = { 401: ["invalid_key"], 403: ["forbidden", "cross_site"], 429: ["too_many_requests"] };
const ofFreshness: Readonly<Record<number, readonly string[]>> = { 403: ["reauthentication_required"] };
const ofRepeats: Readonly<Record<number, readonly string[]>> = { 409: ["idempotency_conflict"] };
const ofBodies: Readonly<Record<number, readonly string[]>> = { 413: ["too_large"], 415: ["unsupported_media_type"] };
const ofStores: Readonly<Record<number, readonly string[]>> = { 503: ["store_unavailable", "store_full", "outcome_unknown", "record_unreadable"] };

/** The document that describes the API (OpenAPI 3.1.1). @param version of the server. */
export function openApi(version: string): Json & { readonly openapi: string } {
  const schemas: Json = {};
  const paths: Record<string, Json> = {};
  const names = Object.keys(operations) as OperationName[];
  for (const name of names) {
    const { method, path } = pathOf(name);
    (paths[path] ??= {})[method.toLowerCase()] = described(name, operations[name], schemas);
  }
  referTo(problem, schemas);
  return {
    openapi: "3.1.1",
    info: {
      title: "sojournd",
      version,
      summary: "Sessions, for programs in any language.",
      description: "Bodies are JSON in UTF-8; times are epoch milliseconds. Fields and parameters that are not described here are refused.",
      license: { name: "Apache-2.0", identifier: "Apache-2.0" },
    },
    servers: [{ url: "/" }],
    tags: [...new Set(names.map((name) => operations[name].tag))].map((name) => ({ name })),
    paths,
    components: {
      schemas: Object.fromEntries(Object.entries(schemas).toSorted(([a], [b]) => (a < b ? -1 : 1))),
      securitySchemes: {
        key: { type: "http", scheme: "bearer", description: 'An application key; "sojournd keys new" makes one.' },
        session: { type: "apiKey", in: "header", name: "Sojourn-Session", description: "The token of the session." },
        console: { type: "apiKey", in: "cookie", name: "__Host-Http-sojourn-console", description: "A person at the console, logged in by openConsole." },
      },
    },
  };
}

function described(name: OperationName, operation: Operation, schemas: Json): Json {
  const { tag, summary, description, roles, ofSession, idempotent, body, status, location, answer, plain, stream } = operation;
  const headers = {
    ...operation.headers,
    ...(location !== undefined && { Location: `\`${location}\`` }),
    ...(idempotent === true && { "Idempotency-Replayed": "`true` on the answer of an earlier request with the same key." }),
  };
  const secured = [...(roles === undefined ? [] : ["key"]), ...(ofSession === true ? ["session"] : [])];
  const parameters = [...parametersOf(operation.parameters, "path"), ...parametersOf(operation.query, "query"), ...(idempotent === true ? [repeatKey] : [])];
  const person = roles !== undefined && isForPeople(roles);
  const text = [description, roles === undefined ? "Needs no key." : `For keys of the roles ${roles.join(", ")}.`]
    .filter((part) => part !== undefined)
    .join(" ");
  return {
    operationId: name,
    tags: [tag],
    summary,
    description: text,
    security: secured.length === 0 ? [] : [Object.fromEntries(secured.map((scheme) => [scheme, []])), ...(person ? [{ console: [] }] : [])],
    ...(parameters.length > 0 && { parameters }),
    ...(body !== undefined && {
      requestBody: { required: needsBody(body), content: { "application/json": { schema: jsonSchemaOf(body, "input", schemas) } } },
    }),
    responses: {
      [status]: {
        description:
          stream !== undefined
            ? "A stream of events, each with such data."
            : answer === undefined && plain === undefined
              ? "Done; the answer is empty."
              : "Done.",
        ...(Object.keys(headers).length > 0 && {
          headers: Object.fromEntries(Object.entries(headers).map(([header, says]) => [header, { description: says, schema: { type: "string" } }])),
        }),
        ...(answer !== undefined && { content: { "application/json": { schema: jsonSchemaOf(answer, "output", schemas) } } }),
        ...(plain !== undefined && { content: { [plain]: { schema: { type: "string" } } } }),
        ...(stream !== undefined && { content: { "text/event-stream": { schema: jsonSchemaOf(stream, "output", schemas) } } }),
      },
      ...refusalsOf(operation),
    },
  };
}

const repeatKey = {
  name: "Idempotency-Key",
  in: "header",
  required: false,
  description: "The same request with the same key is done once, and answered again as it was the first time, for a day.",
  schema: { type: "string", minLength: 16, maxLength: 200 },
};

function refusalsOf({ roles, fresh, idempotent, body, query, problems = {} }: Operation): Json {
  const codes = new Map<number, Set<string>>();
  const wrong = body !== undefined || query !== undefined ? { 400: ["invalid_request", "invalid_field", "invalid_option"] } : { 400: ["invalid_request"] };
  const all = [
    wrong,
    problems,
    ...(roles === undefined ? [] : [ofKeys, ofStores]),
    ...(fresh === true ? [ofFreshness] : []),
    ...(idempotent === true ? [ofRepeats] : []),
    ...(body === undefined ? [] : [ofBodies]),
  ];
  for (const some of all) {
    for (const [status, named] of Object.entries<readonly string[]>(some)) codes.set(Number(status), new Set([...(codes.get(Number(status)) ?? []), ...named]));
  }
  return Object.fromEntries(
    [...codes]
      .toSorted(([a], [b]) => a - b)
      .map(([status, named]) => [
        status,
        { description: `\`code\` is ${[...named].join(", ")}.`, content: { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } } },
      ]),
  );
}

function parametersOf(schema: z.ZodObject | undefined, place: "path" | "query"): Json[] {
  if (schema === undefined) return [];
  return Object.entries(schema.shape as Record<string, z.ZodType>).map(([name, part]) => {
    const { description, ...rest } = jsonSchemaOf(part, "input", {});
    return {
      name,
      in: place,
      required: place === "path" || !part.safeParse(undefined).success,
      ...(description !== undefined && { description }),
      schema: rest,
    };
  });
}

function needsBody(body: z.ZodType): boolean {
  return !body.safeParse({}).success;
}

/** A schema as JSON Schema; what has a name of its own goes to the document's, and is referred to. */
function jsonSchemaOf(schema: z.ZodType, io: "input" | "output", schemas: Json): Json {
  const { $schema: _, $defs = {}, ...rest } = z.toJSONSchema(schema, { io, reused: "inline" }) as Json & { $defs?: Json };
  for (const [name, named] of Object.entries($defs)) schemas[name] = pointed(named);
  const id = schema.meta()?.id;
  if (id === undefined) return pointed(rest) as Json;
  const { id: _id, ...own } = rest;
  schemas[id] = pointed(own);
  return { $ref: `#/components/schemas/${id}` };
}

function referTo(schema: z.ZodType, schemas: Json): void {
  jsonSchemaOf(schema, "output", schemas);
}

/** References to a schema's own definitions, made into those to the document's. */
function pointed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(pointed);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, part]) =>
      name === "$ref" && typeof part === "string" ? [name, part.replace("#/$defs/", "#/components/schemas/")] : [name, pointed(part)],
    ),
  );
}
