import { withoutFrames, withoutSecrets } from './without-secrets.ts';

/**
 * What the caller does about an error:
 * - `retry`: it may work later; back off and try again.
 * - `dead-letter`: this message or change never will; dead-letter it and go on.
 * - `lost`: we no longer own the table, session or message; stop quietly.
 * - `fatal`: a person must act; the message says what to do.
 */
type Disposition = 'retry' | 'dead-letter' | 'lost' | 'fatal';

/** Every code and what the caller does about it. docs/operations.md explains them, and a test compares. */
export const dispositions = {
  // of a table (the other tables go on)
  HistoryLost: 'fatal',
  SourceWentBack: 'fatal',
  TableNotFound: 'fatal',
  TableNotCaptured: 'fatal',
  CdcNotEnabled: 'fatal',
  PermissionDenied: 'fatal',
  ChangeTooLarge: 'fatal',
  ChangeRefused: 'fatal',
  ChangeUnreadable: 'fatal',
  CheckpointUnreadable: 'fatal',
  LeaseHeldElsewhere: 'fatal',
  // of the process or of a connection
  LoginFailed: 'fatal',
  DatabaseNotFound: 'fatal',
  EntityNotFound: 'fatal',
  EntityMismatch: 'fatal',
  Unauthorized: 'fatal',
  ConfigInvalid: 'fatal',
  NotBuilt: 'fatal',
  PortInUse: 'fatal',
  OutputClosed: 'fatal',
  // transient
  Unreachable: 'retry',
  Throttled: 'retry',
  TimedOut: 'retry',
  Transient: 'retry',
  Stalled: 'retry',
  CaptureChanged: 'retry',
  DiskFull: 'retry',
  FileInUse: 'retry',
  Unexpected: 'retry',
  // of one destination of an output: its changes wait until a person has fixed it, the others go on
  DestinationUnusable: 'retry',
  // no longer ours
  LeaseLost: 'lost',
  LockLost: 'lost',
  // of one message
  MessageTooLarge: 'dead-letter',
  MalformedMessage: 'dead-letter',
  TransformFailed: 'dead-letter',
  Rejected: 'dead-letter',
} as const satisfies Record<string, Disposition>;

/** The codes of our errors. A contract: `/status`, metrics and logs show them. */
export type ErrorCode = keyof typeof dispositions;

const tableFaults: ReadonlySet<ErrorCode> = new Set([
  'HistoryLost',
  'SourceWentBack',
  'TableNotFound',
  'TableNotCaptured',
  'CdcNotEnabled',
  'PermissionDenied',
  'ChangeTooLarge',
  'ChangeRefused',
  'ChangeUnreadable',
  'CheckpointUnreadable',
  'LeaseHeldElsewhere',
]);

/**
 * The one error of ours. Vendor errors are translated into it once, at the adapter's edge, by number or code;
 * `cause` keeps the original. The message says what, which one, what now; what looks like a secret in it, or like a
 * stack of a dependency, is taken out.
 */
export class DStreamError extends Error {
  override readonly name: string = 'DStreamError';
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: { cause?: unknown }) {
    super(withoutSecrets(withoutFrames(message)), options);
    this.code = code;
  }

  get disposition(): Disposition {
    return dispositions[this.code];
  }
}

/** True for a fault of one table, which keeps its lease and is read again later while the others go on. */
export function isTableFault(error: unknown): error is DStreamError {
  return error instanceof DStreamError && tableFaults.has(error.code);
}

/** The part of a batch that was not accepted: everything of one key from `from` (an index into the input) on. */
export interface BatchFailure {
  /** Session id (topic) or ordering key (publisher). */
  readonly key: string;
  readonly from: number;
  readonly error: DStreamError;
}

/** Some of a batch was not accepted. For each key it is a suffix: what is before `from` was accepted, in order. */
export class BatchError extends DStreamError {
  override readonly name = 'BatchError';
  readonly failures: readonly BatchFailure[];

  constructor(failures: readonly [BatchFailure, ...BatchFailure[]]) {
    const [first] = failures;
    super(first.error.code, first.error.message, { cause: first.error });
    this.failures = failures;
  }
}

/**
 * Makes any thrown value a DStreamError. An unknown one is `Unexpected`, which is retried. Of an error and what failed
 * while things were disposed of after it (SuppressedError), the first one counts: `cause` keeps the others.
 */
export function asDStreamError(error: unknown): DStreamError {
  if (error instanceof DStreamError) return error;
  if (error instanceof SuppressedError) {
    const { code, message } = asDStreamError(error.suppressed);
    return new DStreamError(code, message, { cause: error });
  }
  const text = error instanceof Error ? error.message : String(error);
  return new DStreamError('Unexpected', text, { cause: error });
}

/**
 * What of a batch must be sent again after `error`. A BatchError names a suffix for each key; any other error names
 * none, so it is all of the batch, in the same order.
 */
export function notAccepted<T>(
  items: readonly T[],
  keyOf: (item: T) => string,
  error: DStreamError,
): readonly T[] {
  if (!(error instanceof BatchError)) return items;
  const from = new Map(error.failures.map((failure) => [failure.key, failure.from]));
  return items.filter((item, index) => index >= (from.get(keyOf(item)) ?? Infinity));
}
