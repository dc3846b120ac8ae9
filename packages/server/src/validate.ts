import { z } from "zod";
import { Problem } from "./problem.ts";

/**
 * What a schema makes of a request's part. The first fault is told, with its place and the fix.
 * @throws {Problem} 400 `invalid_request`, with `field`
 */
export function validated<Output>(schema: z.ZodType<Output>, value: unknown, what: string): Output {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const path = pathOf(issue?.path ?? []);
  if (issue?.code === "unrecognized_keys") {
    const field = [path, issue.keys[0]].filter((part) => part !== "").join(".");
    throw new Problem(400, "invalid_request", `${field} is not a ${what}. ${known(schema)}`, { field });
  }
  const detail = path === "" ? `The ${what === "parameter" ? "query" : "body"} must be ${issue?.message}.` : `${path} must be ${issue?.message}.`;
  throw new Problem(400, "invalid_request", detail, path === "" ? {} : { field: path });
}

function known(schema: z.ZodType): string {
  const names = schema instanceof z.ZodObject ? Object.keys(schema.shape) : [];
  return names.length === 0 ? "Leave it out." : `There are: ${names.join(", ")}.`;
}

function pathOf(path: readonly PropertyKey[]): string {
  return path.map((part, index) => (typeof part === "number" ? `[${part}]` : `${index === 0 ? "" : "."}${String(part)}`)).join("");
}
