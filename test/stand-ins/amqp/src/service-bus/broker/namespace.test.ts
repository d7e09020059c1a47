import { describe, expect, test } from 'vitest';
import type { Entities } from './entity-settings.ts';
import { ManualClock } from '../../protocol/manual-clock.ts';
import { Namespace } from './namespace.ts';
import { TopicEntity } from './send-target.ts';
import { payload } from './test-broker.ts';

function namespace(entities?: Entities) {
  const clock = new ManualClock();
  let tokens = 0;
  const newToken = () => {
    tokens += 1;
    return String(tokens).padStart(32, '0');
  };
  return { clock, namespace: new Namespace({ clock, entities, newToken }) };
}

const condition = (name: string) => expect.objectContaining({ condition: name });

const declared: Entities = {
  UserConfig: {
    Namespaces: [
      {
        Name: 'sbemulatorns',
        Queues: [{ Name: 'Orders', Properties: { RequiresSession: true, LockDuration: 'PT30S' } }],
        Topics: [
          {
            Name: 'ingest',
            Properties: { RequiresDuplicateDetection: true, DuplicateDetectionHistoryTimeWindow: 'PT20S' },
            Subscriptions: [
              { Name: 'dstream', Properties: { RequiresSession: true, MaxDeliveryCount: 1000 } },
              { Name: 'audit' },
            ],
          },
          { Name: 'nobody' },
        ],
      },
    ],
  },
};

describe('without declarations', () => {
  test('what is sent to becomes a topic with a subscription with sessions', () => {
    const { namespace: it } = namespace();
    it.sendTarget('Events').send([payload('m1', { sessionId: 's' })]);
    expect(it.receiveSource('events/subscriptions/DSTREAM', true).size).toBe(1);
    expect(it.receiveSource('events/Subscriptions/dstream', false).settings.requiresSession).toBe(true);
  });

  test('what is received from by a plain name becomes a queue, with sessions if they are asked for', () => {
    const { namespace: it } = namespace();
    expect(it.receiveSource('q1', false).settings.requiresSession).toBe(false);
    expect(it.receiveSource('q2', true).settings.requiresSession).toBe(true);
    it.sendTarget('Q1').send([payload('m1')]);
    expect(it.receiveSource('q1', false).size).toBe(1);
  });

  test('another subscription comes into being when it is received from', () => {
    const { namespace: it } = namespace();
    it.receiveSource('events/Subscriptions/audit', false);
    it.sendTarget('events').send([payload('m1', { sessionId: 's' })]);
    expect(it.receiveSource('events/Subscriptions/audit', false).size).toBe(1);
    expect(it.receiveSource('events/Subscriptions/dstream', true).size).toBe(1);
  });

  test('a topic gives no messages by itself', () => {
    const { namespace: it } = namespace();
    it.sendTarget('events');
    expect(() => it.receiveSource('events', false)).toThrow(condition('amqp:not-allowed'));
  });
});

describe('with declarations', () => {
  test('nothing else exists', () => {
    const { namespace: it } = namespace(declared);
    expect(() => it.sendTarget('other')).toThrow(condition('amqp:not-found'));
    expect(() => it.receiveSource('other', false)).toThrow(condition('amqp:not-found'));
    expect(() => it.receiveSource('ingest/Subscriptions/other', false)).toThrow(condition('amqp:not-found'));
    expect(() => it.receiveSource('Orders/Subscriptions/x', false)).toThrow(condition('amqp:not-found'));
  });

  test('properties become settings', () => {
    const { namespace: it } = namespace(declared);
    expect(it.receiveSource('orders', true).settings).toMatchObject({
      requiresSession: true,
      lockDurationMs: 30_000,
    });
    expect(it.receiveSource('ingest/Subscriptions/dstream', true).settings.maxDeliveryCount).toBe(1000);
    expect(it.sendTarget('ingest').settings.duplicateWindowMs).toBe(20_000);
  });

  test('a rule that would have no effect is an error', () => {
    const rules = { Name: 'filtered', Rules: [{ Name: 'r1' }] };
    const entities = { UserConfig: { Namespaces: [{ Topics: [{ Name: 't', Subscriptions: [rules] }] }] } };
    expect(() => namespace(entities)).toThrow('Subscriptions[0].Rules[0]: rules are not evaluated');
  });
});

