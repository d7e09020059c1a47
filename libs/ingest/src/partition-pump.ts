import {
  pack,
  type ChangeBatch,
  type ChangeSource,
  type Clock,
  type EncodedChange,
  type Lease,
  type Log,
  type Ordering,
  type OutgoingMessage,
  type Hash,
  type ResumePoint,
} from '@dstream/core';
import { prefetch, runAll, withAny } from '@dstream/async';
import type { ChangeSender } from './change-sender.ts';
import type { CheckpointKeeper } from './checkpoint-keeper.ts';
import type { IngesterMetrics } from './ingester-metrics.ts';
import type { PartitionMeter } from './partition-meter.ts';

/** How changes are packed into messages. */
export interface PackSettings {
  readonly packMaxBytes: number;
  readonly packMaxChanges: number;
  readonly ordering: Ordering;
  readonly hash: Hash;
}

interface PartitionPumpOptions {
  readonly source: Pick<ChangeSource, 'read'>;
  readonly lease: Pick<Lease, 'partition' | 'epoch'>;
  readonly sender: ChangeSender;
  readonly checkpoint: CheckpointKeeper;
  readonly settings: PackSettings;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Pick<IngesterMetrics, 'sent'>;
  readonly meter: PartitionMeter;
  /** Called after every batch that was read and accepted, an empty one too. */
  readonly onProgress: () => void;
}

/** Reads, packs, sends and checkpoints the changes of one partition. Checks no lease itself: its sender and its checkpoints do. */
export class PartitionPump {
  readonly #options: PartitionPumpOptions;

  constructor(options: PartitionPumpOptions) {
    this.#options = options;
  }

  /**
   * Runs until `draining` aborts: then what was read is sent, and it resolves. Rejects with what the source, the sender or
   * the checkpoint threw. The checkpoint holds what was accepted until then: the caller saves it. `aborted` stops at once.
   */
  async run(draining: AbortSignal, aborted: AbortSignal): Promise<void> {
    const { checkpoint, meter, sender } = this.#options;
    const after = await checkpoint.begin(aborted);
    if (checkpoint.lastChange !== undefined) sender.resumeAfter(checkpoint.lastChange);
    if (after !== undefined && checkpoint.isNew) await checkpoint.save(aborted, draining);
    meter.position = after?.position;
    meter.generation = checkpoint.generation;
    const finished = new AbortController();
    await runAll(aborted, [
      (signal) => withAny([signal, finished.signal], (until) => checkpoint.run(until)),
      (signal) => this.#readAndSend(after, draining, signal).finally(() => finished.abort()),
    ]);
  }

  async #readAndSend(
    after: ResumePoint | undefined,
    draining: AbortSignal,
    aborted: AbortSignal,
  ): Promise<void> {
    const { source, lease } = this.#options;
    // A batch that fails stops the reading too: the batch that was prefetched is not waited for.
    const failed = new AbortController();
    try {
      await withAny([draining, aborted, failed.signal], async (signal) => {
        for await (const batch of prefetch(source.read(lease.partition, after, { signal }))) {
          await this.#processBatch(batch, draining, aborted).catch((error: unknown) => {
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

  async #processBatch(batch: ChangeBatch, draining: AbortSignal, aborted: AbortSignal): Promise<void> {
    const { checkpoint, meter, sender, onProgress } = this.#options;
    const { changes, end } = batch;
    if (changes.length > 0) await this.#send(changes, draining, aborted);
    else meter.nothingToSend();
    if (batch.beginsGeneration === true) checkpoint.beginGeneration();
    checkpoint.accepted(end, changes.length, changes.length > 0 ? sender.lastChange : undefined);
    onProgress();
    meter.position = end.position;
    meter.generation = checkpoint.generation;
    if (checkpoint.isNew) await checkpoint.save(aborted, draining);
  }

  async #send(changes: readonly EncodedChange[], draining: AbortSignal, aborted: AbortSignal): Promise<void> {
    const { sender, checkpoint, clock, log, meter, metrics } = this.#options;
    const unsent = sender.unsent(changes, checkpoint.generation);
    const messages = this.#pack(unsent);
    if (unsent[0] !== undefined) meter.sending(unsent[0]);
    const startedMs = clock.monotonicMs();
    await sender.send(messages, aborted, draining);
    const tookMs = clock.monotonicMs() - startedMs;
    metrics.sent(meter, { changes: unsent, messages, tookMs });
    log.debug('sent batch', {
      changes: unsent.length,
      messages: messages.length,
      tookMs: Math.round(tookMs),
    });
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
}
