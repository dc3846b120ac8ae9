import { z } from "zod";
import { applicationKey, newApplicationKey, session, sessionInfo, sessionPage } from "./answers.ts";
import type { Operation } from "./operation.ts";
import { anObject, cookieName, duration, fields, keyName, kind, page, role, subject, texts, version } from "./parts.ts";
import type { OperationName } from "./paths.ts";
import type { Role } from "./roles.ts";

export type { Operation } from "./operation.ts";
export { pathOf, paths, type OperationName } from "./paths.ts";
export { roles, type Role } from "./roles.ts";

const holders = ["app", "admin"] as const satisfies readonly Role[];
const seers = ["app", "operator", "auditor", "admin"] as const satisfies readonly Role[];
const rulers = ["app", "operator", "admin"] as const satisfies readonly Role[];
const proxies = ["app", "gateway", "admin"] as const satisfies readonly Role[];
const admins = ["admin"] as const satisfies readonly Role[];

/** An id from outside: of whatever shape, it is some session's or nobody's. */
const anId = z.strictObject({ id: z.string() });
const notResumed = { 401: ["session_missing", "session_ended"] } as const;
const noSuchSession = { 404: ["session_missing"] } as const;

/** Everything that can be asked: what the server checks by, what the OpenAPI document says, what the client is typed by. */
export const operations = {
  createSession: {
    tag: "Sessions",
    summary: "Begins a session",
    description: "Its token is in this answer and nowhere else.",
    roles: holders,
    body: z.strictObject(
      {
        kind: kind.optional().meta({ description: 'Default: "api".' }),
        subject: subject.optional(),
        data: fields.optional(),
        idle: duration.optional().meta({ description: "How long it lives without a request." }),
        absolute: duration.optional().meta({ description: "How long it lives whatever happens; 400 days at most." }),
      },
      anObject,
    ),
    status: 201,
    location: "/v1/sessions/{id}",
    answer: session,
    problems: { 413: ["too_large"], 429: ["limit_reached"] },
  },
  listSessions: {
    tag: "Sessions",
    summary: "Lists a subject's live sessions, or all of a kind, ended ones too",
    description: "One of `subject` and `kind` has to be given; with both, the subject's of that kind.",
    roles: seers,
    query: z.strictObject({ subject: subject.optional(), kind: kind.optional(), ...page }),
    status: 200,
    answer: sessionPage,
  },
  showSession: {
    tag: "Sessions",
    summary: "Tells what is known of a session",
    description: "Of an ended one too, while it is kept: a day.",
    roles: seers,
    parameters: anId,
    status: 200,
    answer: sessionInfo,
    problems: noSuchSession,
  },
  revokeSession: {
    tag: "Sessions",
    summary: "Ends a session for its holder",
    description: "One that has ended already is as good as missing.",
    roles: rulers,
    parameters: anId,
    status: 204,
    problems: noSuchSession,
  },
  revokeSubject: {
    tag: "Sessions",
    summary: "Ends all sessions of a subject",
    description: "A log-in that races with it is ended too.",
    roles: rulers,
    parameters: z.strictObject({ subject }),
    status: 200,
    answer: z.object({ ended: z.int().meta({ description: "How many." }) }),
  },
  readSession: {
    tag: "Session of a token",
    summary: "Reads the session, with its data",
    roles: holders,
    ofSession: true,
    status: 200,
    answer: session,
    problems: notResumed,
  },
  changeSession: {
    tag: "Session of a token",
    summary: "Sets and takes away fields; the others are not touched",
    roles: holders,
    ofSession: true,
    body: z.strictObject(
      { set: fields.optional(), unset: texts.optional(), ifVersion: version.optional().meta({ description: "Only if the session is still at this version." }) },
      anObject,
    ),
    status: 200,
    answer: session,
    problems: { ...notResumed, 409: ["stale"], 413: ["too_large"] },
  },
  endSession: {
    tag: "Session of a token",
    summary: "Ends the session, for good",
    roles: holders,
    ofSession: true,
    status: 204,
    problems: notResumed,
  },
  authenticate: {
    tag: "Session of a token",
    summary: "Records who it is, which the application has checked",
    description: "The answer has the new token, the old one is void. For another subject than before it is another session.",
    roles: holders,
    ofSession: true,
    body: z.strictObject(
      { subject, methods: texts.optional(), keep: texts.optional().meta({ description: "Fields of an anonymous session that stay; all others go." }) },
      anObject,
    ),
    status: 200,
    answer: session,
    problems: { ...notResumed, 429: ["limit_reached"] },
  },
  rotate: {
    tag: "Session of a token",
    summary: "Replaces the token",
    description: "The old one is good until the new one has been seen, and 30 seconds longer. Shown after that, it ends the session.",
    roles: holders,
    ofSession: true,
    body: z.strictObject({}, anObject),
    status: 200,
    answer: session,
    problems: { ...notResumed, 409: ["stale"] },
  },
  forwardAuth: {
    tag: "For proxies",
    summary: "Tells whether a request has the session of somebody who is logged in",
    description:
      "For nginx (`auth_request`), Caddy (`forward_auth`) and Traefik (`ForwardAuth`), which ask with the headers of their visitor's request. All headers that say who it is are in every answer of 200; a proxy has to put them in the place of what the visitor sent. A Set-Cookie is for the visitor: the token was replaced.",
    roles: proxies,
    query: z.strictObject({ cookie: cookieName.optional().meta({ description: "In which cookie the token comes. Default: `__Host-Http-session`." }) }),
    status: 200,
    headers: {
      "Sojourn-Subject": "Whose session it is. What is no visible ASCII character, and `%`, as UTF-8 in percent signs (RFC 3986 §2.1).",
      "Sojourn-Session-Id": "The session's id.",
      "Sojourn-Authenticated-At": "When they proved who they are. Epoch milliseconds.",
      "Sojourn-Methods": "How (RFC 8176), apart by commas; may be empty.",
    },
    problems: { 401: ["session_missing"] },
  },
  createKey: {
    tag: "Application keys",
    summary: "Makes an application key",
    description: "For the tenant of the key with which this is asked. It is in this answer and nowhere else.",
    roles: admins,
    body: z.strictObject({ name: keyName, role: role.optional().meta({ description: 'What it may do. Default: "app".' }) }, anObject),
    status: 201,
    answer: newApplicationKey,
  },
  listKeys: {
    tag: "Application keys",
    summary: "Lists the application keys",
    description: "Of the tenant of the key with which this is asked.",
    roles: admins,
    status: 200,
    answer: z.object({ keys: z.array(applicationKey) }),
  },
  revokeKey: {
    tag: "Application keys",
    summary: "Makes a key void, at once and everywhere",
    roles: admins,
    parameters: anId,
    status: 204,
    problems: { 404: ["not_found"] },
  },
  openApi: {
    tag: "The server",
    summary: "This document",
    status: 200,
    answer: z.looseObject({ openapi: z.string() }),
  },
  health: {
    tag: "The server",
    summary: "The process answers",
    status: 200,
    answer: z.object({ status: z.literal("ok") }),
  },
  readiness: {
    tag: "The server",
    summary: "Sessions can be kept and found",
    status: 200,
    answer: z.object({ status: z.literal("ready") }),
    problems: { 503: ["store_unavailable"] },
  },
} as const satisfies Readonly<Record<OperationName, Operation>>;

