/** Takes the write lock of a database for a transaction, waiting in line while another transaction has it. */
import { errors } from '../errors/errors.ts';
import type { Timers } from '../server/server-state.ts';
import type { Database } from '../storage/database.ts';
import type { Transaction } from '../storage/transaction.ts';
import type { Replying } from './replies.ts';

export interface LockWait {
  readonly timers: Timers;
  readonly signal: AbortSignal;
  /** Milliseconds; -1 waits for ever, 0 not at all (SET LOCK_TIMEOUT). */
  readonly timeoutMs: number;
  readonly sessionId: number;
}

/** Whose lock a transaction waits for. */
const waitsFor = new WeakMap<object, Database>();

/** Errors 1222 when the time is over, 1205 when the holder waits for this transaction. */
export function* takeWriteLock(database: Database, transaction: Transaction, wait: LockWait): Replying {
  if (!database.lock.tryTake(transaction)) {
    if (isDeadlock(database, transaction)) throw errors.deadlock(wait.sessionId);
    if (wait.timeoutMs === 0) throw errors.lockTimeout();
    yield* waitInLine(database, transaction, wait);
  }
  transaction.databases.add(database);
}

function isDeadlock(database: Database, transaction: Transaction): boolean {
  const seen = new Set<object>();
  for (let holder = database.lock.holder; holder !== undefined && !seen.has(holder);) {
    if (holder === transaction) return true;
    seen.add(holder);
    holder = waitsFor.get(holder)?.lock.holder;
  }
  return false;
}

function* waitInLine(
  database: Database,
  transaction: Transaction,
  { timers, signal, timeoutMs }: LockWait,
): Replying {
  let outcome: 'granted' | 'timeout' | 'aborted' | undefined;
  /** False when the consumer gave up meanwhile. */
  let resumed = false;
  const { promise, resolve } = Promise.withResolvers<void>();
  const settle = (how: NonNullable<typeof outcome>): void => {
    outcome ??= how;
    resolve();
  };
  const onAbort = (): void => settle('aborted');
  const leave = database.lock.wait(transaction, () => settle('granted'));
  const cancel = timeoutMs > 0 ? timers.after(timeoutMs, () => settle('timeout')) : () => {};
  signal.addEventListener('abort', onAbort, { once: true });
  waitsFor.set(transaction, database);
  try {
    yield { kind: 'wait', until: promise };
    resumed = true;
  } finally {
    waitsFor.delete(transaction);
    signal.removeEventListener('abort', onAbort);
    cancel();
    leave();
    if (!resumed || outcome !== 'granted') database.lock.release(transaction);
  }
  if (outcome === 'timeout') throw errors.lockTimeout();
  if (outcome === 'aborted') throw signal.reason;
}
