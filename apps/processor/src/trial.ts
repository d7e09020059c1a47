/** Applies the transforms and routes of a configuration to changes that come from no topic, and sends them nowhere. */
import type { ProcessorConfig } from '@dstream/config';
import {
  asDStreamError,
  DStreamError,
  type AdapterServices,
  type ErrorCode,
  type StampedEvent,
} from '@dstream/core';
import {
  Router,
  TransformChain,
  type ConfiguredTransform,
  type DecodedChange,
  type ObservedTransform,
  type Recipients,
} from '@dstream/deliver';
import { openRouting, openTransform } from './open-transforms.ts';

/** A change as it would arrive from the topic. */
export interface TrialChange {
  readonly event: StampedEvent;
  /** Its line. */
  readonly text: string;
}

/** One of the changes that became of one. */
export interface MadeChange extends TrialChange {
  /** Null where only the routes would decide, and they are not part of the trial. */
  readonly route: readonly TrialRecipient[] | null;
}

/** An output that gets a change. */
export interface TrialRecipient {
  readonly output: string;
  /** Only where a transform has chosen it. */
  readonly destination?: string;
}

/** A transform or a route that failed on a change. */
export interface TrialFailure {
  /** Null of a route, and of a transient failure, which concerns a whole call. */
  readonly transform: string | null;
  readonly code: ErrorCode;
  readonly reason: string;
  /** What a processor does: `retry` for a transient failure, else `on_error` of the transform. */
  readonly outcome: 'retry' | 'dead_letter' | 'drop' | 'pass';
}

/** What became of one change. `C` is what the caller knows of it. */
export interface TriedChange<C extends TrialChange = TrialChange> {
  readonly source: C;
  /** Empty where it was dropped or failed. */
  readonly made: readonly MadeChange[];
  readonly failures: readonly TrialFailure[];
}

/** Options of `Trial.open`. */
export interface TrialOptions {
  readonly processor: Pick<ProcessorConfig, 'transforms' | 'routes' | 'defaultOutputs' | 'outputs'>;
  readonly services: AdapterServices;
  /** The only transform that is applied, without the routes. Undefined: all, and the routes. */
  readonly only: string | undefined;
}

/** The transforms and routes of one file, opened. */
export class Trial implements AsyncDisposable {
  readonly #options: TrialOptions;
  readonly #parts: TrialParts;

  private constructor(options: TrialOptions, parts: TrialParts) {
    this.#options = options;
    this.#parts = parts;
  }

  /** Connects nothing. Rejects when a transform or a route cannot be opened. */
  static async open(options: TrialOptions): Promise<Trial> {
    const { processor, services, only } = options;
    await using opening = new AsyncDisposableStack();
    const transforms: ConfiguredTransform[] = [];
    for (const config of processor.transforms.filter(({ name }) => only === undefined || name === only))
      transforms.push(await openTransform(config, services, opening));
    const outputs = processor.outputs.map(({ name, ...output }) => ({
      name,
      publisher: { hasDestinations: 'destinationNames' in output },
    }));
    const routing = only === undefined ? await openRouting(processor) : { routes: [] };
    const router = new Router({ routing, outputs, dropped: () => undefined });
    return new Trial(options, { transforms, router, connections: opening.move() });
  }

  /** Changes of one table, in order. Resolves with as many. Rejects with `signal.reason` only. */
  async apply<C extends TrialChange>(
    changes: readonly C[],
    signal: AbortSignal,
  ): Promise<readonly TriedChange<C>[]> {
    const decoded = new Map(changes.map((source) => [asDecoded(source), source]));
    const failed: Failed[] = [];
    const chain = chainOf(this.#parts.transforms, this.#options.services, failed);
    try {
      const transformed = await chain.apply([...decoded.keys()], signal);
      const made = Map.groupBy(transformed.changes, (change) => change.madeOf ?? change);
      return Array.from(decoded, ([change, source]) => {
        const own = failed.filter(([of]) => of === change).map(([, failure]) => failure);
        return { source, ...this.#routed(made.get(change) ?? [], own) };
      });
    } catch (error) {
      signal.throwIfAborted();
      const failure = failureOf(null, asDStreamError(error), 'retry');
      return changes.map((source) => ({ source, made: [], failures: [failure] }));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#parts.connections[Symbol.asyncDispose]();
  }

  /** One by one, because the router leaves out what goes nowhere. What fails with one fails with all made of its change. */
  #routed(changes: readonly DecodedChange[], failed: readonly TrialFailure[]): Omit<TriedChange, 'source'> {
    const { router } = this.#parts;
    const routed = changes.map((change) => ({ change, ...router.route([change]) }));
    const misrouted = routed
      .flatMap(({ failures }) => failures)
      .map(({ error }) => failureOf(null, error, 'dead_letter'));
    const made = routed.map(({ change, changes: [to] }) => ({
      event: change.event,
      text: decoder.decode(change.line),
      route: to === undefined ? [] : this.#recipients(to.to),
    }));
    return { made: misrouted.length > 0 ? [] : made, failures: [...failed, ...misrouted] };
  }

  #recipients(to: Recipients | undefined): readonly TrialRecipient[] | null {
    const { only, processor } = this.#options;
    if (to === undefined && only !== undefined) return null;
    if (to === undefined) return processor.outputs.map(({ name }) => ({ output: name }));
    return Array.from(to, ([output, destination]) => ({
      output,
      ...(destination !== undefined && { destination }),
    }));
  }
}

interface TrialParts {
  readonly transforms: readonly ConfiguredTransform[];
  readonly router: Router;
  readonly connections: AsyncDisposable;
}

/** A change, and how a transform failed on it. */
type Failed = readonly [DecodedChange, TrialFailure];

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** For one call, whose failures it adds to `failed`. Nothing is tried again: transient failures are reported, too. */
function chainOf(
  transforms: readonly ConfiguredTransform[],
  { clock, hash }: AdapterServices,
  failed: Failed[],
): TransformChain {
  const giveUp = AbortSignal.abort(new DStreamError('Transient', 'a trial makes one attempt'));
  return new TransformChain({
    transforms: transforms.map((configured) => observed(configured, failed)),
    clock,
    hash,
    random: () => 0,
    session: '',
    giveUp,
  });
}

function observed(configured: ConfiguredTransform, failed: Failed[]): ObservedTransform {
  return {
    configured,
    // No attempt is repeated.
    attempts: () => ({ failed: () => undefined, succeeded: () => undefined, left: () => undefined }),
    called: () => undefined,
    count: () => undefined,
    failed: (change, error) =>
      void failed.push([change, failureOf(configured.name, error, configured.onError)]),
  };
}

function failureOf(
  transform: string | null,
  { code, message: reason }: DStreamError,
  outcome: TrialFailure['outcome'],
): TrialFailure {
  return { transform, code, reason, outcome };
}

function asDecoded({ event, text }: TrialChange): DecodedChange {
  return { event, line: encoder.encode(text), orderingKey: '', messageId: '', index: 0 };
}
