/** Which token a browser shows: how many tokens ago it was handed, or something that was never handed to it. */
export type Shows = number | "forged" | "swapped" | "garbage" | "nothing";

/** One step of a history, as plain data. Browsers, processes and slots (requests under way) are numbered. */
export type Command =
  | {
      readonly do: "visit";
      readonly slot: number;
      readonly browser: number;
      readonly process: number;
      readonly shows: Shows;
      readonly ago: number;
      readonly rotates: boolean;
    }
  | { readonly do: "set"; readonly slot: number; readonly field: string; readonly to: number }
  | { readonly do: "delete"; readonly slot: number; readonly field: string }
  | { readonly do: "flash"; readonly slot: number; readonly put: boolean }
  | { readonly do: "update"; readonly slot: number; readonly field: string }
  | { readonly do: "commit"; readonly slot: number; readonly ifVersion: boolean }
  | {
      readonly do: "authenticate";
      readonly slot: number;
      readonly subject: string;
      readonly keep: readonly string[];
      readonly idle?: number;
      readonly absolute?: number;
    }
  | { readonly do: "elevate"; readonly slot: number; readonly level: string }
  | { readonly do: "rotate"; readonly slot: number }
  | { readonly do: "endOwn"; readonly slot: number }
  | { readonly do: "claim" | "release"; readonly slot: number; readonly aliases: readonly string[] }
  | { readonly do: "lease"; readonly slot: number; readonly owner: string; readonly takeOver: boolean }
  /** `which` of the leases that the request took: 0 is the newest. */
  | { readonly do: "renew" | "giveBack"; readonly slot: number; readonly which: number }
  | { readonly do: "checkpoint" | "restore"; readonly slot: number; readonly as: string }
  | { readonly do: "settle"; readonly slot: number; readonly arrives: boolean }
  /** A gateway's message: its answer goes to a browser like any other. */
  | {
      readonly do: "reach";
      readonly slot: number;
      readonly browser: number;
      readonly process: number;
      readonly alias: string;
      readonly touch: boolean;
      readonly ago: number;
    }
  | { readonly do: "create"; readonly process: number; readonly browser: number; readonly subject?: string; readonly alias?: string }
  | { readonly do: "end"; readonly process: number; readonly browser: number; readonly as?: string }
  | { readonly do: "endAll"; readonly process: number; readonly subject?: string; readonly except?: number }
  | { readonly do: "list"; readonly process: number; readonly subject: string }
  | { readonly do: "info"; readonly process: number; readonly browser: number; readonly as?: string }
  /** The checkpoints of a subject, or of what the browser's newest token names. */
  | { readonly do: "kept"; readonly process: number; readonly browser: number; readonly subject?: string }
  | { readonly do: "drop"; readonly process: number; readonly browser: number; readonly subject?: string; readonly as: string }
  | { readonly do: "erase"; readonly process: number; readonly subject: string }
  | { readonly do: "sweep"; readonly process: number }
  | { readonly do: "restart"; readonly process: number }
  | { readonly do: "clock"; readonly by: number }
  /** To the deadline of what the browser's newest token names, or so many ms from it. */
  | { readonly do: "deadline"; readonly browser: number; readonly off: number };

/** What is done within a request that has come. */
export type Act = Exclude<Extract<Command, { readonly slot: number }>, { readonly process: number }>;
/** What is asked of a process from outside of any. */
export type Outside = Exclude<Extract<Command, { readonly process: number }>, { readonly slot: number }>;

/** What happens to the store while a step is carried out. */
export interface Fault {
  /** Which of its store calls goes wrong, from 1. */
  readonly call: number;
  /** Nothing happens; or it happens and nobody is told. */
  readonly what: "fails" | "answer lost";
}

export interface Step {
  /** Several: carried out at once, their store calls interleaved. */
  readonly commands: readonly Command[];
  readonly fault?: Fault;
  /** Decides the interleaving. */
  readonly pace: number;
}

export interface History {
  /** Which pair of houses. */
  readonly house: number;
  readonly steps: readonly Step[];
}
