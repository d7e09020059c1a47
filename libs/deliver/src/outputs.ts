/**
 * All outputs of a processor; every change goes to each of them. A message waits for the required ones, side by side; the
 * others have buffers of their own and hold nothing up.
 */
import type { FailedChange, RoutedEvent, StopSignals } from '@dstream/core';
import { retry, together } from '@dstream/async';
import { bytesOf } from './change-buffer.ts';
import { OptionalOutput } from './optional-output.ts';
import { OutputMonitor, type Sender } from './output-monitor.ts';
import type { ProcessorParts } from './processor-parts.ts';
import type { OutputReport } from './processor-report.ts';
import { publishInOrder } from './publish-in-order.ts';

/** A change on its way, with its place: which message of the step, which change of the message. */
export interface PlacedEvent extends RoutedEvent {
  readonly message: number;
  readonly index: number;
}

export interface PublishCall {
  readonly sender: Sender;
  /** Called right before every attempt; throws when the session can no longer be proven ours. */
  readonly mayStart: () => void;
  /** Once it aborts nothing is tried again. */
  readonly giveUp: AbortSignal;
}

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

  /**
   * Resolves when every required output is reached; the others are connected in the background. Rejects with what a
   * person must mend, or with `signal.reason`. Whatever becomes of it, `finish` ends what was begun.
   */
  async connect(signal: AbortSignal, stop: StopSignals): Promise<void> {
    const { clock, random } = this.#parts;
    for (const output of this.#optional) output.start(stop);
    const connects = this.#required.map(({ output, connecting }) => async (until: AbortSignal) => {
      const options = { clock, random, failureLog: connecting };
      await retry((attempt) => output.publisher.connect({ signal: attempt }), until, options);
    });
    await together(signal, connects);
  }

  /**
   * Resolves when every required output has accepted the events or refused them for good: the refused ones, by message.
   * Rejects with LockLost, with OutputClosed of a required output, with what is given up, or with `signal.reason`.
   */
  async publish(
    events: readonly PlacedEvent[],
    signal: AbortSignal,
    call: PublishCall,
  ): Promise<ReadonlyMap<number, FailedChange[]>> {
    const refused = new Map<number, FailedChange[]>();
    if (events.length === 0) return refused;
    for (const output of this.#optional) output.offer(events);
    const bytes = bytesOf(events);
    const publishes = this.#required.map((monitor) => async (until: AbortSignal) => {
      monitor.waiting(events.length, bytes);
      try {
        await this.#publishTo(monitor, events, refused, until, call);
      } finally {
        monitor.waiting(-events.length, -bytes);
      }
    });
    await together(signal, publishes);
    return refused;
  }

  /** Names of those that a message waits for. */
  get required(): readonly string[] {
    return this.#required.map(({ output }) => output.name);
  }

  /** Changes of `output` are set aside now. */
  deadLettered(output: string, changes: number): void {
    this.#monitors.find((monitor) => monitor.output.name === output)?.deadLettered(changes);
  }

  /** A session publishes no more. */
  forget(sender: Sender): void {
    for (const monitor of this.#required) monitor.forget(sender);
  }

  /** To be called once nothing is published any more: empties the buffers, within the stop's limits. Never rejects. */
  async finish(): Promise<void> {
    await Promise.all(this.#optional.map((output) => output.finish()));
  }

  report(): readonly OutputReport[] {
    return this.#monitors.map((monitor) => monitor.report());
  }

  async #publishTo(
    monitor: OutputMonitor,
    events: readonly PlacedEvent[],
    refused: Map<number, FailedChange[]>,
    signal: AbortSignal,
    call: PublishCall,
  ): Promise<void> {
    const { clock, random } = this.#parts;
    const failed = await publishInOrder(events, signal, { ...call, monitor, clock, random });
    for (const { event, error } of failed) {
      const { message, index } = event as PlacedEvent;
      const failure = { index, output: monitor.output.name, reason: error.message };
      refused.set(message, [...(refused.get(message) ?? []), failure]);
    }
    if (failed.length > 0) monitor.refused(failed.length);
  }
}
