/** A processor of which one output is not available, with many more sessions for it than it may work on, on the stand-in. */
import { DStreamError, silentLog, type Publisher, type RoutedEvent, type StampedEvent } from '@dstream/core';
import { systemClock } from '@dstream/async';
import { defaultProcessorSettings, Processor, processorMetrics, sessionsAhead } from '@dstream/deliver';
import { Metrics, sha256Hex } from '@dstream/runtime';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { message } from '../support/processor-rig.ts';
import { openStandInBroker, type StandInBroker } from '../support/service-bus-broker.ts';
import { until } from '../support/until.ts';

const maxSessions = 4;
const firstOfB = 1_000;
const isForB = ({ metadata: { id } }: StampedEvent) => Number(id.slice(1)) >= firstOfB;
const count = (numbers: number) => Array.from({ length: numbers }, (_, n) => n);

let stack: AsyncDisposableStack;
let broker: StandInBroker;
/** What the outputs have. */
let got: Record<'a' | 'b', string[]>;
let isAway: boolean;
let attempts: number;
let processor: Processor;

beforeEach(async () => {
  stack = new AsyncDisposableStack();
  broker = stack.use(await openStandInBroker());
  got = { a: [], b: [] };
  isAway = true;
  attempts = 0;
});
afterEach(() => stack.disposeAsync());

function output(name: 'a' | 'b') {
  const publisher: Publisher = {
    connect: () => Promise.resolve(),
    publish: async (events: readonly RoutedEvent[]) => {
      if (name === 'b') attempts += 1;
      if (name === 'b' && isAway) throw new DStreamError('Unreachable', 'nobody answers');
      got[name].push(...events.map(({ event }) => event.metadata.id));
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
  return { name, type: 'console', required: true, bufferBytes: 0, publisher };
}

function run(): void {
  const draining = new AbortController();
  processor = new Processor({
    instance: 'p',
    subscription: stack.use(broker.subscription({ maxSessions: maxSessions + sessionsAhead(maxSessions) })),
    source: 't/s',
    subscriptionName: 's',
    transforms: [],
    routing: {
      routes: [
        { name: 'b', match: {}, when: isForB, outputs: ['b'] },
        { name: 'a', match: {}, when: (event) => !isForB(event), outputs: ['a'] },
      ],
    },
    outputs: [output('a'), output('b')],
    clock: systemClock,
    log: silentLog,
    hash: sha256Hex,
    random: Math.random,
    metrics: processorMetrics(new Metrics()),
    settings: { ...defaultProcessorSettings, maxSessions },
  });
  const running = processor.run({ draining: draining.signal, aborted: new AbortController().signal });
  stack.defer(() => {
    draining.abort(new Error('the test is over'));
    return running;
  });
}

/** One message after the other for each session. */
async function send(numbers: readonly (readonly number[])[], firstBucket: number): Promise<void> {
  const signal = AbortSignal.timeout(20_000);
  await using topic = broker.topic();
  const sends = numbers.map((own, bucket) =>
    topic.send(
      own.map((n) => message([n], `s/d/dbo.T/${firstBucket + bucket}`)),
      { signal },
    ),
  );
  await Promise.all(sends);
}

test('a hundred sessions wait for an output; those for another one have their turn meanwhile, and all is delivered in order at the end', async () => {
  const forB = count(100).map((bucket) => count(3).map((n) => firstOfB + bucket * 10 + n));
  await send(forB, 500);
  run();
  await until(
    () => processor.report().waitingSessions === 100,
    () => `100 sessions wait; ${processor.report().waitingSessions} do`,
    60_000,
  );
  const triedBefore = attempts;
  for (const round of count(3)) {
    await send(
      count(20).map(() => [round]),
      0,
    );
    await until(
      () => got.a.length === 20 * (round + 1),
      () => `20 changes of round ${round} arrive; ${got.a.length} are there`,
      60_000,
    );
  }
  expect(attempts - triedBefore).toBeLessThan(100);
  expect(got.b).toEqual([]);
  isAway = false;
  await until(
    () => broker.standIn.messages(broker.address()).length === 0,
    () => `all is settled; ${broker.standIn.messages(broker.address()).length} messages are left`,
    60_000,
  );
  for (const own of forB) {
    const ids = own.map((n) => `c${n}`);
    expect(got.b.filter((id) => ids.includes(id))).toEqual(ids);
  }
  expect(await broker.deadLetters()).toEqual([]);
}, 120_000);
