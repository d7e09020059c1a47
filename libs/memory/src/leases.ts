/**
 * Leases and checkpoints in memory, by the rules of leased blobs: a lease ends by the store's time, an expired one
 * can be renewed as long as nobody acquired it, a save needs a lease that has not expired.
 */
import {
  type AnnouncementId,
  type AnnounceOptions,
  assertNotBack,
  type CallOptions,
  type Checkpoint,
  type Clock,
  DStreamError,
  goodUntil,
  type HeldLease,
  type InstanceId,
  type Lease,
  leaseLost,
  type LeaseOverview,
  type Leases,
  type LeaseSnapshot,
  type LiveInstance,
  type PartitionId,
  partitionName,
  type Presence,
  progressOf,
  type StoredPartition,
} from '@dstream/core';

/** One replica of the store. */
export interface InMemoryLeasesOptions {
  readonly instance: InstanceId;
  readonly durationMs: number;
  /** This replica's clock. The wall time of the first replica's clock is the store's time, by which leases end. */
  readonly clock: Clock;
}

interface PartitionRecord {
  epoch: number;
  owner: InstanceId;
  announcement: AnnouncementId;
  /** Store time; 0 when released. */
  endsAtMs: number;
  checkpoint: Checkpoint | undefined;
  /** Wall clock of the replica that saved it. */
  savedAt: string | undefined;
}

/** What the replicas share. */
interface Shared {
  readonly clock: Clock;
  readonly partitions: Map<PartitionId, PartitionRecord>;
  /** Announced replicas, and until when by the store's time. */
  readonly announcements: Map<AnnouncementId, LiveInstance & { readonly endsAtMs: number }>;
  replicas: number;
  loseReplyToAcquire: boolean;
}

/** One replica's view of the leases. `replica` gives another replica's view of the same leases. */
export class InMemoryLeases implements Leases {
  readonly announcement: AnnouncementId;
  readonly #options: InMemoryLeasesOptions;
  readonly #shared: Shared;
  /** The newest proven end of each lease taken here, by partition and epoch: a save does not start past it. */
  readonly #goodUntil = new Map<string, number>();
  /** Epochs that this replica was granted without knowing, because the reply was lost. */
  readonly #unanswered = new Map<PartitionId, number>();

