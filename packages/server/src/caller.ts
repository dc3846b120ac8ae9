import type { Role } from "@sojourn/client/operations";

/** Who asks: an application by its key, or a person at the console. */
export interface Caller {
  /** Says nothing of the key. */
  readonly id: string;
  /** What stands in endings as who did it. */
  readonly name: string;
  readonly role: Role;
  /** Whose sessions they see. */
  readonly tenant: string;
  /** Of a person at the console: the id of their session there. */
  readonly session?: string;
  /** Of a person at the console: whether they proved lately who they are. Applications prove it with each request. */
  readonly fresh?: boolean;
}
