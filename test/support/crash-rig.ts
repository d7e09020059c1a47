/**
 * An ingester of one partition that can crash at any moment of reading, sending and saving: after the moment that was
 * chosen nothing that the replica does has an effect any more, as with `kill -9`. Source, topic and leases live on.
 */
import {
  byTable,
  silentLog,
  type ChangeSource,
  type Checkpoint,
  type IncomingMessage,
  type InstanceId,
  type Ordering,
  type OutgoingMessage,
  type PartitionId,
  type SendOptions,
  type Topic,
} from '@dstream/core';
import { InMemoryLeases } from '@dstream/memory/leases';
import { ManualClock } from '@dstream/memory/manual-clock';
import { InMemoryTopic } from '@dstream/memory/topic';
import { MissingMessagesDetector, type MissingMessages } from '../../libs/deliver/src/missing-messages.ts';
import { leaseDurationMs, sent, startReplica } from './ingester-rig.ts';

/** A send is of one session, `read` whatever the source makes of it, `told` the source's hearing of a save. */
export type Moment = 'read' | 'send begins' | 'sent' | 'save begins' | 'saved' | 'told';

/** Longer than a pass between two checkpoints, so that some moments lie between them. */
const sendMs = 400;

export interface CrashRigOptions {
  readonly partition: PartitionId;
  /** Everything is saved when the checkpoint has come so far. */
  readonly end: string;
  readonly clock?: ManualClock;
  readonly ordering?: Ordering;
}

export class CrashRig {
  readonly #options: Required<CrashRigOptions>;
  readonly #topic: InMemoryTopic;
  readonly #leases: InMemoryLeases;
  #replicas = 0;

  constructor(options: CrashRigOptions) {
    this.#options = { clock: new ManualClock(), ordering: byTable, ...options };
    const { clock } = this.#options;
    this.#topic = new InMemoryTopic({ clock });
    this.#topic.subscription();
    this.#leases = new InMemoryLeases({
      instance: 'store' as InstanceId,
      durationMs: leaseDurationMs,
      clock,
    });
  }

  get clock(): ManualClock {
    return this.#options.clock;
  }

  /** Ids in the order the broker has them. */
  get sent(): readonly string[] {
    return sent(this.#topic);
  }

  get messages(): readonly IncomingMessage[] {
    return this.#topic.messages();
  }

  /** What a processor that takes all messages in their order would report as missing. */
  get holes(): readonly MissingMessages[] {
    const sessions = Map.groupBy(this.messages, ({ sessionId }) => sessionId);
    return [...sessions.values()].flatMap((messages) => {
      const detector = new MissingMessagesDetector();
      const unread = { changes: [], newest: undefined };
      return messages.flatMap((message) => detector.before(message, unread) ?? []);
    });
  }

  checkpoint(): Promise<Checkpoint | undefined> {
    return this.#leases.load(this.#options.partition, { signal: new AbortController().signal });
  }

  async savedUpTo(): Promise<string | undefined> {
    return (await this.checkpoint())?.at.position;
  }

  /** Runs a replica until everything is saved, or until its moment `crashAt`, from 1. Gives its moments. */
  async run(source: (life: Life) => ChangeSource, crashAt = Infinity): Promise<readonly Moment[]> {
    const life = new Life(crashAt);
    const { clock, ordering } = this.#options;
    const world = { clock, source: source(life), topic: this.#watchedTopic(life), leases: this.#leases };
    this.#replicas += 1;
    const replica = startReplica(`r${this.#replicas}`, world, silentLog, ordering);
    const save = replica.store.save.bind(replica.store);
    replica.store.save = async (checkpoint, under, o) => {
      await life.moment('save begins', o.signal);
      await save(checkpoint, under, o);
      await life.moment('saved', o.signal);
    };
    const deadlineMs = clock.monotonicMs() + 10 * leaseDurationMs;
    while (!life.over && !(await this.#isAllSaved())) {
      if (clock.monotonicMs() > deadlineMs) throw new Error(`stuck after ${life.moments.length} moments`);
      await clock.advance(sendMs);
    }
    await replica.kill();
    return life.moments;
  }

  async #isAllSaved(): Promise<boolean> {
    return ((await this.savedUpTo()) ?? '') >= this.#options.end;
  }

  #watchedTopic(life: Life): Topic {
    const topic = this.#topic;
    return {
      connect: (o) => topic.connect(o),
      send: async (messages, o) => {
        for (const session of Map.groupBy(messages, ({ sessionId }) => sessionId).values())
          await this.#send(session, o, life);
      },
      [Symbol.asyncDispose]: () => Promise.resolve(),
    };
  }

  /** So that a crash leaves some sessions of a batch sent and others not. */
  async #send(messages: readonly OutgoingMessage[], o: SendOptions, life: Life): Promise<void> {
    await life.moment('send begins', o.signal);
    await this.clock.sleep(sendMs, o.signal);
    await life.lasts(o.signal);
    await this.#topic.send(messages, o);
    await life.moment('sent', o.signal);
  }
}

/** A replica's moments, and whether it is over. */
export class Life {
  readonly moments: Moment[] = [];
  readonly #crashAt: number;

  constructor(crashAt: number) {
    this.#crashAt = crashAt;
  }

  get over(): boolean {
    return this.moments.length >= this.#crashAt;
  }

  async moment(what: Moment, signal: AbortSignal): Promise<void> {
    this.note(what);
    await this.lasts(signal);
  }

  /** A moment of what does not wait. */
  note(what: Moment): void {
    if (!this.over) this.moments.push(what);
  }

  /** Goes on only in a replica that is not over. */
  async lasts(signal: AbortSignal): Promise<void> {
    if (this.over) await aborted(signal);
  }
}

/** What never comes back to a process that is gone. */
function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    else signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}
