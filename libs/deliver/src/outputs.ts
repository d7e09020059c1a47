/**
 * All outputs of a processor; a change goes to all of them, or to those that its routes have chosen. A message waits for the required outputs, side by side; the
 * others have buffers of their own and delay nothing.
 */
import type { DStreamError, StopSignals } from '@dstream/core';
import { Backoff, pause, retry, runAll } from '@dstream/async';
import type { DecodedChange, Recipients } from './decode-message.ts';
import { OptionalOutput } from './optional-output.ts';
import { OutputMonitor, type OutputReport, type Sender } from './output-monitor.ts';
import type { ProcessorParts } from './processor-parts.ts';
import {
  attemptToPublish,
  Bisection,
  publishWaits,
  type AttemptOptions,
  type RefusedChange,
} from './publish-attempt.ts';

/** Identifies on whose behalf changes are published. */
export interface PublishCall {
  readonly sender: Sender;
  /** Called right before every attempt; throws when the session may no longer be ours. */
  readonly mayStart: () => void;
  /** Once it aborts nothing is tried again. */
  readonly giveUp: AbortSignal;
}

/** A change that a required output will never accept. */
export interface RefusedByOutput extends RefusedChange {
  readonly output: string;
}

/** Connects, publishes, reports. */
export class Outputs {
  readonly #parts: ProcessorParts;
  readonly #monitors: readonly OutputMonitor[];
  readonly #required: readonly OutputMonitor[];
  readonly #optional: readonly OptionalOutput[];

  constructor(parts: ProcessorParts) {
    const { clock, log, metrics } = parts;
    this.#parts = parts;
    this.#monitors = parts.outputs.map(
      (output) => new OutputMonitor(output, { clock, log, metrics: metrics.output(output.name) }),
    );
    this.#required = this.#monitors.filter(({ output }) => output.required);
    this.#optional = this.#monitors
      .filter(({ output }) => !output.required)
      .map((monitor) => new OptionalOutput(monitor, parts));
  }

  /** Names of those that a message waits for. */
  get required(): readonly string[] {
    return this.#required.map(({ output }) => output.name);
  }

  /**
   * Resolves when every required output is reached; the others are connected in the background. Rejects with what a
   * person must fix, or with `signal.reason`. In any case `finish` ends what was begun.
   */
  async connect(signal: AbortSignal, stop: StopSignals): Promise<void> {
    const { clock, random } = this.#parts;
    for (const output of this.#optional) output.start(stop);
    const connects = this.#required.map(({ output, connecting }) => async (until: AbortSignal) => {
      const options = { clock, random, failureLog: connecting };
      await retry((attempt) => output.publisher.connect({ signal: attempt }), until, options);
    });
    await runAll(signal, connects);
  }

  /** Names of all. */
  get names(): ReadonlySet<string> {
    return new Set(this.#monitors.map(({ output }) => output.name));
  }

  /**
   * Resolves when every required output has accepted the changes or refused them for good, with the refused ones.
   * Rejects with LockLost, with OutputClosed of a required output, with the last error after `giveUp`, or with
   * `signal.reason`.
   */
  async publish(
    changes: readonly DecodedChange[],
    signal: AbortSignal,
    call: PublishCall,
  ): Promise<readonly RefusedByOutput[]> {
    if (changes.length === 0) return [];
    for (const output of this.#optional) output.offer(changesFor(output.name, changes));
    const refused: RefusedByOutput[] = [];
    const publishes = this.#required.map((monitor) => async (until: AbortSignal) => {
      const own = changesFor(monitor.output.name, changes);
      if (own.length === 0) return;
      const bytes = own.reduce((sum, { line }) => sum + line.length, 0);
      monitor.waiting(own.length, bytes);
      try {
        refused.push(...(await this.#publishTo(monitor, own, until, call)));
      } finally {
        monitor.waiting(-own.length, -bytes);
      }
    });
    await runAll(signal, publishes);
    return refused;
  }

  /** Refused changes of `output` were dead-lettered. */
  deadLettered(output: string, changes: number): void {
    this.#monitors.find((monitor) => monitor.output.name === output)?.deadLettered(changes);
  }

  /** A session publishes no more. */
  forget(sender: Sender): void {
    for (const monitor of this.#required) monitor.forget(sender);
  }

  /** Called when nothing is published any more. Empties the buffers, within the limits of the stop. Never rejects. */
  async finish(): Promise<void> {
    await Promise.all(this.#optional.map((output) => output.finish()));
  }

  report(): readonly OutputReport[] {
    return this.#monitors.map((monitor) => monitor.report());
  }

  async #publishTo(
    monitor: OutputMonitor,
    changes: readonly DecodedChange[],
    signal: AbortSignal,
    call: PublishCall,
  ): Promise<readonly RefusedByOutput[]> {
    const { clock, random } = this.#parts;
    const refused = await publishInOrder(changes, signal, { ...call, monitor, clock, random });
    if (refused.length > 0) monitor.refused(refused.length);
    return refused.map((one) => ({ ...one, output: monitor.output.name }));
  }
}

/** The changes that an output gets; the same list where all of them go to it. */
function changesFor(output: string, changes: readonly DecodedChange[]): readonly DecodedChange[] {
  if (changes.every(({ to }) => to === undefined || isFor(output, to))) return changes;
  return changes.flatMap((change) => {
    if (change.to === undefined) return change;
    if (!change.to.has(output)) return [];
    const destination = change.to.get(output);
    return destination === undefined ? change : { ...change, destination };
  });
}

/** It goes to the output as it is. */
function isFor(output: string, to: Recipients): boolean {
  return to.has(output) && to.get(output) === undefined;
}

interface PublishOptions extends AttemptOptions, PublishCall {
  readonly random: () => number;
}

/**
 * Publishes changes of one session to one required output, in order, until each is accepted or refused. Transient errors
 * are retried with growing waits; an error that repeats is bisected down to the change that causes it; the rest continues.
 */
async function publishInOrder(
  changes: readonly DecodedChange[],
  signal: AbortSignal,
  options: PublishOptions,
): Promise<readonly RefusedChange[]> {
  const refused: RefusedChange[] = [];
  const backoff = new Backoff({ ...publishWaits, random: options.random });
  const bisection = new Bisection(options);
  let rest = changes;
  while (rest.length > 0) {
    signal.throwIfAborted();
    options.mayStart();
    const chunk = bisection.size >= rest.length ? rest : rest.slice(0, bisection.size);
    const attempt = bisection.judge(chunk, await attemptToPublish(chunk, signal, options));
    refused.push(...attempt.refused);
    rest = chunk === rest ? attempt.again : [...attempt.again, ...rest.slice(chunk.length)];
    if (attempt.transient === undefined || attempt.bisect) backoff.reset();
    if (attempt.transient !== undefined) await waitAfter(attempt.transient, backoff.next(), signal, options);
  }
  return refused;
}

async function waitAfter(
  error: DStreamError,
  ms: number,
  signal: AbortSignal,
  { clock, giveUp }: PublishOptions,
): Promise<void> {
  await pause(clock, ms, signal, giveUp);
  signal.throwIfAborted();
  if (giveUp.aborted) throw error;
}
