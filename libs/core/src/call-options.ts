/** What every asynchronous call of an adapter takes. When `signal` aborts, the call's promise rejects with `signal.reason`. */
export interface CallOptions {
  readonly signal: AbortSignal;
}
