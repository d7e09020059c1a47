import { silentLog, type RoutedEvent } from '@dstream/core';
import { ManualClock } from '@dstream/memory/manual-clock';
import { Metrics } from '@dstream/runtime';
import { expect, test } from 'vitest';
import { routed } from '../../../test/support/processor-rig.ts';
import { OptionalOutput } from './optional-output.ts';
import { OutputGate } from './output-gate.ts';
import { OutputMonitor } from './output-monitor.ts';
import { processorMetrics } from './processor-metrics.ts';
import { defaultProcessorSettings } from './processor-parts.ts';
import { InMemoryTopic } from '@dstream/memory/topic';

test('a change that is offered in whichever turn its session runs empty is sent', async () => {
  for (let turns = 0; turns < 40; turns += 1) {
    const got: string[] = [];
    const { output, clock } = open(got);
    output.offer([routed(1)]);
    for (let turn = 0; turn < turns; turn += 1) await Promise.resolve();
    output.offer([routed(2)]);
    await clock.advance(0);
    expect([turns, got]).toEqual([turns, ['c1', 'c2']]);
    await output.finish();
  }
});

function open(got: string[]) {
  const clock = new ManualClock();
  const never = new AbortController().signal;
  const publisher = {
    connect: () => Promise.resolve(),
    publish: (events: readonly RoutedEvent[]) => {
      got.push(...events.map(({ event }) => event.metadata.id));
      return Promise.resolve();
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
  const metrics = processorMetrics(new Metrics());
  const target = { name: 'o', type: 'file', required: false, bufferBytes: 1_000, publisher };
  const parts = {
    instance: 'p',
    subscription: new InMemoryTopic({ clock }).subscription({ sessions: true, maxSessions: 1 }),
    source: 't/s',
    transforms: [],
    routing: { routes: [] },
    subscriptionName: 'dstream',
    outputs: [target],
    clock,
    log: silentLog,
    hash: (text: string) => text,
    random: () => 0.5,
    metrics,
    settings: defaultProcessorSettings,
  };
  const monitor = new OutputMonitor(target, { clock, log: silentLog, metrics: metrics.output('o') });
  const output = new OptionalOutput(new OutputGate(monitor, parts), parts);
  output.start({ draining: never, aborted: never });
  return { output, clock };
}