  constructor(options: InMemoryLeasesOptions, shared?: Shared) {
    this.#options = options;
    this.#shared = shared ?? {
      clock: options.clock,
      partitions: new Map(),
      announcements: new Map(),
      replicas: 0,
      loseReplyToAcquire: false,
    };
    this.#shared.replicas += 1;
    this.announcement = `${options.instance}-${this.#shared.replicas}` as AnnouncementId;
  }

  /** Another replica, with a clock of its own if that is to differ from the store's. */
  replica(instance: InstanceId, clock: Clock = this.#options.clock): InMemoryLeases {
    return new InMemoryLeases({ ...this.#options, instance, clock }, this.#shared);
  }

  async connect({ signal }: CallOptions): Promise<void> {
    signal.throwIfAborted();
  }

  async announce(instance: InstanceId, { signal, address }: AnnounceOptions): Promise<Presence> {
    signal.throwIfAborted();
    const { announcement } = this;
    return new InMemoryPresence({ instance, announcement, address }, this.#shared, this.#options.durationMs);
  }

  async list({ signal }: CallOptions): Promise<LeaseSnapshot> {
    signal.throwIfAborted();
    return {
      held: new Map([...this.#shared.partitions].filter(([, record]) => this.#isHeld(record)).map(heldLease)),
      instances: this.#live().map(({ instance, announcement }) => ({ instance, announcement })),
    };
  }

  async overview({ signal }: CallOptions): Promise<LeaseOverview> {
    signal.throwIfAborted();
    return {
      instances: this.#live(),
      partitions: [...this.#shared.partitions]
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([partition, record]) => stored(partition, record, this.#isHeld(record))),
    };
  }

  #live(): readonly LiveInstance[] {
    const { clock, announcements } = this.#shared;
    return [...announcements.values()]
      .filter(({ endsAtMs }) => endsAtMs > clock.wallMs())
      .map(({ instance, announcement, address }) => ({ instance, announcement, address }))
      .sort((a, b) => (a.announcement < b.announcement ? -1 : 1));
  }

  /** The reply that grants the next lease, to whichever replica, is lost. */
  loseReplyToAcquire(): void {
    this.#shared.loseReplyToAcquire = true;
  }

  async tryAcquire(partition: PartitionId, { signal }: CallOptions): Promise<Lease | undefined> {
    signal.throwIfAborted();
    const lease = this.#acquire(partition);
    if (lease === undefined || !this.#shared.loseReplyToAcquire) return lease;
    this.#shared.loseReplyToAcquire = false;
    this.#unanswered.set(partition, lease.epoch);
    throw new DStreamError('Unreachable', `the reply that grants ${partitionName(partition)} was lost`);
  }

  #acquire(partition: PartitionId): Lease | undefined {
    const record = this.#shared.partitions.get(partition);
    const unanswered = this.#unanswered.get(partition);
    this.#unanswered.delete(partition);
    const held = record !== undefined && this.#isHeld(record);
    if (held && record.epoch !== unanswered) return undefined;
    const epoch = held ? record.epoch : (record?.epoch ?? 0) + 1;
    this.#shared.partitions.set(partition, {
      epoch,
      owner: this.#options.instance,
      announcement: this.announcement,
      endsAtMs: this.#nextEnd(),
      checkpoint: record?.checkpoint,
      savedAt: record?.savedAt,
    });
    return this.#proven({ partition, epoch, acquiredAtMs: this.#shared.clock.wallMs() });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // There is nothing to close: leases that are held expire.
  }

  async renew(lease: Lease, { signal }: CallOptions): Promise<Lease> {
    signal.throwIfAborted();
    const record = this.#owned(lease);
    if (record.endsAtMs === 0) throw leaseLost(lease, 'it was released');
    record.endsAtMs = this.#nextEnd();
    return this.#proven(lease);
  }

  async release(lease: Lease, { signal }: CallOptions): Promise<boolean> {
    signal.throwIfAborted();
    this.#goodUntil.delete(keyOf(lease));
    const record = this.#shared.partitions.get(lease.partition);
    if (record?.epoch !== lease.epoch || !this.#isHeld(record)) return false;
    record.endsAtMs = 0;
    return true;
  }

  async load(partition: PartitionId, { signal }: CallOptions): Promise<Checkpoint | undefined> {
    signal.throwIfAborted();
    return this.#shared.partitions.get(partition)?.checkpoint;
  }

  async save(checkpoint: Checkpoint, under: Lease, { signal }: CallOptions): Promise<void> {
    signal.throwIfAborted();
    const record = this.#owned(under);
    if (this.#options.clock.monotonicMs() >= (this.#goodUntil.get(keyOf(under)) ?? 0))
      throw leaseLost(under, 'it was not renewed in time to save under it');
    if (!this.#isHeld(record)) throw leaseLost(under, 'it expired');
    assertNotBack(under.partition, record.checkpoint && progressOf(record.checkpoint), checkpoint);
    record.checkpoint = checkpoint;
    record.savedAt = new Date(this.#options.clock.wallMs()).toISOString();
  }

  #owned(lease: Lease): PartitionRecord {
    const record = this.#shared.partitions.get(lease.partition);
    if (record?.epoch !== lease.epoch) throw leaseLost(lease, `epoch ${record?.epoch ?? 0} owns it`);
    return record;
  }

  #isHeld(record: PartitionRecord): boolean {
    return record.endsAtMs > this.#shared.clock.wallMs();
  }

  #nextEnd(): number {
    return this.#shared.clock.wallMs() + this.#options.durationMs;
  }

  #proven(lease: Omit<Lease, 'goodUntilMs'>): Lease {
    const { partition, epoch, acquiredAtMs } = lease;
    const goodUntilMs = goodUntil(this.#options.clock.monotonicMs(), this.#options.durationMs);
    this.#goodUntil.set(keyOf(lease), goodUntilMs);
    return { partition, epoch, acquiredAtMs, goodUntilMs };
  }
}

class InMemoryPresence implements Presence {
  readonly #live: LiveInstance;
  readonly #shared: Shared;
  readonly #durationMs: number;
  #ended = false;

  constructor(live: LiveInstance, shared: Shared, durationMs: number) {
    this.#live = live;
    this.#shared = shared;
    this.#durationMs = durationMs;
    this.#extend();
  }

  get instance(): InstanceId {
    return this.#live.instance;
  }

  async renew({ signal }: CallOptions): Promise<void> {
    signal.throwIfAborted();
    if (this.#ended)
      throw new DStreamError('Unexpected', `the announcement of ${this.instance} was withdrawn`);
    this.#extend();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ended = true;
    this.#shared.announcements.delete(this.#live.announcement);
  }

  #extend(): void {
    const endsAtMs = this.#shared.clock.wallMs() + this.#durationMs;
    this.#shared.announcements.set(this.#live.announcement, { ...this.#live, endsAtMs });
  }
}

const keyOf = ({ partition, epoch }: Pick<Lease, 'partition' | 'epoch'>) => `${partition}#${epoch}`;

const heldLease = ([partition, { owner, announcement, epoch }]: [PartitionId, PartitionRecord]): [
  PartitionId,
  HeldLease,
] => [partition, { owner, announcement, epoch, endless: false }];

function stored(partition: PartitionId, record: PartitionRecord, held: boolean): StoredPartition {
  const { owner, announcement, epoch, checkpoint, savedAt } = record;
  return {
    partition,
    owner: held ? owner : undefined,
    announcement: held ? announcement : undefined,
    endless: false,
    epoch,
    checkpoint: checkpoint && {
      position: checkpoint.at.position,
      generation: checkpoint.generation,
      savedAt,
    },
    problem: undefined,
  };
}
