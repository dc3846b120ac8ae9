import type { Role } from "@sojourn/client";

/** What the console offers to some roles only. The server judges; this keeps it from offering what would be refused. */
export type Power = "end" | "end everything" | "reveal" | "restore" | "see keys" | "see webhooks" | "revoke keys";

const powers: Readonly<Record<Power, readonly Role[]>> = {
  end: ["operator", "admin"],
  "end everything": ["operator", "admin"],
  reveal: ["operator", "admin"],
  restore: ["operator", "admin"],
  "see keys": ["admin"],
  "revoke keys": ["admin"],
  "see webhooks": ["admin", "auditor"],
};

/** Whether the role may. */
export function mayRole(role: Role | undefined, power: Power): boolean {
  return role !== undefined && powers[power].includes(role);
}
