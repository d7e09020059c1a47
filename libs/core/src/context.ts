/** What every part of a process works with: the signal of a call, the clock, the log. */

/** Options of every asynchronous call of an adapter. When `signal` aborts, the call's promise rejects with `signal.reason`. */
export interface CallOptions {
  readonly signal: AbortSignal;
}

/** Time as the product sees it. Given by constructor, so that tests control it. */
export interface Clock {
  /**
   * Wall clock, milliseconds since 1970 UTC. For people and for messages, never for deadlines of this process. The one
   * exception: a lease store whose service has no clock ends leases by it (`LeaseServices`).
   */
  wallMs(): number;
  /** Monotonic milliseconds with an arbitrary zero. Every deadline and every duration is measured on it. */
  monotonicMs(): number;
  /** Resolves after `ms` milliseconds; rejects with `signal.reason` on abort. Leaves no timer or listener behind. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
}

/** Plain values that go with a log line. Never a secret, never a row's values but the key that names it. */
export type LogFields = Readonly<Record<string, unknown>>;

/** A constant sentence plus fields. An `Error` goes under the field `error`. Runtime implements it with pino. */
export interface Log {
  debug(sentence: string, fields?: LogFields): void;
  info(sentence: string, fields?: LogFields): void;
  warn(sentence: string, fields?: LogFields): void;
  error(sentence: string, fields?: LogFields): void;
  child(fields: LogFields): Log;
}

/** Drops everything: for tests, and where a log is optional. */
export const silentLog: Log = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  child: () => silentLog,
};
