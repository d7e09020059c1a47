import type { BrokerClock } from '../../protocol/broker-clock.ts';
import { entityNotFound } from '../../protocol/refusal.ts';
import { unknownPartition } from './refusals.ts';
import { partitionOfKey } from './partition-hash.ts';
import { PartitionLog } from './partition-log.ts';
import { PartitionReaders } from './partition-readers.ts';

export interface EventHubOptions {
  readonly name: string;
  readonly partitions: number;
  /** Beside `$Default`. When they are not given, a group comes into being when it is used. */
  readonly consumerGroups: readonly string[] | undefined;
  readonly retentionMs: number;
  readonly clock: BrokerClock;
}

const defaultGroup = '$default';

/** One hub: its partitions, and who reads them. */
export class EventHub {
  readonly name: string;
  readonly createdAtMs: number;
  readonly partitions: readonly PartitionLog[];
  readonly #groups: ReadonlySet<string> | undefined;
  readonly #readers = new Map<string, PartitionReaders>();
  #next = 0;

  constructor({ name, partitions, consumerGroups, retentionMs, clock }: EventHubOptions) {
    this.name = name;
    this.createdAtMs = clock.nowMs();
    this.partitions = Array.from(
      { length: partitions },
      (_, i) => new PartitionLog(String(i), clock, retentionMs),
    );
    if (consumerGroups !== undefined) {
      this.#groups = new Set([defaultGroup, ...consumerGroups.map((group) => group.toLowerCase())]);
    }
  }

  /** Throws out-of-range for one that is not there. */
  partition(id: string): PartitionLog {
    const partition = this.partitions.find((known) => known.id === id);
    if (partition === undefined) throw unknownPartition(this.partitions.length);
    return partition;
  }

  /** Events with a key go to its partition, others to the partitions in turn: a batch as a whole. */
  append(events: readonly Buffer[], partitionKey: string | undefined): void {
    const count = this.partitions.length;
    const number = partitionKey === undefined ? this.#next : partitionOfKey(partitionKey, count);
    if (partitionKey === undefined) this.#next = (this.#next + 1) % count;
    this.partition(String(number)).append(events, partitionKey);
  }

  /** Throws not-found for a group that is not there. Names of groups are compared without regard to case. */
  readers(group: string, partition: PartitionLog): PartitionReaders {
    const name = group.toLowerCase();
    if (this.#groups?.has(name) === false) throw entityNotFound(`${this.name}|${group}`);
    const key = `${name}/${partition.id}`;
    const known = this.#readers.get(key);
    if (known !== undefined) return known;
    const readers = new PartitionReaders();
    this.#readers.set(key, readers);
    return readers;
  }
}
