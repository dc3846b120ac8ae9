/** What every suite is. A suite is one file in suites/ and one line in run.mjs. */
export interface Suite {
  readonly name: string;
  /** What makes a run whole, as the end of a sentence. */
  readonly whole: string;
  /** What the machine lacks for it, each with the way to get it; empty when it can run. */
  missing(): readonly string[];
  run(options: SuiteOptions): Promise<SuiteResult>;
  /** Runs one design alone under the profiler and prints where its time goes. */
  readonly profile?: (target: string, options: SuiteOptions) => Promise<void>;
}

export interface SuiteOptions {
  /** A smoke test: few short slots, nothing judged. */
  readonly quick: boolean;
  /** The largest sizes too. */
  readonly full: boolean;
  readonly rounds: number | undefined;
  /** Length of a slot, ms. */
  readonly slot: number | undefined;
  /** The one part of the suite to run. */
  readonly only: string | undefined;
  /** Where stores on disk keep their data during the run; by default the system's temporary folder. */
  readonly data: string | undefined;
  /** Of `rehearsal`: how many sessions, and into how many parts the store lays them. */
  readonly sessions: number | undefined;
  readonly shards: number | undefined;
  readonly buckets: number | undefined;
  readonly say: (line: string) => void;
}

export interface SuiteResult {
  readonly rows: readonly (Row | Figure)[];
  /** Markdown for RESULTS.md. */
  readonly section: string;
  /** Whether it was a whole run, fit to be kept. */
  readonly complete: boolean;
}

/** One cell, as `--json` writes it. */
export interface Row {
  readonly suite: string;
  readonly framework: string;
  readonly design: string;
  readonly workload: string;
  /** Requests per second as a share of the bare server's, corrected by the control. */
  readonly ratio: number;
  /** The 95 % interval of `ratio`. */
  readonly low: number;
  readonly high: number;
  /** CPU time that a request takes more than with the bare server, µs, corrected by the control. */
  readonly addedCpuUs: number;
}

/** One figure of a suite that compares sizes, as `--json` writes it. */
export interface Figure {
  readonly suite: string;
  readonly design: string;
  readonly sessions: number;
  readonly figure: string;
  readonly unit: string;
  /** The median of the rounds, and the least and the most. */
  readonly median: number;
  readonly low: number;
  readonly high: number;
}
