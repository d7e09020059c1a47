/** Moves the changes of one partition: read → pack → send → checkpoint. Knows nothing of leases beyond its sender's and keeper's. */
import {
  asDStreamError,
  pack,
  type ChangeBatch,
  type ChangeSource,
  type Clock,
  type DStreamError,
  type EncodedChange,
  type Lease,
  type Log,
  type OutgoingMessage,
} from '@dstream/core';
import { prefetch, together, withAny } from '@dstream/async';
import type { ChangeSender } from './change-sender.ts';
import type { CheckpointKeeper } from './checkpoint-keeper.ts';
import type { IngesterMetrics } from './ingester-metrics.ts';
import type { IngesterSettings } from './ingester-parts.ts';
import type { PartitionMeter } from './partition-meter.ts';
import type { PartitionStatus } from './partition-status.ts';

export interface PartitionPumpOptions {
  readonly source: ChangeSource;
  readonly lease: Lease;
  readonly sender: ChangeSender;
  readonly checkpoint: CheckpointKeeper;
  readonly settings: IngesterSettings;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: IngesterMetrics;
  readonly meter: PartitionMeter;
  readonly status: PartitionStatus;
  /** Called for every batch that was read, sent and accepted: the partition works. */
  readonly working: () => void;
  /** Called with what stopped the partition, before what was accepted is saved: saving may fail for long. */
  readonly failed: (error: DStreamError) => void;
}

export class PartitionPump {
  readonly #options: PartitionPumpOptions;

  constructor(options: PartitionPumpOptions) {
    this.#options = options;
  }

  /**
   * Runs until `draining` aborts: then what was read is sent and saved, and it resolves. Rejects with what the
   * source, the sender or the checkpoint threw; everything accepted until then is remembered by the checkpoint.
   * `patience` aborts a while after `draining`: until then a checkpoint that cannot be saved is tried again. `hard`
   * stops at once.
   */
  async run(draining: AbortSignal, patience: AbortSignal, hard: AbortSignal): Promise<void> {
    const { checkpoint, sender } = this.#options;
    const after = await checkpoint.begin(hard);
    if (checkpoint.lastChange !== undefined) sender.resumeAfter(checkpoint.lastChange);
    if (after !== undefined && checkpoint.isNew) await checkpoint.save(hard, draining);
    this.#options.status.position = after?.position;
    this.#options.status.generation = checkpoint.generation;
    try {
      await this.#moveAndSave(after, draining, hard);
    } catch (caught) {
      const error = asDStreamError(caught);
      if (!hard.aborted) this.#options.failed(error);
      throw error;
    } finally {
      if (!hard.aborted) await checkpoint.save(hard, patience);
    }
  }

  #moveAndSave(
    after: ChangeBatch['end'] | undefined,
    draining: AbortSignal,
    hard: AbortSignal,
  ): Promise<void> {
    const moved = new AbortController();
    return together(hard, [
      (signal) => withAny([signal, moved.signal], (until) => this.#options.checkpoint.run(until)),
      (signal) => this.#move(after, draining, signal).finally(() => moved.abort()),
    ]);
  }

  async #move(
    after: ChangeBatch['end'] | undefined,
    draining: AbortSignal,
    hard: AbortSignal,
  ): Promise<void> {
    const { source, lease } = this.#options;
    // What stops the taking stops the reading too: the batch that was asked for ahead is not waited for.
    const failed = new AbortController();
    try {
      await withAny([draining, hard, failed.signal], async (signal) => {
        for await (const batch of prefetch(source.read(lease.partition, after, { signal }))) {
          await this.#take(batch, draining, hard).catch((error: unknown) => {
            failed.abort(error);
            throw error;
          });
          if (draining.aborted) return;
        }
      });
    } catch (error) {
      if (!draining.aborted || error !== draining.reason) throw error;
    }
  }

  async #take(batch: ChangeBatch, draining: AbortSignal, hard: AbortSignal): Promise<void> {
    const { checkpoint, meter, sender, status, working } = this.#options;
    const { changes, end } = batch;
    if (changes.length > 0) await this.#send(changes, draining, hard);
    else meter.accepted(0);
    if (batch.beginsGeneration === true) this.#beginGeneration();
    checkpoint.accepted(end, changes.length, changes.length > 0 ? sender.lastChange : undefined);
    working();
    status.position = end.position;
    if (checkpoint.isNew) await checkpoint.save(hard, draining);
  }

  #beginGeneration(): void {
    const { checkpoint, status } = this.#options;
    checkpoint.beginGeneration();
    status.generation = checkpoint.generation;
  }

  async #send(changes: readonly EncodedChange[], draining: AbortSignal, hard: AbortSignal): Promise<void> {
    const { sender, checkpoint, clock, log, meter, metrics } = this.#options;
    const unsent = sender.unsent(changes, checkpoint.generation);
    const messages = this.#pack(unsent);
    const [oldest] = unsent;
    if (oldest !== undefined) meter.waiting(committedAtMs(oldest));
    const startedMs = clock.monotonicMs();
    await sender.send(messages, hard, draining);
    const tookMs = clock.monotonicMs() - startedMs;
    metrics.replica.sent({ tookMs, changes: unsent.length, messages: messages.length });
    log.debug('sent batch', {
      changes: unsent.length,
      messages: messages.length,
      tookMs: Math.round(tookMs),
    });
    this.#record(unsent, messages);
  }

  #pack(changes: readonly EncodedChange[]): readonly OutgoingMessage[] {
    const { lease, checkpoint, sender, settings } = this.#options;
    const stamp = { generation: checkpoint.generation, epoch: lease.epoch };
    return pack(changes, stamp, {
      ordering: settings.ordering,
      maxBytes: settings.packMaxBytes,
      maxChanges: settings.packMaxChanges,
      hash: settings.hash,
      accepted: (sessionId) => sender.lastAccepted(sessionId),
    });
  }

  #record(changes: readonly EncodedChange[], messages: readonly OutgoingMessage[]): void {
    const { metrics, meter, status } = this.#options;
    meter.changesSent += changes.length;
    meter.gapsSkipped += changes.filter(({ operation }) => operation === 'gap').length;
    meter.messagesSent += messages.length;
    meter.bytesSent += messages.reduce((sum, message) => sum + message.bodyBytes, 0);
    status.sent(changes.length);
    const [oldest] = changes;
    const last = changes.at(-1);
    if (oldest === undefined || last === undefined) return;
    metrics.accepted(meter, this.#sinceCommit(oldest));
    meter.accepted(this.#sinceCommit(last));
  }

  #sinceCommit(change: EncodedChange): number {
    return Math.max(0, this.#options.clock.wallMs() - committedAtMs(change));
  }
}

function committedAtMs({ committedAt }: EncodedChange): number {
  return Date.parse(committedAt);
}
