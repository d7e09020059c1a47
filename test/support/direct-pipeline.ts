/**
 * A pipeline without a broker, in this process: the changes of SQL Server tables, over the direct queue, to an output.
 * One life of it: what the next one goes on from are the leases that it was given.
 */
import { randomUUID } from 'node:crypto';
import { silentLog, type ChangeSource, type InstanceId, type Publisher } from '@dstream/core';
import type { InMemoryLeases } from '@dstream/memory/leases';
import { abortLater, systemClock, withAny } from '@dstream/async';
import { defaultProcessorSettings, Processor, processorMetrics, sessionsAhead } from '@dstream/deliver';
import { DirectQueue, DirectSubscription, DirectTopic } from '@dstream/direct';
import { Ingester, IngesterMetrics } from '@dstream/ingest';
import { Metrics, sha256Hex } from '@dstream/runtime';

export interface DirectPipelineParts {
  readonly source: ChangeSource;
  readonly publisher: Publisher;
  /** Of this replica. */
  readonly leases: InMemoryLeases;
  readonly leaseDurationMs: number;
}

const [clock, log] = [systemClock, silentLog];

/** How long the ingester may take to drain before the processor drains, too: an output that is away must not hold up the stop. */
const drainDeadlineMs = 2_000;

export class DirectPipeline implements AsyncDisposable {
  readonly ingester: Ingester;
  readonly processor: Processor;
  readonly #stack = new AsyncDisposableStack();
  readonly #draining = new AbortController();
  readonly #aborted = new AbortController();
  readonly #running: Promise<void>;

  constructor(parts: DirectPipelineParts) {
    const queue = new DirectQueue({ clock });
    const topic = this.#stack.use(new DirectTopic(queue));
    const held = defaultProcessorSettings.maxSessions + sessionsAhead(defaultProcessorSettings.maxSessions);
    const subscription = this.#stack.use(new DirectSubscription(queue, { maxSessions: held }));
    this.ingester = ingesterOf(parts, topic);
    this.processor = processorOf(parts, subscription);
    this.#running = this.#run();
  }

  /** The ingester drains first: the processor brings what it has sent to the outputs, and what is read is saved. */
  async #run(): Promise<void> {
    const [draining, aborted] = [this.#draining.signal, this.#aborted.signal];
    using drainDeadline = abortLater(clock, drainDeadlineMs, draining);
    const ingested = new AbortController();
    await Promise.all([
      this.ingester
        .run({ draining, aborted })
        .finally(() => ingested.abort(new Error('the ingester has ended'))),
      withAny([ingested.signal, drainDeadline.signal], (last) =>
        this.processor.run({ draining: last, aborted }),
      ),
    ]);
  }

  /** Resolves when everything that was read is delivered and saved, and the leases are released. */
  async stop(): Promise<void> {
    this.#draining.abort(new Error('stopping'));
    await this.#running;
  }

  /** As `kill -9`: nothing more is delivered, saved or released. */
  async kill(): Promise<void> {
    this.#aborted.abort(new Error('killed'));
    await this.stop().catch(() => undefined);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    await this.#stack.disposeAsync();
  }
}

function ingesterOf({ source, leases, leaseDurationMs }: DirectPipelineParts, topic: DirectTopic): Ingester {
  return new Ingester({
    instance: `direct-${randomUUID()}` as InstanceId,
    source,
    topic,
    leases,
    checkpoints: leases,
    names: { source: 'database', topic: 'direct queue', leases: 'leases in memory' },
    clock,
    log,
    random: Math.random,
    metrics: new IngesterMetrics(new Metrics(), clock),
    httpAddress: () => undefined,
    settings: {
      leaseDurationMs,
      checkpointIntervalMs: 20,
      checkpointIdleIntervalMs: 60_000,
      packMaxBytes: 131_072,
      packMaxChanges: 100,
      ordering: { by: 'table' },
      hash: sha256Hex,
    },
  });
}

function processorOf({ publisher }: DirectPipelineParts, subscription: DirectSubscription): Processor {
  return new Processor({
    instance: 'direct',
    subscription,
    source: 'direct queue',
    transforms: [],
    routing: { routes: [] },
    subscriptionName: 'dstream',
    outputs: [{ name: 'file', type: 'file', required: true, bufferBytes: 0, publisher }],
    clock,
    log,
    hash: sha256Hex,
    random: Math.random,
    metrics: processorMetrics(new Metrics()),
    settings: defaultProcessorSettings,
  });
}
