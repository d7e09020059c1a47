/** What the runner knows of a client, or another program, that another vendor wrote in another language. */

/** Something that must be installed. `probe` is a command that exits 0 where it is. */
export interface Tool {
  /** As a reason to skip names it: `python3 with venv`. */
  readonly name: string;
  readonly probe: readonly [command: string, ...args: string[]];
  readonly cwd?: URL;
}

/** Takes one line for each check. */
export interface Report {
  passed(check: string): void;
  failed(check: string, why: string): void;
  skipped(check: string, why: string): void;
}

export interface ForeignClient {
  /** `LANGUAGE/LIBRARY`, also the place of its program below this folder. */
  readonly name: string;
  /** Where one is absent the client is skipped, with that reason. */
  readonly tools: readonly Tool[];
  /** Fetches the pinned dependencies and builds, below `test/foreign`. Called before `run`; a rejection is a failure. */
  prepare(signal: AbortSignal): Promise<void>;
  /** After it the client is stopped, and skipped from there on. Default: none. */
  readonly limitMs?: number;
  /** Starts what the program talks to, runs the program, ends both. A rejection is a failure beside those reported. */
  run(report: Report, signal: AbortSignal): Promise<void>;
}
