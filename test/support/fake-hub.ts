import type { EventDataBatch } from '@azure/event-hubs';
import type { Producer } from '../../libs/outputs/src/event-hubs/producer.ts';

interface Sent {
  readonly partition: string;
  readonly ids: readonly string[];
}

/** A hub as the SDK's producers show it: answers at once, or when it is told to. */
export class FakeHub {
  partitions = ['0', '1', '2', '3'];
  /** Events in a batch, at most; a body that holds "huge" fits into none. */
  batchEvents = 1_000;
  readonly sent: Sent[] = [];
  readonly failures: (Error | undefined)[] = [];
  readonly readFailures: Error[] = [];
  opened = 0;
  closed = 0;
  mostInFlight = 0;
  /** While set, sends and the creation of batches wait for it. */
  heldSends: Promise<void> | undefined;
  heldBatches: Promise<void> | undefined;
  readonly #inFlight = new Map<string, number>();

  open(): Producer {
    this.opened += 1;
    return {
      getPartitionIds: async () => {
        const failure = this.readFailures.shift();
        if (failure !== undefined) throw failure;
        return [...this.partitions];
      },
      createBatch: async ({ partitionId }) => {
        await this.heldBatches;
        return this.#batch(partitionId);
      },
      sendBatch: (batch) => this.#send(batch as unknown as FakeBatch),
      close: async () => {
        this.closed += 1;
      },
    };
  }

  #batch(partition: string): EventDataBatch {
    const batch = new FakeBatch(partition, this.batchEvents);
    return batch;
  }

  async #send({ partition, ids }: FakeBatch): Promise<void> {
    const inFlight = (this.#inFlight.get(partition) ?? 0) + 1;
    this.#inFlight.set(partition, inFlight);
    this.mostInFlight = Math.max(this.mostInFlight, inFlight);
    this.sent.push({ partition, ids });
    try {
      await this.heldSends;
      const failure = this.failures.shift();
      if (failure !== undefined) throw failure;
    } finally {
      this.#inFlight.set(partition, inFlight - 1);
    }
  }
}

class FakeBatch {
  readonly ids: string[] = [];
  readonly maxSizeInBytes = 1_000_000;
  readonly sizeInBytes = 0;
  readonly partition: string;
  readonly #most: number;

  constructor(partition: string, most: number) {
    this.partition = partition;
    this.#most = most;
  }

  get count(): number {
    return this.ids.length;
  }

  tryAdd({ body, properties }: { body: Buffer; properties: { messageId: string } }): boolean {
    if (this.count >= this.#most || body.toString().includes('huge')) return false;
    this.ids.push(properties.messageId);
    return true;
  }
}
