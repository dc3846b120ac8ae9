import { operations } from "@sojourn/client/operations";
import { expect, test } from "vitest";
import { mayRole, type Power } from "./may.ts";

const asked: readonly (readonly [Power, keyof typeof operations])[] = [
  ["end", "revokeSession"],
  ["end", "revokeSubject"],
  ["end everything", "revokeEverything"],
  ["reveal", "revealSession"],
  ["reveal", "revealCheckpoint"],
  ["restore", "restoreCheckpoint"],
  ["restore", "createCheckpoint"],
  ["restore", "dropCheckpoint"],
  ["see keys", "listKeys"],
  ["revoke keys", "revokeKey"],
  ["see webhooks", "listWebhooks"],
];

test.each(asked)("who is offered to %s may ask for %s, of those who can log in", (power, name) => {
  const { roles } = operations[name] as { readonly roles: readonly string[] };
  for (const role of ["operator", "auditor", "admin"] as const) expect(mayRole(role, power)).toBe(roles.includes(role));
});
