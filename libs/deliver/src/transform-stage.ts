/**
 * One transform for the changes of one session: which changes it gets, calls that are retried or bisected, and its results in the
 * places of the changes that they were made of.
 */
import {
  asDStreamError,
  changeMatcher,
  DStreamError,
  partId,
  mayHaveRounded,
  roundedNumber,
  type ChangeEvent,
  type Clock,
  type Hash,
  type RouteOverride,
  type StampedEvent,
  type Transformed,
} from '@dstream/core';
import { retry, type RetryOptions } from '@dstream/async';
import type { DecodedChange, Recipients } from './decode-message.ts';
import type { TransformMonitor } from './transform-monitor.ts';
import { WaitingLog } from './waiting-log.ts';

/** A change on its way through the transforms. Its line is written once, at the end. */
export interface TransformItem {
  readonly source: DecodedChange;
  readonly event: StampedEvent;
  readonly to: Recipients | undefined;
}

/** Changes to dead-letter, as they arrived, and why. */
export type FailedItems = Map<DecodedChange, DStreamError>;

/** One configured transform, and the record of what became of its changes. */
export type ObservedTransform = Pick<
  TransformMonitor,
  'configured' | 'attempts' | 'called' | 'count' | 'failed'
>;

/** Options of a `TransformStage`. */
export interface TransformStageOptions {
  readonly clock: Clock;
  readonly hash: Hash;
  /** The session, for the log; empty where there are none. */
  readonly session: string;
  /** Draws a number in [0, 1), for back-offs. */
  readonly random: () => number;
  /** Once it aborts nothing is tried again. */
  readonly giveUp: AbortSignal;
  /** Called with true when the session begins to wait for a transform, with false when it waits no more. @param on `transform mine` */
  readonly waits?: ((on: string, waits: boolean) => void) | undefined;
}

/** One transform, for one session. */
export class TransformStage {
  readonly #monitor: ObservedTransform;
  readonly #matches: (event: ChangeEvent) => boolean;
  readonly #clock: Clock;
  readonly #hash: Hash;
  readonly #retrying: RetryOptions;
  readonly #waiting: WaitingLog;

