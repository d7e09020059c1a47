/**
 * Publishes changes of one session to one required output, in order, until each is accepted or refused. Transient failures
 * are retried with growing waits; one that repeats is bisected down to the change that causes it; the rest continues.
 *
 * While the output, or the destination of these changes, is not available, the session waits: its breaker is not closed, a
 * person must fix the destination, or attempts of this session have failed several times in a row.
 */
import { DStreamError } from '@dstream/core';
import { Backoff, pause } from '@dstream/async';
import { Bisection } from './bisection.ts';
import type { DecodedChange } from './decode-message.ts';
import type { OutputGate } from './output-gate.ts';
import type { Sender } from './output-monitor.ts';
import { publishWaits, type ProcessorParts } from './processor-parts.ts';
import {
  attemptToPublish,
  type Attempt,
  type AttemptOptions,
  type RefusedChange,
} from './publish-attempt.ts';

/** Identifies on whose behalf changes are published. */
export interface PublishCall {
  readonly sender: Sender;
  /** The id of the session; undefined where there are none. */
  readonly session: string | undefined;
  /** Called right before every attempt; throws when the session may no longer be ours. */
  readonly mayStart: () => void;
  /** Once it aborts nothing is tried again. */
  readonly giveUp: AbortSignal;
  /** Called with true when the session begins to wait for an output, with false when it waits no more. */
  readonly waits?: ((output: string, waits: boolean) => void) | undefined;
}

/** Failures in a row after which a session waits. */
const failuresToWait = 5;

/** One publication to one output. */
export class PublicationInOrder {
  readonly #gate: OutputGate;
  readonly #changes: readonly DecodedChange[];
  readonly #call: PublishCall;
  readonly #parts: Pick<ProcessorParts, 'clock' | 'random'>;
  readonly #refused: RefusedChange[] = [];
  #rest: readonly DecodedChange[];
  #failures = 0;
  #waits = false;
  #lastError: DStreamError | undefined;

  constructor(
    gate: OutputGate,
    changes: readonly DecodedChange[],
    call: PublishCall,
    parts: Pick<ProcessorParts, 'clock' | 'random'>,
  ) {
    this.#gate = gate;
    this.#changes = changes;
    this.#rest = changes;
    this.#call = call;
    this.#parts = parts;
  }

  get output(): string {
    return this.#gate.output.name;
  }

  /** Changes that were refused for good. */
  get refused(): readonly RefusedChange[] {
    return this.#refused;
  }

  /** Changes that the output has accepted. */
  get accepted(): readonly DecodedChange[] {
    const open = new Set([...this.#rest, ...this.#refused.map(({ change }) => change)]);
    return this.#changes.filter((change) => !open.has(change));
  }

  /** Why changes are left that were neither accepted nor refused, once `run` has resolved: it was given up. */
  get gaveUp(): DStreamError | undefined {
    if (this.#rest.length === 0) return undefined;
    return this.#lastError ?? new DStreamError('Unreachable', `output ${this.output} is not available`);
  }

  /** Called once. Resolves when nothing is left, or after `giveUp`. Rejects with LockLost, OutputClosed or `signal.reason`. */
  async run(signal: AbortSignal): Promise<void> {
    if (this.#changes.length === 0) return;
    const { monitor } = this.#gate;
    const bytes = bytesOf(this.#changes);
    monitor.waiting(this.#changes.length, bytes);
    try {
      await this.#publish(signal);
    } finally {
      monitor.waiting(-this.#changes.length, -bytes);
      if (this.#refused.length > 0) monitor.refused(this.#refused.length);
      this.#setWaits(false);
    }
  }

  async #publish(signal: AbortSignal): Promise<void> {
    const { clock, random } = this.#parts;
    const { giveUp, sender, mayStart } = this.#call;
    const options = { gate: this.#gate, sender, mayStart, clock };
    const backoff = new Backoff({ ...(this.#gate.output.retry ?? publishWaits), random });
    using bisection = new Bisection(options);
    while (this.#rest.length > 0) {
      const attempt = await this.#attempt(bisection, signal, options);
      if (attempt === undefined) return;
      if (attempt.transient === undefined) backoff.reset();
      else await pause(clock, backoff.next(), signal, giveUp);
      signal.throwIfAborted();
      if (attempt.transient !== undefined && giveUp.aborted) return;
    }
  }

  /** Undefined when it was given up before it could be made. */
  async #attempt(
    bisection: Bisection,
    signal: AbortSignal,
    options: AttemptOptions,
  ): Promise<Attempt | undefined> {
    const { breaker } = this.#gate;
    const { giveUp } = this.#call;
    if (!breaker.isClosed) this.#setWaits(true);
    using _turn = breaker.isClosed ? undefined : await breaker.acquireTurn(signal, giveUp);
    signal.throwIfAborted();
    if (giveUp.aborted && !breaker.isClosed) return undefined;
    const chunk = bisection.size >= this.#rest.length ? this.#rest : this.#rest.slice(0, bisection.size);
    const attempt = bisection.judge(chunk, await attemptToPublish(chunk, signal, options));
    this.#refused.push(...attempt.refused);
    const after = chunk === this.#rest ? [] : this.#rest.slice(chunk.length);
    this.#rest = after.length === 0 ? attempt.again : [...attempt.again, ...after];
    this.#judgeWaiting(attempt);
    return attempt;
  }

  #judgeWaiting({ transient }: Attempt): void {
    const { isClosed } = this.#gate.breaker;
    this.#failures = transient === undefined ? 0 : this.#failures + 1;
    this.#lastError = transient;
    const failsLong = this.#failures >= failuresToWait || transient?.code === 'DestinationUnusable';
    if (transient !== undefined && (failsLong || !isClosed)) this.#setWaits(true);
    else if (transient === undefined && isClosed) this.#setWaits(false);
  }

  #setWaits(waits: boolean): void {
    if (waits === this.#waits) return;
    this.#waits = waits;
    this.#call.waits?.(this.output, waits);
  }
}

function bytesOf(changes: readonly DecodedChange[]): number {
  let bytes = 0;
  for (const change of changes) bytes += change.line.length;
  return bytes;
}
