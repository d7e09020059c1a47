/** The two steps of stopping. */
export interface StopSignals {
  /** Aborts first: take nothing new, finish what is in flight. */
  readonly draining: AbortSignal;
  /** Aborts when the time is up or at a second signal: give up now. */
  readonly aborted: AbortSignal;
}

/** A long-running part of a process. */
export interface Service {
  readonly name: string;
  /** Called once per life. Resolves when stopped; a rejection asks the supervisor to restart it with back-off. */
  run(stop: StopSignals): Promise<void>;
}
