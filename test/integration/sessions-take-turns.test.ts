/** A processor with far more sessions to serve than it may hold, on the stand-in. */
import { silentLog, type Publisher, type RoutedEvent } from '@dstream/core';
import { defaultProcessorSettings, Processor, processorMetrics, sessionsAhead } from '@dstream/deliver';
import { Metrics, sha256Hex } from '@dstream/runtime';
import { systemClock } from '@dstream/async';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { message } from '../support/processor-rig.ts';
import { openStandInBroker, type StandInBroker } from '../support/service-bus-broker.ts';
import { until } from '../support/until.ts';

const maxSessions = 4;
const hourMs = 3_600_000;
/** What comes after such a time never comes, as far as a test goes. */
const settings = {
  ...defaultProcessorSettings,
  maxSessions,
  idleMs: hourMs,
  maxHoldMs: hourMs,
  maxHoldOverLimitMs: hourMs,
};

let stack: AsyncDisposableStack;
let broker: StandInBroker;
let got: string[];
let draining: AbortController;

beforeEach(async () => {
  stack = new AsyncDisposableStack();
  broker = stack.use(await openStandInBroker());
  got = [];
  draining = new AbortController();
});
afterEach(() => stack.disposeAsync());

function run(): Promise<void> {
  const publisher: Publisher = {
    connect: () => Promise.resolve(),
    publish: async (events: readonly RoutedEvent[]) => {
      got.push(...events.map(({ event }) => event.metadata.id));
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
  const processor = new Processor({
    instance: 'p',
    subscription: stack.use(broker.subscription({ maxSessions: maxSessions + sessionsAhead(maxSessions) })),
    source: 't/s',
    transforms: [],
    routing: { routes: [] },
    subscriptionName: 'dstream',
    outputs: [{ name: 'out', type: 'console', required: true, bufferBytes: 0, publisher }],
    clock: systemClock,
    log: silentLog,
    hash: sha256Hex,
    random: Math.random,
    metrics: processorMetrics(new Metrics()),
    settings,
  });
  const running = processor.run({ draining: draining.signal, aborted: new AbortController().signal });
  stack.defer(() => {
    draining.abort(new Error('the test is over'));
    return running;
  });
  return running;
}

const send = async (numbers: readonly number[]) => {
  const signal = AbortSignal.timeout(20_000);
  await using topic = broker.topic();
  await Promise.all(numbers.map((n) => topic.send([message([n], `s/d/dbo.T/${n}`)], { signal })));
};
const arrived = (count: number) =>
  until(
    () => got.length >= count && broker.standIn.messages(broker.address()).length === 0,
    () => `${count} changes arrived and are settled; ${got.length} did`,
  );
const accepted = () => broker.standIn.counters().sessionsAccepted;

test('every session has its turn once, though none would go before an hour is over', async () => {
  const numbers = Array.from({ length: 200 }, (_, n) => n);
  await send(numbers);
  const running = run();
  await arrived(200);
  draining.abort(new Error('stopping'));
  await running;
  expect({ got: got.toSorted(), accepted: accepted() }).toEqual({
    got: numbers.map((n) => `c${n}`).toSorted(),
    accepted: 200,
  });
});
