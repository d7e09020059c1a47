/** Builders for the tests of the broker: a queue on a clock that stands still, and consumers that keep what they get. */
import type { Consumer, SessionHolder } from './consumer.ts';
import { Deadlines } from './deadlines.ts';
import { ManualClock } from '../../protocol/manual-clock.ts';
import { MessageQueue } from './message-queue.ts';
import type { Payload } from '../wire/payload.ts';
import { defaultQueueSettings, type QueueSettings } from './queue-settings.ts';
import type { SessionWaiter } from './session-table.ts';
import type { SessionHold } from './session.ts';
import type { StoredMessage } from './stored-message.ts';
import type { Refusal } from '../../protocol/refusal.ts';

const empty = Buffer.alloc(0);

export function payload(messageId: string, fields: Partial<Payload> = {}): Payload {
  return {
    messageId,
    sessionId: undefined,
    ttlMs: undefined,
    scheduledAtMs: undefined,
    bytes: 1,
    encoded: {
      header: { durable: false, priority: undefined, ttlMs: undefined },
      annotations: [],
      bare: empty,
      applicationStart: 0,
      applicationEnd: 0,
    },
    ...fields,
  };
}

export class TestConsumer implements Consumer {
  readonly mode: Consumer['mode'];
  readonly got: StoredMessage[] = [];
  credit: number;

  constructor(credit = Infinity, mode: Consumer['mode'] = 'peek-lock') {
    this.credit = credit;
    this.mode = mode;
  }

  get ids(): string[] {
    return this.got.map((message) => message.payload.messageId);
  }

  capacity(): number {
    return this.credit;
  }

  deliver(message: StoredMessage): void {
    this.credit -= 1;
    this.got.push(message);
  }

  /** Forgets what it got and gives credit. */
  refill(credit: number): void {
    this.got.length = 0;
    this.credit = credit;
  }
}

export class TestHolder implements SessionHolder {
  readonly name: string;
  lost = 0;

  constructor(name: string) {
    this.name = name;
  }

  sessionLost(): void {
    this.lost += 1;
  }
}

export class TestWaiter implements SessionWaiter {
  readonly holder: TestHolder;
  hold: SessionHold | undefined;
  refusal: Refusal | undefined;

  constructor(name: string) {
    this.holder = new TestHolder(name);
  }

  accepted(hold: SessionHold): void {
    this.hold = hold;
  }

  refused(refusal: Refusal): void {
    this.refusal = refusal;
  }
}

export function testQueue(settings: Partial<QueueSettings> = {}) {
  const clock = new ManualClock();
  const deadlines = new Deadlines(clock);
  let tokens = 0;
  const common = {
    deadlines,
    nowMs: () => clock.nowMs(),
    newToken: () => {
      tokens += 1;
      return String(tokens).padStart(32, '0');
    },
  };
  const all = { ...defaultQueueSettings, ...settings };
  const dead = { ...all, requiresSession: false, defaultTtlMs: Infinity };
  const deadLetters = new MessageQueue({
    ...common,
    path: 'q/$DeadLetterQueue',
    settings: dead,
    deadLetters: undefined,
  });
  const queue = new MessageQueue({ ...common, path: 'q', settings: all, deadLetters });
  return { clock, deadlines, queue, deadLetters };
}

/** Token of the lock on a message; a test that asks for one that is not there fails. */
export function tokenOf(message: StoredMessage | undefined): string {
  if (message?.lock === undefined) throw new Error('the message is not locked');
  return message.lock.token;
}
