import { expect, test } from "vitest";
import { errorText, loggedError } from "./logged-error.ts";

test("of an error nothing is told but what it is, however deep", () => {
  const driver = Object.assign(new Error("duplicate key"), { code: "23505", detail: "canary", parameters: ["canary"], command: { args: ["canary"] } });
  const error = new Error("The store failed.", { cause: new AggregateError([driver, "canary-text"], "All failed.", { cause: { canary: 1 } }) });
  const told = loggedError(error);
  expect(told).toMatchObject({
    type: "Error",
    message: "The store failed.",
    cause: {
      type: "AggregateError",
      cause: { type: "object", message: "It is no error." },
      errors: [
        { type: "Error", message: "duplicate key", code: "23505" },
        { type: "string", message: "canary-text" },
      ],
    },
  });
  expect(JSON.stringify(told)).not.toMatch(/canary(?!-text)/);
  expect(errorText(told)).toMatch(/^Error: The store failed\.\n[\s\S]*caused by AggregateError: All failed\.[\s\S]*one of them: Error: duplicate key/);
});

test("an error that is its own cause ends somewhere", () => {
  const error = new Error("round");
  error.cause = error;
  expect(JSON.stringify(loggedError(error)).match(/"message":"round"/g)).toHaveLength(7);
});
