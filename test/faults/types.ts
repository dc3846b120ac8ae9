import type { Host } from "@sojourn/peers/networks";
import type { Change, MaybePromise, Outcome, Query, SessionRecord, Store } from "sojourn";

/** One of the rig's promises; `promises.mjs` says each in words. */
export type PromiseName =
  | "kept"
  | "whole"
  | "versions"
  | "updates"
  | "ended"
  | "fresh"
  | "aliases"
  | "limits"
  | "fences"
  | "linear"
  | "found"
  | "indexes"
  | "places"
  | "answers";

/** What became of one promise: how many facts were held against it, and which broke it. */
export interface Finding {
  judged: number;
  readonly broken: string[];
}
export type Findings = Record<PromiseName, Finding>;

/** The few names that all processes fight for. */
export interface Names {
  readonly kind: string;
  /** Of sessions that are only merged into. */
  readonly ballast: string;
  readonly aliases: readonly string[];
  readonly subjects: readonly string[];
  readonly subjectLimit: number;
  readonly kindLimit: number;
}

/** A line of a process's log. Times are whole µs of the machine's monotonic clock, which all its processes share; in one and the same µs nothing is before anything. */
export type Line =
  | { readonly what: "write"; readonly n: number; readonly began: number; readonly change: Change; readonly deadline?: number }
  | { readonly what: "answer"; readonly n: number; readonly ended: number; readonly outcome?: Outcome; readonly code?: string; readonly error?: string }
  | { readonly what: "load"; readonly began: number; readonly ended: number; readonly id: string; readonly record?: SessionRecord | undefined }
  | { readonly what: "find"; readonly began: number; readonly ended: number; readonly query: Query; readonly records: readonly SessionRecord[] }
  | { readonly what: "error"; readonly error: string; readonly code?: string }
  | { readonly what: "closed" };

/** The deadline passed, and the store said that nothing was written. */
export interface Withdrawn {
  readonly ok: false;
  readonly why: "withdrawn";
}

/** A commit as its process saw it. */
export interface Write {
  /** Slot and incarnation of the process. */
  readonly writer: string;
  readonly n: number;
  readonly change: Change;
  readonly began: number;
  /** When the answer had come; `undefined`: it never came, or said that the outcome is unknown. */
  ended?: number;
  outcome?: Outcome | Withdrawn;
  /** Acknowledged by a store that promises less for such a change: it may still be dropped, and its version is a guess. */
  weak: boolean;
}

/** A record, or its absence, as a process saw it. */
export interface Read {
  readonly reader: string;
  readonly began: number;
  readonly ended: number;
  readonly id: string;
  readonly record: SessionRecord | undefined;
  /** When a listing gave it. */
  readonly query?: Query;
}

/** A listing by alias or subject. */
export interface Look {
  readonly reader: string;
  readonly began: number;
  readonly ended: number;
  readonly query: Query;
  readonly ids: ReadonlySet<string>;
}

/** All that the processes of a round have logged. */
export interface History {
  readonly writes: Write[];
  readonly reads: Read[];
  readonly looks: Look[];
  /** Calls that threw what they may not. */
  readonly errors: string[];
  /** Processes that closed their store in good order. */
  readonly closed: Set<string>;
}

/** An acknowledged commit with its version: one step of a session's life. */
export interface Step extends Write {
  readonly ended: number;
  readonly version: number;
}

/** What is known of one session: its acknowledged steps by version, and what may have happened beside them. */
export interface Life {
  readonly id: string;
  readonly steps: readonly Step[];
  /** Unanswered or weak. */
  readonly unsure: readonly Write[];
  readonly refused: readonly Write[];
  readonly reads: readonly Read[];
}

/** An engine that a store rests on, running. */
export interface Engine {
  readonly urls: readonly string[];
  /** SIGKILL, and started again. */
  kill(): Promise<void>;
  /** SIGSTOP, and SIGCONT after so many ms. */
  stopFor(ms: number): Promise<void>;
  stop(): Promise<void>;
}

/** An engine and hosts for processes beside it, each on a cable of its own. */
export interface Apart {
  readonly urls: readonly string[];
  readonly hosts: readonly Host[];
  /** Cuts some of the processes off, or the engine, and mends it. @returns how many cables that were */
  cut(random: (below: number) => number): Promise<number>;
  /** Resolves when nothing that a process sent is on its way any more: it was delivered, or its connection died. */
  quiet(): Promise<void>;
  stop(): Promise<void>;
}
export type EngineName = "redis" | "redis cluster" | "postgres" | "mariadb" | "nats";

/** A store as the rig opens it: one entry per engine and setting. */
export interface RigStore {
  readonly name: string;
  /** OS processes; 1: loops of this process, on one store, which nobody can kill. */
  readonly processes: number;
  /** What is done to it. */
  readonly faults: readonly Fault[];
  /** µs by which a read may miss what another process had acknowledged, as the store's page states. */
  readonly lag: number;
  /** Changes of which an acknowledgement promises less, as the store's page states. */
  readonly weak?: (change: Change) => boolean;
  /** ms for which a name may be called taken that a process reserved which died, or gave up waiting for an answer, as the store's page states. */
  readonly grace?: number;
  /** What it rests on, if that is a program of its own. */
  readonly engine?: EngineName;
  /** What of the promises is weaker than elsewhere, in words. */
  readonly note?: string;
  /** Opens the store, or, in a process of its own, the same store once more. @param folder of this round alone, for what the store keeps in files. */
  open(folder: string): MaybePromise<{ readonly store: Store; close(): Promise<void> }>;
}

/** A store with a fault that the rig has to find. */
export interface PlantedStore extends Omit<RigStore, "faults"> {
  /** In words. */
  readonly fault: string;
  readonly breaks: PromiseName;
  /** The rounds that find it. */
  readonly under: Fault;
  /** Rounds in which it keeps its promises, where there are such: then it is the fault alone that finds it. */
  readonly without?: Fault;
}

/** How often what happened. */
export interface Counts {
  operations: number;
  acknowledged: number;
  refused: number;
  unknown: number;
  reads: number;
  kills: number;
  stops: number;
  /** Cables pulled. */
  cuts: number;
  /** Clocks set while their process worked. */
  jumps: number;
}

/** What the parent does to the processes of a round, to the engine under them, or to what they go by. */
export type Fault = "races" | "kill" | "stop" | "blackout" | "engine killed" | "engine stopped" | "clocks" | "cut";

/** How the clock of a process lies. */
export interface ClockSetting {
  /** s ahead of the truth. */
  readonly by?: number;
  /** Where those stand instead, for a clock that is set while the process works. */
  readonly file?: string;
  /** s of it in a second. Default 1. */
  readonly pace?: number;
}

/** What the process is told of it, to see for itself; with the clocks as they were when it was started, s. */
export type ClockClaim = ClockSetting & { readonly born: { readonly epoch: number; readonly uptime: number; readonly monotonic: number } };

/** Where and how a process is started. */
export interface Place {
  /** Its program, where it runs; Node itself on this machine. */
  readonly command?: readonly [program: string, args: readonly string[]];
  readonly env?: NodeJS.ProcessEnv;
  readonly clock?: ClockClaim | undefined;
}

export interface Round {
  readonly store: string;
  readonly fault: Fault;
  readonly seed: number;
  readonly counts: Counts;
  readonly findings: Findings;
}