  constructor(monitor: ObservedTransform, options: TransformStageOptions) {
    this.#monitor = monitor;
    this.#matches = changeMatcher(monitor.configured.match);
    this.#clock = options.clock;
    this.#hash = options.hash;
    const what = `transform ${monitor.configured.name}`;
    const { clock, random, giveUp, session, waits } = options;
    this.#waiting = new WaitingLog(monitor.attempts(session), (isWaiting) => waits?.(what, isWaiting));
    this.#retrying = {
      clock,
      random,
      giveUp,
      failureLog: this.#waiting,
      again: (error) => !isOfAChange(error) && error.disposition !== 'lost',
    };
  }

  /**
   * Resolves with the items after this transform, in order, and adds to `failed` what is to be dead-lettered. Rejects with what is no
   * failure of a change, or with `signal.reason`.
   */
  async apply(
    items: readonly TransformItem[],
    failed: FailedItems,
    signal: AbortSignal,
  ): Promise<readonly TransformItem[]> {
    // A marker of a gap has no data: there is nothing to transform.
    const matching = items.filter(({ event }) => event.metadata.operation !== 'gap' && this.#matches(event));
    if (matching.length === 0) return items;
    const overrides: Overrides = new Map();
    const startedMs = this.#clock.monotonicMs();
    const results = await this.#exactResults(matching, overrides, signal).finally(() =>
      this.#waiting.ended(),
    );
    this.#monitor.called(startedMs);
    return this.#merge(items, { matching, results, overrides }, failed);
  }

  /** Puts the results in the places of the items that they were made of. */
  #merge(
    items: readonly TransformItem[],
    { matching, results, overrides }: Applied,
    failed: FailedItems,
  ): readonly TransformItem[] {
    const counts = { unchanged: 0, changed: 0, dropped: 0 };
    const merged: TransformItem[] = [];
    let next = 0;
    for (const item of items) {
      const result = matching[next] === item ? results[next++] : undefined;
      if (result === undefined) merged.push(item);
      else if (result instanceof DStreamError) merged.push(...this.#failed(item, result, failed));
      else {
        counts[outcomeOf(item.event, result)] += 1;
        for (const made of this.#made(item, result, overrides)) merged.push(made);
      }
    }
    for (const outcome of ['unchanged', 'changed', 'dropped'] as const)
      this.#monitor.count(outcome, counts[outcome]);
    return merged;
  }

  /** As many as items. A change whose numbers were rounded when it was read would be written with other digits. */
  async #exactResults(
    items: readonly TransformItem[],
    overrides: Overrides,
    signal: AbortSignal,
  ): Promise<readonly Transformed[]> {
    const errors = items.map(roundingError);
    const exact = items.filter((_, index) => errors[index] === undefined);
    const results = exact.length === 0 ? [] : await this.#results(exact, overrides, signal);
    if (exact.length === items.length) return results;
    const next = results.values();
    return errors.map((error) => error ?? next.next().value ?? []);
  }

  /** As many as items. A batch that is refused as a whole is bisected down to the change that causes it. */
  async #results(
    items: readonly TransformItem[],
    overrides: Overrides,
    signal: AbortSignal,
  ): Promise<readonly Transformed[]> {
    const events = items.map(({ event }) => event);
    try {
      return await retry((attempt) => this.#call(events, overrides, attempt), signal, this.#retrying);
    } catch (caught) {
      signal.throwIfAborted();
      const error = asDStreamError(caught);
      if (!isOfAChange(error)) throw error;
      if (items.length === 1) return [error];
      const middle = Math.ceil(items.length / 2);
      const first = await this.#results(items.slice(0, middle), overrides, signal);
      return [...first, ...(await this.#results(items.slice(middle), overrides, signal))];
    }
  }

  async #call(
    events: readonly StampedEvent[],
    overrides: Overrides,
    signal: AbortSignal,
  ): Promise<readonly Transformed[]> {
    const { transform, name } = this.#monitor.configured;
    const route = (event: StampedEvent, { output, destination }: RouteOverride) => {
      const to = overrides.get(event) ?? new Map<string, string | undefined>();
      overrides.set(event, to.set(output, destination));
    };
    const results = await transform.apply(events, { signal, route });
    if (results.length === events.length) return results;
    throw new Error(`the transform ${name} returned ${results.length} results for ${events.length} changes`);
  }

  /** Several that are made of one get ids of their own. */
  #made(item: TransformItem, made: readonly StampedEvent[], overrides: Overrides): readonly TransformItem[] {
    return made.map((event, index) => {
      const to = overrides.get(event) ?? item.to;
      if (made.length > 1) return { ...item, event: withPart(event, index + 1, this.#hash), to };
      return event === item.event && to === item.to ? item : { ...item, event, to };
    });
  }

  #failed(item: TransformItem, error: DStreamError, failed: FailedItems): readonly TransformItem[] {
    const { onError, name } = this.#monitor.configured;
    this.#monitor.failed(item.source, error);
    if (onError === 'pass') return [item];
    if (onError === 'dead_letter') failed.set(item.source, ofTransform(name, error));
    return [];
  }
}

type Overrides = Map<StampedEvent, Map<string, string | undefined>>;

/** What a transform has answered. */
interface Applied {
  /** The items that it was called with. */
  readonly matching: readonly TransformItem[];
  /** One for each of them. */
  readonly results: readonly Transformed[];
  /** The outputs that it has chosen for events. */
  readonly overrides: Overrides;
}

const decoder = new TextDecoder();

/** Undefined also for what a transform made: its line is not written yet. */
function roundingError({ source, event }: TransformItem): DStreamError | undefined {
  const name = event === source.event ? roundedIn(source.line) : undefined;
  if (name === undefined) return undefined;
  return new DStreamError(
    'TransformFailed',
    `the change has a number in ${JSON.stringify(name)} with more digits than a double holds; its producer has to write a string`,
  );
}

function roundedIn(line: Uint8Array): string | undefined {
  const bytes = Buffer.from(line.buffer, line.byteOffset, line.byteLength);
  return mayHaveRounded(bytes.toString('latin1')) ? roundedNumber(decoder.decode(line)) : undefined;
}

function withPart(event: StampedEvent, part: number, hash: Hash): StampedEvent {
  const id = partId(event.metadata.id, part, hash);
  return { ...event, metadata: { ...event.metadata, id } };
}

function ofTransform(name: string, cause: DStreamError): DStreamError {
  return new DStreamError('TransformFailed', `transform ${name}: ${cause.message}`, { cause });
}

/** An error that a change causes; one that is unexpected is taken for a fault that a change causes. */
function isOfAChange({ disposition, code }: DStreamError): boolean {
  return disposition === 'dead-letter' || code === 'Unexpected';
}

function outcomeOf(event: StampedEvent, made: readonly StampedEvent[]): 'unchanged' | 'changed' | 'dropped' {
  if (made.length === 0) return 'dropped';
  return made.length === 1 && made[0] === event ? 'unchanged' : 'changed';
}
