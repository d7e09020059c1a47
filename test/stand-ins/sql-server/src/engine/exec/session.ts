/** One connection, as the TDS server sees it. */
import type { EngineSession, IsolationLevel, Reply, SqlParameter } from '../interface/engine-session.ts';
import { SqlError } from '../errors/sql-error.ts';
import { BatchRunner } from './batch-runner.ts';
import type { ParsedBatches } from './parsed-batches.ts';
import { ReplyStream, SyncReplyStream, type Replying } from './replies.ts';
import type { SessionState } from './session-state.ts';

export class Session implements EngineSession {
  readonly #state: SessionState;
  readonly #runner: BatchRunner;
  readonly #onClose: () => void;

  constructor(state: SessionState, parsed: ParsedBatches, onClose: () => void) {
    this.#state = state;
    this.#runner = new BatchRunner(state, parsed);
    this.#onClose = onClose;
  }

  get id(): number {
    return this.#state.id;
  }

  get database(): string {
    return this.#state.database.name;
  }

  get transactionId(): bigint {
    return this.#state.transaction?.id ?? 0n;
  }

  batch(sql: string, parameters: readonly SqlParameter[], signal: AbortSignal): AsyncIterable<Reply> {
    const source = this.#runner.batch(sql, parameters, signal);
    return this.#runner.neverWaits(sql) ? new SyncReplyStream(source) : new ReplyStream(source);
  }

  procedure(name: string, parameters: readonly SqlParameter[], signal: AbortSignal): AsyncIterable<Reply> {
    return new ReplyStream(this.#runner.procedure(name, parameters, signal));
  }

  begin(_isolation: IsolationLevel | undefined, name: string): AsyncIterable<Reply> {
    return this.#request(() => this.#state.begin(name));
  }

  commit(): AsyncIterable<Reply> {
    return this.#request(() => this.#state.commit());
  }

  rollback(name: string): AsyncIterable<Reply> {
    return this.#request(() => this.#state.rollback(name));
  }

  save(name: string): AsyncIterable<Reply> {
    return this.#request(() => {
      this.#state.save(name);
      return [];
    });
  }

  /** Errors become messages, as in a batch. */
  #request(run: () => Iterable<Reply>): AsyncIterable<Reply> {
    return new SyncReplyStream(requested(run));
  }

  reset(): void {
    this.#state.reset();
  }

  close(): void {
    this.#state.reset();
    this.#onClose();
  }
}

function* requested(run: () => Iterable<Reply>): Replying {
  try {
    yield* run();
  } catch (error) {
    if (!(error instanceof SqlError)) throw error;
    const { number, severity, state, message } = error;
    yield { kind: 'message', message: { number, severity, state, message, line: 1 } };
  }
  yield { kind: 'done' };
}
