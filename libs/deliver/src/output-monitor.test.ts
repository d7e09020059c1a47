import { DStreamError, silentLog, type Log, type LogFields } from '@dstream/core';
import { ManualClock } from '@dstream/memory/manual-clock';
import { Metrics } from '@dstream/runtime';
import { expect, test } from 'vitest';
import { aChange } from '../../../test/support/a-change.ts';
import { OutputMonitor } from './output-monitor.ts';
import { processorMetrics } from './processor-metrics.ts';

function setup() {
  const clock = new ManualClock();
  const said: string[] = [];
  const say = (sentence: string, fields?: LogFields) =>
    void said.push(
      [sentence, ...(typeof fields?.['reason'] === 'string' ? [fields['reason']] : [])].join(': '),
    );
  const log: Log = { ...silentLog, error: say, info: say };
  const output = { name: 'o', type: 'file', required: true, bufferBytes: 1 };
  const publisher = {
    connect: () => Promise.resolve(),
    publish: () => Promise.resolve(),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
  const metrics = new Metrics();
  const monitor = new OutputMonitor(
    { ...output, publisher },
    { clock, log, metrics: processorMetrics(metrics).output('o') },
  );
  monitor.connecting.succeeded();
  return { clock, said, monitor, metrics };
}

const error = (message: string) => new DStreamError('Unreachable', message);

test('an outage lasts until no session fails, however many succeed meanwhile, and names each cause once', () => {
  const { said, monitor } = setup();
  const [a, b, c] = [{}, {}, {}];
  for (let attempt = 0; attempt < 3; attempt += 1) {
    monitor.failed(a, error('topic a is gone'));
    monitor.failed(b, error('topic b is gone'));
    monitor.succeeded(c, [], 0);
  }
  monitor.succeeded(a, [], 0);
  expect(monitor.report().state).toBe('failing');
  monitor.succeeded(b, [], 0);
  expect(monitor.report()).toMatchObject({ state: 'working', failing: null, failedAttempts: 6 });
  expect(said).toEqual([
    'connected',
    'publishing to o failed; retrying: topic a is gone',
    'publishing to o failed; retrying: topic b is gone',
    'publishing to o recovered',
  ]);
});

test('a session that went away while it failed does not keep the outage going', () => {
  const { monitor } = setup();
  const [gone, other] = [{}, {}];
  monitor.failed(gone, error('away'));
  monitor.forget(gone);
  expect(monitor.report().state).toBe('failing');
  monitor.succeeded(other, [], 0);
  expect(monitor.report().state).toBe('working');
});

test('says since when it fails, by the wall clock, and how late its newest change was', async () => {
  const { clock, monitor } = setup();
  monitor.failed({}, error('away'));
  await clock.advance(90_000);
  monitor.failed({}, error('still away'));
  monitor.accepted([{ event: aChange(1), line: Buffer.of(), orderingKey: '' }]);
  expect(monitor.report()).toMatchObject({
    failing: { since: '2026-11-20T00:00:00.000Z', code: 'Unreachable', reason: 'still away' },
    latencySeconds: 90,
  });
});

test('a replayed change is delivered, but its age says nothing of how late the output is', async () => {
  const { clock, monitor, metrics } = setup();
  const routed = (n: number, metadata = {}) => ({
    event: aChange(n, metadata),
    line: Buffer.of(),
    orderingKey: '',
  });
  await clock.advance(90_000);
  monitor.accepted([routed(1, { replay: 1 })]);
  expect(monitor.report()).toMatchObject({ delivered: 1, latencySeconds: null });
  monitor.accepted([routed(2, { committedAt: '2026-11-20T00:01:20.000Z' }), routed(3, { replay: 2 })]);
  monitor.accepted([routed(4, { replay: 1 })]);
  expect(monitor.report()).toMatchObject({ delivered: 4, latencySeconds: 10 });
  expect(await metrics.text()).toContain('dstream_delivery_latency_seconds_count{output="o"} 1\n');
});
