import type { z } from "zod";
import type { Operation } from "./operation.ts";
import type { OperationName } from "./paths.ts";
import { serverOperations } from "./server-operations.ts";
import { sessionOperations } from "./session-operations.ts";

export type { Operation } from "./operation.ts";
export { pathOf, paths, type OperationName } from "./paths.ts";
export { isForPeople, roles, watchers, type Role } from "./roles.ts";

/** Everything that can be asked: what the server checks by, what the OpenAPI document says, what the client is typed by. */
export const operations = { ...sessionOperations, ...serverOperations } as const satisfies Readonly<Record<OperationName, Operation>>;

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
export type Answer<Name extends OperationName> =
  Part<Name, "answer"> extends z.ZodType ? Fixed<z.output<Part<Name, "answer">>> : Operations[Name] extends { readonly plain: string } ? string : undefined;

/** The data of each message of its stream. */
export type Message<Name extends OperationName> = Part<Name, "stream"> extends z.ZodType ? Fixed<z.output<Part<Name, "stream">>> : undefined;

/** What a caller gives: names of the path, of the query and of the body together, and the token where there is one. */
export type Input<Name extends OperationName> = Given<Part<Name, "parameters">> &
  Read<Part<Name, "query">> &
  Given<Part<Name, "body">> &
  (Operations[Name] extends { readonly ofSession: true } ? { readonly token: string } : unknown);
