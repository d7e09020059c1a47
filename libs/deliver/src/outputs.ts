/**
 * All outputs of a processor; a change goes to all of them, or to those that its routes have chosen. A message waits for the required outputs, side by side; the
 * others have buffers of their own and delay nothing.
 */
import type { StopSignals } from '@dstream/core';
import { runAll } from '@dstream/async';
import { AcceptedChanges } from './accepted-changes.ts';
import type { DecodedChange, Recipients } from './decode-message.ts';
import { OptionalOutput } from './optional-output.ts';
import { OutputGate } from './output-gate.ts';
import { OutputMonitor, type OutputReport, type Sender } from './output-monitor.ts';
import type { ProcessorParts } from './processor-parts.ts';
import type { RefusedChange } from './publish-attempt.ts';
import { PublicationInOrder, type PublishCall } from './publish-in-order.ts';
import { RequiredConnection } from './required-connection.ts';
import type { MessageOutcome } from './settle.ts';

/** A change that a required output will never accept. */
export interface RefusedByOutput extends RefusedChange {
  readonly output: string;
}

/** What became of published changes. */
export interface Published {
  readonly refused: readonly RefusedByOutput[];
  /**
   * To be called before messages are settled of which a part has failed. Should they come again, because they could not be
   * settled, no output is given again what it has accepted.
   */
  readonly remember: () => void;
}

/** Connects, publishes, reports. */
export class Outputs {
  readonly #parts: ProcessorParts;
  readonly #gates: readonly OutputGate[];
  readonly #required: readonly OutputGate[];
  readonly #optional: readonly OptionalOutput[];
  readonly #accepted = new AcceptedChanges();
  readonly #connections: readonly RequiredConnection[];
  #connecting: readonly Promise<void>[] = [];

  constructor(parts: ProcessorParts) {
    const { clock, log, metrics } = parts;
    this.#parts = parts;
    this.#gates = parts.outputs.map((output) => {
      const monitor = new OutputMonitor(output, { clock, log, metrics: metrics.output(output.name) });
      return new OutputGate(monitor, parts);
    });
    this.#required = this.#gates.filter(({ output }) => output.required);
    this.#connections = this.#required.map((gate) => new RequiredConnection(gate, parts));
    this.#optional = this.#gates
      .filter(({ output }) => !output.required)
      .map((gate) => new OptionalOutput(gate, parts));
  }

  /** Names of those that a message waits for. */
  get required(): readonly string[] {
    return this.#required.map(({ output }) => output.name);
  }

  /** False while the breaker of a required output is not closed: sessions wait for it. */
  get areAvailable(): boolean {
    return this.#required.every(({ breaker }) => breaker.isClosed);
  }

  /** True once every required output was reached. */
  get areReached(): boolean {
    return this.#connections.every(({ isReached }) => isReached);
  }

  /**
   * Resolves when each required output has been tried and one is reached; the rest are connected in the background. Rejects with
   * what a person must fix, or with the reason of the stop. In any case `finish` ends what was begun, after the stop.
   * @param reached called for each required output, when it is reached
   */
  async connect(stop: StopSignals, reached: () => void): Promise<void> {
    for (const output of this.#optional) output.start(stop);
    if (this.#connections.length === 0) return;
    this.#connecting = this.#connections.map((connection) => connection.run(stop, reached));
    await Promise.all(this.#connections.map(({ tried }) => tried));
    // One that fails for good meanwhile ends the wait, too.
    await Promise.race(this.#connections.map((connection) => connection.reached));
    for (const connection of this.#connections) connection.started();
  }

  /** Names of all. */
  get names(): ReadonlySet<string> {
    return new Set(this.#gates.map(({ output }) => output.name));
  }

  /**
   * Resolves when every required output has accepted the changes that go to it or refused them for good. Rejects with LockLost,
   * with OutputClosed of a required output, with the last error after `giveUp`, or with `signal.reason`. When the same changes
   * come again after that, an output is not given again what it has accepted.
   */
  async publish(
    changes: readonly DecodedChange[],
    signal: AbortSignal,
    call: PublishCall,
  ): Promise<Published> {
    const session = call.session ?? '';
    for (const output of this.#optional)
      output.offer(this.#accepted.without(session, output.name, changesFor(output.name, changes)));
    const publications = this.#required.map((gate) => {
      const { name } = gate.output;
      const owed = this.#accepted.without(session, name, changesFor(name, changes));
      return new PublicationInOrder(gate, owed, call, this.#parts);
    });
    const remember = () => {
      for (const { output, accepted } of publications) this.#accepted.remember(session, output, accepted);
      for (const { name } of this.#optional)
        this.#accepted.remember(session, name, changesFor(name, changes));
    };
    try {
      const tasks = publications.map((one) => (until: AbortSignal) => one.run(until));
      await runAll(signal, tasks);
      // Each has ended by itself: what one has begun is not broken off because another one is given up.
      for (const { gaveUp } of publications) if (gaveUp !== undefined) throw gaveUp;
    } catch (error) {
      remember();
      throw error;
    }
    const refused = publications.flatMap(({ output, refused }) => refused.map((one) => ({ ...one, output })));
    return { refused, remember };
  }

  /** These messages, of `published` changes among others, are settled. */
  settled(
    session: string | undefined,
    messages: readonly Pick<MessageOutcome, 'fresh'>[],
    published: readonly DecodedChange[],
  ): void {
    this.#accepted.settled(session ?? '', messages, published);
  }

  /** Refused changes of `output` were dead-lettered. */
  deadLettered(output: string, changes: number): void {
    this.#gates.find((gate) => gate.output.name === output)?.monitor.deadLettered(changes);
  }

  /** A session publishes no more. */
  forget(sender: Sender): void {
    for (const { monitor } of this.#required) monitor.forget(sender);
  }

  /** Called when nothing is published any more. Empties the buffers, within the limits of the stop. Never rejects. */
  async finish(): Promise<void> {
    await Promise.all(this.#connecting);
    await Promise.all(this.#optional.map((output) => output.finish()));
    await Promise.all(this.#gates.map((gate) => gate[Symbol.asyncDispose]()));
  }

  report(): readonly OutputReport[] {
    return this.#gates.map(({ monitor }) => monitor.report());
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
