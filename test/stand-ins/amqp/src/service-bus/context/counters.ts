/** What has happened since the start. */
export interface Counters {
  connections: number;
  /** Transfers: a batch is one. */
  sends: number;
  sendsRefused: number;
  messagesIn: number;
  deliveriesOut: number;
  completed: number;
  abandoned: number;
  released: number;
  deferred: number;
  deadLettered: number;
  /** Settlements answered with an error, such as a lost lock. */
  settlementsRefused: number;
  /** Locks of sessions handed out. */
  sessionsAccepted: number;
  renewals: number;
}

export const newCounters = (): Counters => ({
  connections: 0,
  sends: 0,
  sendsRefused: 0,
  messagesIn: 0,
  deliveriesOut: 0,
  completed: 0,
  abandoned: 0,
  released: 0,
  deferred: 0,
  deadLettered: 0,
  settlementsRefused: 0,
  sessionsAccepted: 0,
  renewals: 0,
});

const byKind = {
  complete: 'completed',
  abandon: 'abandoned',
  release: 'released',
  defer: 'deferred',
  'dead-letter': 'deadLettered',
} as const;

export function countSettlement(counters: Counters, kind: keyof typeof byKind): void {
  counters[byKind[kind]] += 1;
}