type Operations = typeof operations;
type Part<Name extends OperationName, Key extends string> = Operations[Name] extends { readonly [key in Key]: infer Schema extends z.ZodType }
  ? Schema
  : undefined;
// Where there is nothing, it is unknown: that takes nothing away from what it is joined with.
type Read<Schema> = Schema extends z.ZodType ? z.output<Schema> : unknown;
type Given<Schema> = Schema extends z.ZodType ? (string extends keyof z.input<Schema> ? unknown : z.input<Schema>) : unknown;

/** What the server has of a request once it was checked. */
export type Request<Name extends OperationName> = {
  readonly parameters: Read<Part<Name, "parameters">>;
  readonly query: Read<Part<Name, "query">>;
  readonly body: Read<Part<Name, "body">>;
};

type Fixed<Value> = Value extends readonly (infer Item)[]
  ? readonly Fixed<Item>[]
  : Value extends object
    ? { readonly [Key in keyof Value]: Fixed<Value[Key]> }
    : Value;

/** What the server answers. */
export type Answer<Name extends OperationName> = Part<Name, "answer"> extends z.ZodType ? Fixed<z.output<Part<Name, "answer">>> : undefined;

/** What a caller gives: names of the path, of the query and of the body together, and the token where there is one. */
export type Input<Name extends OperationName> = Given<Part<Name, "parameters">> &
  Read<Part<Name, "query">> &
  Given<Part<Name, "body">> &
  (Operations[Name] extends { readonly ofSession: true } ? { readonly token: string } : unknown);