describe('sending', () => {
  test('every subscription gets a copy of its own', () => {
    const { namespace: it } = namespace(declared);
    it.sendTarget('ingest').send([payload('m1', { sessionId: 's' })]);
    const sizes = ['dstream', 'audit'].map(
      (name) => it.receiveSource(`ingest/Subscriptions/${name}`, false).size,
    );
    expect(sizes).toEqual([1, 1]);
  });

  test('a topic without a subscription takes and forgets', () => {
    const { namespace: it } = namespace(declared);
    const topic = it.sendTarget('nobody');
    topic.send([payload('m1')]);
    expect(topic).toBeInstanceOf(TopicEntity);
  });

  test('a repeated message id within the window is taken and dropped', () => {
    const { clock, namespace: it } = namespace(declared);
    const topic = it.sendTarget('ingest');
    topic.send([payload('m1', { sessionId: 's' }), payload('m1', { sessionId: 's' })]);
    expect(it.receiveSource('ingest/Subscriptions/audit', false).size).toBe(1);
    clock.advance(20_000);
    topic.send([payload('m1', { sessionId: 's' })]);
    expect(it.receiveSource('ingest/Subscriptions/audit', false).size).toBe(2);
  });

  test('a queue with sessions refuses a message without one, a subscription dead-letters it', () => {
    const { namespace: it } = namespace(declared);
    expect(() => it.sendTarget('Orders').send([payload('m1')])).toThrow(condition('amqp:not-allowed'));
    it.sendTarget('ingest').send([payload('m1')]);
    const dead = it.receiveSource('ingest/Subscriptions/dstream/$DeadLetterQueue', false).peek(0, 1);
    expect(dead[0]?.changes).toMatchObject({ DeadLetterReason: 'Session ID is null' });
  });

  test('an entity at its quota refuses', () => {
    const { namespace: it } = namespace(declared);
    it.sendTarget('ingest').full = true;
    expect(() => it.sendTarget('ingest').send([payload('m1')])).toThrow(
      condition('amqp:resource-limit-exceeded'),
    );
  });

  test('nothing can be sent to a subscription or to dead letters', () => {
    const { namespace: it } = namespace(declared);
    expect(() => it.sendTarget('ingest/Subscriptions/audit')).toThrow(condition('amqp:not-allowed'));
    expect(() => it.sendTarget('Orders/$DeadLetterQueue')).toThrow(condition('amqp:not-allowed'));
  });
});

describe('scheduling', () => {
  const later = (clock: ManualClock) => ({ scheduledAtMs: clock.nowMs() + 1000 });

  test('a scheduled message arrives at its time with a new sequence number', () => {
    const { clock, namespace: it } = namespace();
    const queue = it.receiveSource('q', false);
    const [first] = it.sendTarget('q').sendLater([payload('m1', later(clock))]);
    it.sendTarget('q').send([payload('m2')]);
    clock.advance(1000);
    expect(first).toBe(1);
    expect(queue.peek(0, 9).map((m) => [m.sequence, m.payload.messageId])).toEqual([
      [2, 'm2'],
      [3, 'm1'],
    ]);
  });

  test('a message sent with a time to come is scheduled too', () => {
    const { clock, namespace: it } = namespace();
    const queue = it.receiveSource('q', false);
    it.sendTarget('q').send([payload('m1', later(clock))]);
    expect(queue.size).toBe(0);
    clock.advance(1000);
    expect(queue.size).toBe(1);
  });

  test('scheduled messages are looked at for duplicates when they are scheduled, and so are those after them', () => {
    const { clock, namespace: it } = namespace(declared);
    const audit = it.receiveSource('ingest/Subscriptions/audit', false);
    const topic = it.sendTarget('ingest');
    topic.send([payload('sent')]);
    const numbers = topic.sendLater([
      payload('sent', later(clock)),
      payload('later', later(clock)),
      payload('later', later(clock)),
    ]);
    topic.send([payload('later')]);
    expect(new Set(numbers).size).toBe(3);
    expect(topic.schedule.size).toBe(1);
    clock.advance(1000);
    expect(audit.peek(0, 9).map((m) => m.payload.messageId)).toEqual(['sent', 'later']);
    clock.advance(20_000);
    topic.send([payload('later')]);
    expect(audit.size).toBe(3);
  });

  test('a message that is too large cannot be scheduled, nor what is scheduled with it', () => {
    const { clock, namespace: it } = namespace(declared);
    const large = { ...payload('large', later(clock)), bytes: 300_000 };
    const target = it.sendTarget('nobody');
    expect(() => target.sendLater([payload('small', later(clock)), large])).toThrow(
      condition('amqp:link:message-size-exceeded'),
    );
    expect(target.schedule.size).toBe(0);
  });

  test('a cancelled message does not arrive, and cannot be cancelled again', () => {
    const { clock, namespace: it } = namespace();
    const queue = it.receiveSource('q', false);
    const { schedule } = it.sendTarget('q');
    const numbers = it.sendTarget('q').sendLater([payload('m1', later(clock))]);
    schedule.cancel(numbers);
    clock.advance(1000);
    expect(queue.size).toBe(0);
    expect(() => schedule.cancel(numbers)).toThrow(condition('com.microsoft:message-not-found'));
  });

  test('closing leaves no timer', () => {
    const { clock, namespace: it } = namespace();
    it.sendTarget('q').sendLater([payload('m1', later(clock))]);
    expect(clock.pending).toBe(1);
    it.close();
    expect(clock.pending).toBe(0);
  });
});
