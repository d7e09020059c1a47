/** Time as the product sees it. Given by constructor, so that tests own it. */
export interface Clock {
  /**
   * Wall clock, milliseconds since 1970 UTC. For people and for messages, never for deadlines of this process. The one
   * exception: a lease store whose service tells no time ends leases by it (`LeaseServices`).
   */
  wallMs(): number;
  /** Monotonic milliseconds with an arbitrary zero. Every deadline and every duration is measured on it. */
  monotonicMs(): number;
  /** Resolves after `ms` milliseconds; rejects with `signal.reason` on abort. Leaves no timer or listener behind. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
}
